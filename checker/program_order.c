#include "checker/program_order.h"

#include "base/hash.h"

#include <stdlib.h>

/* Depth first over configurations: how far each process is, and the state. What a process does next
 * is the only choice, so of the prunings for real time one remains, and is sound for the same
 * reason as there: an operation that never changes the state is placed as soon as its process has
 * come to it and the state fits, since it can be moved there in any order in which it stands later.
 * That lets a process that reads old values run ahead of the others while they last. */

struct step {
    size_t original;
    uint64_t call;
    struct model_op asked;
    bool required; /* it was answered; otherwise it is its process's last */
    bool observes;
};

/* The operations of one process, in its order. */
struct lane {
    uint32_t first; /* of search.steps */
    uint32_t n;
    uint32_t done;
};

struct frame {
    size_t n_placed; /* with the observers that fit here */
    uint32_t state;
    uint64_t tried; /* next operations of calls up to this one were tried */
};

/* Configurations that led nowhere: open addressing over their numbers, the bytes exact. Under the
 * memory's bound all are forgotten at once, which costs time only. */
struct dead_ends {
    uint32_t *slots; /* number + 1 */
    size_t n_slots;
    struct buf bytes;
    size_t n;
    size_t max_bytes;
};

struct search {
    struct model_env env;
    const struct model *model;
    const struct check_options *o;
    struct step *steps; /* by process, then by call */
    size_t n;
    struct lane *lanes;
    size_t n_lanes;
    size_t n_required; /* not placed yet */
    uint32_t *trail;   /* the lanes of what is placed */
    size_t n_placed;
    uint32_t state;
    struct frame *frames;
    size_t n_frames;
    uint32_t *vector; /* a configuration: `done` of each lane, then the state */
    struct dead_ends dead;
    uint64_t n_tries;
};

enum { SLOTS_MIN = 1024, ASK_EVERY = 256 };

/* --- dead ends ------------------------------------------------------------------------------ */

static size_t vector_bytes(const struct search *s)
{
    return (s->n_lanes + 1) * sizeof *s->vector;
}

static uint32_t *slot_of(const struct dead_ends *d, const uint8_t *vector, size_t len)
{
    size_t i = hash_bytes(vector, len, 0) & (d->n_slots - 1);

    while (d->slots[i] != 0 && memcmp(d->bytes.data + (d->slots[i] - 1) * len, vector, len) != 0)
        i = (i + 1) & (d->n_slots - 1);
    return &d->slots[i];
}

static int grow_slots(struct dead_ends *d, size_t len)
{
    size_t before = d->n_slots;
    uint32_t *old = d->slots;

    d->n_slots = before == 0 ? SLOTS_MIN : before * 2;
    d->slots = calloc(d->n_slots, sizeof *d->slots);
    if (d->slots == NULL) {
        d->slots = old;
        d->n_slots = before;
        return -E_NOMEM;
    }
    for (size_t i = 0; i < before; i++) {
        if (old[i] != 0)
            *slot_of(d, d->bytes.data + (old[i] - 1) * len, len) = old[i];
    }
    free(old);
    return 0;
}

/* A buffer doubles, and old and new slots stand side by side while they grow. */
static bool is_full(const struct dead_ends *d, size_t len)
{
    size_t need = 2 * (d->bytes.len + len) + 3 * d->n_slots * sizeof *d->slots;

    return d->bytes.len + len > BUF_BYTES_MAX || (d->max_bytes > 0 && need > d->max_bytes);
}

/* 1: it was there. 0: it is now. */
static int visit(struct search *s)
{
    struct dead_ends *d = &s->dead;
    size_t len = vector_bytes(s);
    uint32_t *slot;
    int rc;

    for (size_t i = 0; i < s->n_lanes; i++)
        s->vector[i] = s->lanes[i].done;
    s->vector[s->n_lanes] = s->state;
    if (is_full(d, len) && d->n > 0) {
        memset(d->slots, 0, d->n_slots * sizeof *d->slots);
        buf_clear(&d->bytes);
        d->n = 0;
    }
    rc = 2 * (d->n + 1) > d->n_slots ? grow_slots(d, len) : 0;
    if (rc < 0)
        return rc;
    slot = slot_of(d, (const uint8_t *)s->vector, len);
    if (*slot != 0)
        return 1;
    rc = buf_append(&d->bytes, s->vector, len);
    if (rc == 0)
        *slot = (uint32_t)++d->n;
    return rc;
}

/* --- placing -------------------------------------------------------------------------------- */

static const struct step *next_of(const struct search *s, const struct lane *l)
{
    return l->done < l->n ? &s->steps[l->first + l->done] : NULL;
}

static void place(struct search *s, size_t lane, uint32_t state)
{
    s->n_required -= next_of(s, &s->lanes[lane])->required;
    s->lanes[lane].done++;
    s->trail[s->n_placed++] = (uint32_t)lane;
    s->state = state;
}

static void go_back(struct search *s, const struct frame *to)
{
    while (s->n_placed > to->n_placed) {
        struct lane *l = &s->lanes[s->trail[--s->n_placed]];

        l->done--;
        s->n_required += next_of(s, l)->required;
    }
    s->state = to->state;
}

/* The observers that processes have come to, as far as the state fits them. */
static int place_observers(struct search *s)
{
    for (size_t i = 0; i < s->n_lanes; i++) {
        const struct step *step;

        while ((step = next_of(s, &s->lanes[i])) != NULL && step->observes) {
            uint32_t state;
            int rc = s->model->step(&s->env, s->state, &step->asked, &state);

            if (rc < 0)
                return rc;
            if (rc == 0)
                break;
            place(s, i, s->state);
        }
    }
    return 0;
}

/* The process whose next operation was called first, of those behind `tried`; n_lanes: none. */
static size_t first_behind(const struct search *s, uint64_t tried)
{
    uint64_t least = UINT64_MAX;
    size_t found = s->n_lanes;

    for (size_t i = 0; i < s->n_lanes; i++) {
        const struct step *step = next_of(s, &s->lanes[i]);

        if (step != NULL && step->call > tried && step->call < least) {
            least = step->call;
            found = i;
        }
    }
    return found;
}

/* --- the search ----------------------------------------------------------------------------- */

/* 1: everything is placed. 0: go on, from a new frame or, at a dead end, from the old one. */
static int arrive(struct search *s)
{
    int rc = place_observers(s);

    if (rc < 0 || s->n_required == 0)
        return rc < 0 ? rc : 1;
    rc = visit(s);
    if (rc == 0)
        s->frames[s->n_frames++] = (struct frame){s->n_placed, s->state, 0};
    return rc < 0 ? rc : 0;
}

/* Tries the next choice of the last frame, or takes the frame away when there is none. */
static int choose(struct search *s)
{
    struct frame *f = &s->frames[s->n_frames - 1];
    uint32_t state;
    size_t lane;
    int rc;

    go_back(s, f);
    lane = first_behind(s, f->tried);
    if (lane == s->n_lanes) {
        s->n_frames--;
        return 0;
    }
    f->tried = next_of(s, &s->lanes[lane])->call;
    rc = s->model->step(&s->env, s->state, &next_of(s, &s->lanes[lane])->asked, &state);
    if (rc != 1)
        return rc;
    place(s, lane, state);
    return arrive(s);
}

static bool is_spent(struct search *s)
{
    return s->o->spent != NULL && ++s->n_tries % ASK_EVERY == 1 && s->o->spent(s->o->spent_context);
}

static int search_all(struct search *s)
{
    int rc = arrive(s);

    while (rc == 0 && s->n_frames > 0) {
        if (is_spent(s))
            return -E_BUSY;
        rc = choose(s);
    }
    return rc;
}

/* --- making it ------------------------------------------------------------------------------ */

static int compare_inputs(const void *a, const void *b, void *context)
{
    const struct history_op *ops = context;
    const struct history_op *x = &ops[((const struct problem_input *)a)->original];
    const struct history_op *y = &ops[((const struct problem_input *)b)->original];

    if (x->process != y->process)
        return x->process < y->process ? -1 : 1;
    return x->call_seq < y->call_seq ? -1 : x->call_seq > y->call_seq;
}

static int fill_step(struct search *s, const struct history *h, size_t original, struct step *ret)
{
    int rc = model_op_make(s->model, &s->env, &h->ops[original], 0, &ret->asked);

    if (rc < 0)
        return rc;
    ret->original = original;
    ret->call = h->ops[original].call_seq;
    ret->required = h->ops[original].outcome == OUTCOME_OK;
    ret->observes = ret->required && s->model->observes(&s->env, &ret->asked);
    s->n_required += ret->required;
    return 0;
}

static int fill(struct search *s, const struct history *h, const struct partition *p)
{
    struct problem_input *inputs = calloc(p->n + 1, sizeof *inputs);
    int rc = 0;

    if (inputs == NULL)
        return -E_NOMEM;
    memcpy(inputs, p->inputs, p->n * sizeof *inputs);
    qsort_r(inputs, p->n, sizeof *inputs, compare_inputs, h->ops);
    for (size_t i = 0; rc == 0 && i < p->n; i++) {
        bool same = i > 0 &&
                    h->ops[inputs[i].original].process == h->ops[inputs[i - 1].original].process;

        if (!same)
            s->lanes[s->n_lanes++] = (struct lane){.first = (uint32_t)i};
        s->lanes[s->n_lanes - 1].n++;
        rc = fill_step(s, h, inputs[i].original, &s->steps[i]);
    }
    free(inputs);
    return rc < 0 ? rc : s->model->initial(&s->env, &s->state);
}

static void search_free(struct search *s)
{
    free(s->steps);
    free(s->lanes);
    free(s->trail);
    free(s->frames);
    free(s->vector);
    free(s->dead.slots);
    buf_free(&s->dead.bytes);
    if (s->env.strings != NULL)
        strings_destroy(s->env.strings);
}

static int search_make(const struct history *h, const struct model *m, const struct partition *p,
                       const struct check_options *o, struct search *s)
{
    int rc;

    *s = (struct search){.model = m,
                         .o = o,
                         .n = p->n,
                         .env = {.dialect = h->header.dialect,
                                 .header = &h->header,
                                 .context = m->context,
                                 .n_keys = 1},
                         .dead = {.max_bytes = o->memory_bytes_max}};
    if (p->n >= UINT32_MAX)
        return -E_LIMIT;
    s->steps = calloc(p->n + 1, sizeof *s->steps);
    s->lanes = calloc(p->n + 1, sizeof *s->lanes);
    s->trail = calloc(p->n + 1, sizeof *s->trail);
    s->frames = calloc(p->n + 2, sizeof *s->frames);
    s->vector = calloc(p->n + 2, sizeof *s->vector);
    if (s->steps == NULL || s->lanes == NULL || s->trail == NULL || s->frames == NULL ||
        s->vector == NULL)
        return -E_NOMEM;
    rc = strings_create(&s->env.strings);
    return rc < 0 ? rc : fill(s, h, p);
}

int program_order_search(const struct history *h, const struct model *m, const struct partition *p,
                         const struct check_options *o, size_t *ret_order, size_t *ret_n)
{
    struct search s;
    int rc = search_make(h, m, p, o, &s);

    if (rc == 0)
        rc = search_all(&s);
    if (rc == 1) {
        for (size_t i = 0; i < s.n_lanes; i++)
            s.lanes[i].done = 0;
        for (size_t i = 0; i < s.n_placed; i++) {
            struct lane *l = &s.lanes[s.trail[i]];

            ret_order[i] = next_of(&s, l)->original;
            l->done++;
        }
        *ret_n = s.n_placed;
    }
    search_free(&s);
    return rc;
}
