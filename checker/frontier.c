#include "checker/frontier.h"

#include "base/check.h"
#include "checker/configs.h"
#include "checker/kept_op.h"

#include <stdlib.h>

/* The letters (R, H, S, D, I) are those of checker/jit.c and docs/checker.md. */

enum { STRINGS_BYTES_MIN = 32 * 1024, WORD_BITS = 64 };

/* An operation that has been called and not returned. */
struct open_op {
    struct kept_op *kept; /* NULL: the slot is free */
    struct model_op op;
    uint64_t return_seq;
    uint32_t class; /* equal operations have equal ones, below n_slots */
    bool observes;
    bool hides;
};

struct pending_class {
    struct kept_op *kept;
    struct model_op op;
    uint32_t n;
};

struct frontier {
    const struct model *model;
    struct model_env env;
    size_t strings_bytes_max; /* when they are written anew, without what nobody refers to */

    struct open_op *slots;
    uint32_t n_slots;
    uint64_t *open;  /* bits as in a configuration: slots that are taken... */
    uint64_t *blind; /* ...by operations that are legal in every state */
    struct pending_class *pending;
    uint32_t n_pending;
    size_t kept_bytes;

    struct configs now;  /* that wait for the next return */
    struct configs next; /* that wait for the one after it */
    struct config at;    /* the one that is expanded */
    struct config to;    /* one that it leads to */

    uint32_t *best; /* of each class of open operations, not free and free: slot + 1 */
    uint64_t n_visited;
};

/* --- beginning and end ---------------------------------------------------------------------- */

static struct config_shape shape_of(const struct frontier *f)
{
    return f->now.shape;
}

static int begin(struct frontier *f)
{
    struct config_shape none = {0};
    int rc = strings_create(&f->env.strings);

    if (rc == 0)
        rc = configs_init(&f->now, none);
    if (rc == 0)
        rc = configs_init(&f->next, none);
    if (rc == 0)
        rc = config_init(&f->at, none);
    if (rc == 0)
        rc = config_init(&f->to, none);
    if (rc == 0)
        rc = f->model->initial(&f->env, &f->at.state);
    if (rc == 0)
        rc = configs_add(&f->now, &f->at, NULL);
    return rc < 0 ? rc : 0;
}

int frontier_create(const struct model *m, const struct history_header *header,
                    struct frontier **ret)
{
    struct frontier *f = calloc(1, sizeof *f);
    int rc;

    if (f == NULL)
        return -E_NOMEM;
    f->model = m;
    f->env = (struct model_env){.dialect = header->dialect, .header = header, .n_keys = 1};
    f->strings_bytes_max = STRINGS_BYTES_MIN;
    rc = begin(f);
    if (rc < 0) {
        frontier_destroy(f);
        return rc;
    }
    *ret = f;
    return 0;
}

void frontier_destroy(struct frontier *f)
{
    if (f == NULL)
        return;
    for (uint32_t i = 0; i < f->n_slots; i++)
        kept_op_destroy(f->slots[i].kept);
    for (uint32_t i = 0; i < f->n_pending; i++)
        kept_op_destroy(f->pending[i].kept);
    strings_destroy(f->env.strings);
    configs_free(&f->now);
    configs_free(&f->next);
    config_free(&f->at);
    config_free(&f->to);
    free(f->slots);
    free(f->open);
    free(f->blind);
    free(f->pending);
    free(f->best);
    free(f);
}

struct frontier_size frontier_size(const struct frontier *f)
{
    return (struct frontier_size){
        .n_configs = f->now.n,
        .n_visited = f->n_visited,
        .bytes = sizeof *f + strings_memory_bytes(f->env.strings) + configs_memory_bytes(&f->now) +
                 configs_memory_bytes(&f->next) + f->kept_bytes + f->n_slots * sizeof *f->slots +
                 f->n_pending * sizeof *f->pending};
}

static int check_bounds(const struct frontier *f)
{
    return f->now.n + f->next.n > FRONTIER_CONFIGS_MAX ||
                   frontier_size(f).bytes > FRONTIER_BYTES_MAX
               ? -E_LIMIT
               : 0;
}

/* --- shape ---------------------------------------------------------------------------------- */

static bool has_bit(const uint64_t *bits, uint32_t slot)
{
    return (bits[slot / WORD_BITS] >> slot % WORD_BITS & 1) != 0;
}

static void set_bit(uint64_t *bits, uint32_t slot, bool value)
{
    uint64_t bit = UINT64_C(1) << slot % WORD_BITS;

    bits[slot / WORD_BITS] = value ? bits[slot / WORD_BITS] | bit : bits[slot / WORD_BITS] & ~bit;
}

/* The first slot from there on whose operation is open and not done; NULL: done or not. n_slots
 * when there is none. */
static uint32_t next_open(const struct frontier *f, const uint64_t *done, uint32_t from)
{
    for (uint32_t word = from / WORD_BITS; word < shape_of(f).window_words; word++) {
        uint64_t bits = done == NULL ? f->open[word] : f->open[word] & ~done[word];

        if (word == from / WORD_BITS)
            bits &= UINT64_MAX << from % WORD_BITS;
        if (bits != 0)
            return word * WORD_BITS + (uint32_t)__builtin_ctzll(bits);
    }
    return f->n_slots;
}

/* Where states come from and go to when the frontier is written anew. */
struct carrier {
    const struct model *model;
    const struct model_env *from;
    const struct model_env *to; /* the same: they stay */
};

static int carry(const struct carrier *c, uint32_t state, uint32_t *ret)
{
    struct buf bytes = {0};
    int rc;

    *ret = state;
    if (c->from == c->to || state <= STRING_EMPTY)
        return 0;
    if (c->model->carry != NULL)
        return c->model->carry(c->from, state, c->to, ret);
    rc = strings_bytes(c->from->strings, state, &bytes);
    if (rc == 0)
        rc = strings_copy(c->to->strings, buf_slice(&bytes), ret);
    buf_free(&bytes);
    return rc;
}

/* The rows of `now` with that shape in `ret`. */
static int rewrite(struct frontier *f, const struct carrier *c, struct configs *ret)
{
    struct config row;
    int rc = config_init(&row, ret->shape);

    for (size_t i = 0; rc >= 0 && i < f->now.n; i++) {
        configs_get(&f->now, i, &row);
        rc = carry(c, row.state, &row.state);
        row.before = CONFIG_NO_BEFORE;
        if (rc == 0)
            rc = configs_add(ret, &row, f->blind);
    }
    config_free(&row);
    return rc < 0 ? rc : 0;
}

/* Writes `now` anew; `next` is empty. On failure nothing has changed. */
static int renew(struct frontier *f, struct config_shape shape, const struct carrier *c)
{
    struct configs now = {0};
    struct configs next = {0};
    struct config at = {0};
    struct config to = {0};
    int rc = configs_init(&now, shape);

    if (rc == 0)
        rc = configs_init(&next, shape);
    if (rc == 0)
        rc = config_init(&at, shape);
    if (rc == 0)
        rc = config_init(&to, shape);
    if (rc == 0)
        rc = rewrite(f, c, &now);
    configs_free(rc == 0 ? &f->now : &now);
    configs_free(rc == 0 ? &f->next : &next);
    config_free(rc == 0 ? &f->at : &at);
    config_free(rc == 0 ? &f->to : &to);
    if (rc < 0)
        return rc;
    f->now = now;
    f->next = next;
    f->at = at;
    f->to = to;
    return 0;
}

static int widen(struct frontier *f, struct config_shape shape)
{
    struct carrier stay = {.model = f->model, .from = &f->env, .to = &f->env};

    return renew(f, shape, &stay);
}

/* --- strings -------------------------------------------------------------------------------- */

static int remake_ops(struct frontier *f, const struct model_env *env)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < f->n_slots; i++) {
        if (f->slots[i].kept != NULL)
            rc = kept_op_make(f->slots[i].kept, f->model, env, &f->slots[i].op);
    }
    for (uint32_t i = 0; rc == 0 && i < f->n_pending; i++)
        rc = kept_op_make(f->pending[i].kept, f->model, env, &f->pending[i].op);
    return rc;
}

/* Values and states that came and went stay in the table of strings. When it has grown to twice of
 * what was left the last time, what is referred to moves to a new one. On failure the frontier is
 * lost. */
static int collect_strings(struct frontier *f)
{
    struct model_env fresh = f->env;
    struct carrier move = {.model = f->model, .from = &f->env, .to = &fresh};
    int rc;

    if (strings_memory_bytes(f->env.strings) <= f->strings_bytes_max)
        return 0;
    rc = strings_create(&fresh.strings);
    if (rc < 0)
        return rc;
    rc = renew(f, shape_of(f), &move);
    if (rc == 0)
        rc = remake_ops(f, &fresh);
    strings_destroy(f->env.strings);
    f->env.strings = fresh.strings;
    f->strings_bytes_max = 2 * strings_memory_bytes(f->env.strings);
    if (f->strings_bytes_max < STRINGS_BYTES_MIN)
        f->strings_bytes_max = STRINGS_BYTES_MIN;
    return rc;
}

/* --- calls ---------------------------------------------------------------------------------- */

static int add_slots(struct frontier *f)
{
    struct config_shape shape = shape_of(f);
    uint32_t n = f->n_slots + WORD_BITS;
    struct open_op *slots;
    uint64_t *open;
    uint64_t *blind;
    uint32_t *best;

    if (n > FRONTIER_OPEN_MAX)
        return -E_LIMIT;
    slots = reallocarray(f->slots, n, sizeof *slots);
    f->slots = slots != NULL ? slots : f->slots;
    open = reallocarray(f->open, n / WORD_BITS, sizeof *open);
    f->open = open != NULL ? open : f->open;
    blind = reallocarray(f->blind, n / WORD_BITS, sizeof *blind);
    f->blind = blind != NULL ? blind : f->blind;
    best = reallocarray(f->best, 2 * (size_t)n, sizeof *best);
    f->best = best != NULL ? best : f->best;
    if (slots == NULL || open == NULL || blind == NULL || best == NULL)
        return -E_NOMEM;
    memset(slots + f->n_slots, 0, WORD_BITS * sizeof *slots);
    open[shape.window_words] = 0;
    blind[shape.window_words++] = 0;
    f->n_slots = n;
    return widen(f, shape);
}

static uint32_t free_slot(const struct frontier *f)
{
    for (uint32_t word = 0; word < shape_of(f).window_words; word++) {
        if (~f->open[word] != 0)
            return word * WORD_BITS + (uint32_t)__builtin_ctzll(~f->open[word]);
    }
    return f->n_slots;
}

static bool is_class_taken(const struct frontier *f, uint32_t class)
{
    for (uint32_t i = next_open(f, NULL, 0); i < f->n_slots; i = next_open(f, NULL, i + 1)) {
        if (f->slots[i].class == class)
            return true;
    }
    return false;
}

/* That of an equal operation, else one that nobody has. */
static uint32_t class_of(const struct frontier *f, const struct model_op *op)
{
    uint32_t class = 0;

    for (uint32_t i = next_open(f, NULL, 0); i < f->n_slots; i = next_open(f, NULL, i + 1)) {
        if (memcmp(&f->slots[i].op, op, sizeof *op) == 0)
            return f->slots[i].class;
    }
    while (is_class_taken(f, class))
        class ++;
    return class;
}

static int open_slot(struct frontier *f, struct kept_op *kept, const struct model_op *op,
                     uint32_t *ret)
{
    uint32_t slot = free_slot(f);
    struct model_effect effect = {0};
    int rc = slot == f->n_slots ? add_slots(f) : 0;

    if (rc < 0)
        return rc;
    if (f->model->effect != NULL)
        effect = f->model->effect(&f->env, op);
    f->slots[slot] = (struct open_op){.kept = kept,
                                      .return_seq = kept->op.return_seq,
                                      .class = class_of(f, op),
                                      .observes = f->model->observes(&f->env, op),
                                      .hides = effect.hides};
    memcpy(&f->slots[slot].op, op, sizeof *op); /* padding too, for class_of */
    set_bit(f->open, slot, true);
    set_bit(f->blind, slot, effect.blind);
    *ret = slot;
    return 0;
}

/* Takes `kept` over. */
static int add_pending(struct frontier *f, struct kept_op *kept, const struct model_op *op)
{
    struct config_shape shape = shape_of(f);
    struct pending_class *pending;

    for (uint32_t i = 0; i < f->n_pending; i++) {
        if (memcmp(&f->pending[i].op, op, sizeof *op) == 0) {
            f->pending[i].n++;
            f->kept_bytes -= kept_op_bytes(kept);
            kept_op_destroy(kept);
            return 0;
        }
    }
    pending = reallocarray(f->pending, (size_t)f->n_pending + 1, sizeof *pending);
    if (pending == NULL) {
        kept_op_destroy(kept);
        return -E_NOMEM;
    }
    f->pending = pending;
    f->pending[f->n_pending] = (struct pending_class){.kept = kept, .n = 1};
    memcpy(&f->pending[f->n_pending++].op, op, sizeof *op);
    shape.n_classes = f->n_pending;
    return widen(f, shape);
}

int frontier_call(struct frontier *f, const struct history_op *op, uint32_t *ret)
{
    struct kept_op *kept;
    struct model_op made;
    int rc = kept_op_create(op, &kept);

    if (rc < 0)
        return rc;
    rc = kept_op_make(kept, f->model, &f->env, &made);
    if (rc < 0) {
        kept_op_destroy(kept);
        return rc;
    }
    f->kept_bytes += kept_op_bytes(kept);
    if (op->outcome != OUTCOME_OK) {
        rc = add_pending(f, kept, &made);
    } else {
        rc = open_slot(f, kept, &made, ret);
        if (rc < 0)
            kept_op_destroy(kept);
    }
    return rc < 0 ? rc : check_bounds(f);
}

/* --- returns -------------------------------------------------------------------------------- */

static int add(struct frontier *f, struct configs *to)
{
    int rc = configs_add(to, &f->to, f->blind);

    f->n_visited += rc == 1;
    return rc < 0 ? rc : check_bounds(f);
}

/* `to`, in which the operation in `slot` is done, waits for the next return. */
static int leave(struct frontier *f, uint32_t slot)
{
    f->to.before = CONFIG_NO_BEFORE;
    set_bit(f->to.done, slot, false);
    set_bit(f->to.free, slot, false);
    return add(f, &f->next);
}

/* H: everything blind that is open and not done could stand right before the last step. */
static void cover(struct frontier *f)
{
    for (uint32_t i = 0; i < shape_of(f).window_words; i++)
        f->to.free[i] |= f->open[i] & f->blind[i] & ~f->to.done[i];
}

/* I: whether the last step was one of unknown outcome that this one makes useless. */
static int makes_last_useless(const struct frontier *f, const struct model_op *op, uint32_t state)
{
    uint32_t without;
    int rc;

    if (f->at.before == CONFIG_NO_BEFORE)
        return 0;
    rc = f->model->step(&f->env, f->at.before, op, &without);
    return rc == 1 ? without == state : rc;
}

/* 1: `to` is what `op` leads to, with nothing marked as done yet. 0: it does not go that way. */
static int step(struct frontier *f, const struct model_op *op)
{
    uint32_t state;
    int rc = f->model->step(&f->env, f->at.state, op, &state);

    if (rc != 1)
        return rc;
    rc = makes_last_useless(f, op, state);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    config_copy(&f->to, &f->at, shape_of(f));
    f->to.state = state;
    f->to.before = CONFIG_NO_BEFORE;
    return 1;
}

static int place_open(struct frontier *f, uint32_t slot, uint32_t forced)
{
    int rc = step(f, &f->slots[slot].op);

    if (rc != 1)
        return rc;
    set_bit(f->to.done, slot, true);
    set_bit(f->to.free, slot, false);
    if (f->slots[slot].hides)
        cover(f);
    return slot == forced ? leave(f, slot) : add(f, &f->now);
}

static int place_pending(struct frontier *f, uint32_t class)
{
    int rc;

    if (f->at.used[class] == f->pending[class].n)
        return 0;
    rc = step(f, &f->pending[class].op);
    if (rc != 1)
        return rc;
    f->to.used[class]++;
    f->to.before = f->at.state;
    return add(f, &f->now);
}

/* R: places an operation that observes and is legal. 1: there was one. */
static int place_observer(struct frontier *f, uint32_t forced)
{
    const uint64_t *done = f->at.done;

    for (uint32_t slot = next_open(f, done, 0); slot < f->n_slots;
         slot = next_open(f, done, slot + 1)) {
        uint32_t state;
        int rc;

        if (!f->slots[slot].observes)
            continue;
        rc = f->model->step(&f->env, f->at.state, &f->slots[slot].op, &state);
        if (rc == 1) {
            rc = place_open(f, slot, forced);
            return rc < 0 ? rc : 1;
        }
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* S: of each class of open operations that do not observe the one that returns first, of those that
 * are free and of those that are not. */
static void choose(struct frontier *f)
{
    memset(f->best, 0, 2 * (size_t)f->n_slots * sizeof *f->best);
    for (uint32_t slot = next_open(f, f->at.done, 0); slot < f->n_slots;
         slot = next_open(f, f->at.done, slot + 1)) {
        const struct open_op *o = &f->slots[slot];
        uint32_t *best;

        if (o->observes)
            continue;
        best = &f->best[2 * o->class + has_bit(f->at.free, slot)];
        if (*best == 0 || o->return_seq < f->slots[*best - 1].return_seq)
            *best = slot + 1;
    }
}

/* S: a free one only when it returns before those of its class that are not. */
static bool is_chosen(const struct frontier *f, uint32_t class, uint32_t is_free)
{
    const uint32_t *best = &f->best[2 * class];

    if (best[is_free] == 0)
        return false;
    return !is_free || best[0] == 0 ||
           f->slots[best[1] - 1].return_seq < f->slots[best[0] - 1].return_seq;
}

static int place_others(struct frontier *f, uint32_t forced)
{
    int rc = 0;

    choose(f);
    for (uint32_t i = 0; rc >= 0 && i < 2 * f->n_slots; i++) {
        if (is_chosen(f, i / 2, i % 2))
            rc = place_open(f, f->best[i] - 1, forced);
    }
    for (uint32_t i = 0; rc >= 0 && i < f->n_pending; i++)
        rc = place_pending(f, i);
    return rc < 0 ? rc : 0;
}

/* Everything that one configuration leads to. */
static int expand(struct frontier *f, uint32_t forced)
{
    int rc;

    if (has_bit(f->at.done, forced)) {
        config_copy(&f->to, &f->at, shape_of(f));
        return leave(f, forced);
    }
    rc = place_observer(f, forced);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (has_bit(f->at.free, forced)) {
        config_copy(&f->to, &f->at, shape_of(f));
        rc = leave(f, forced);
        if (rc < 0)
            return rc;
    }
    return place_others(f, forced);
}

int frontier_return(struct frontier *f, uint32_t number)
{
    struct open_op *o = &f->slots[number];
    struct configs done;

    CHECK_THAT(number < f->n_slots && o->kept != NULL, "number=%u", number);
    for (size_t i = 0; i < f->now.n; i++) {
        int rc;

        configs_get(&f->now, i, &f->at);
        rc = expand(f, number);
        if (rc < 0)
            return rc;
    }
    f->kept_bytes -= kept_op_bytes(o->kept);
    kept_op_destroy(o->kept);
    o->kept = NULL;
    set_bit(f->open, number, false);
    set_bit(f->blind, number, false);
    done = f->now;
    f->now = f->next;
    f->next = done;
    configs_clear(&f->next);
    if (f->now.n == 0)
        return 0;
    return collect_strings(f) < 0 ? -E_NOMEM : 1;
}
