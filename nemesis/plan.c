#include "nemesis/plan.h"

#include "base/rng.h"
#include "nemesis/names.h"

#include <stdio.h>
#include <stdlib.h>

#define KIND(name) (1u << FAULT_##name)
#define SHAPE(name) (1u << SHAPE_##name)
#define ALL_KINDS ((1u << FAULT_KIND_COUNT) - 1)
#define ALL_SHAPES ((1u << FAULT_SHAPE_COUNT) - 1)

/* What a name on the command line stands for. */
struct nemesis_choice {
    const char *name;
    uint32_t kinds;  /* bits 1 << enum fault_kind */
    uint32_t shapes; /* bits 1 << enum fault_shape */
};

static const struct nemesis_choice choices[] = {
    {"none", 0, 0},
    {"partition", KIND(PARTITION), ALL_SHAPES},
#define X(id, text) {text, KIND(PARTITION), SHAPE(id)},
    FAULT_SHAPES(X)
#undef X
        {"kill", KIND(KILL), 0},
    {"pause", KIND(PAUSE), 0},
    {"delay", KIND(DELAY), 0},
    {"drop", KIND(DROP), 0},
    {"duplicate", KIND(DUPLICATE), 0},
    {"reorder", KIND(REORDER), 0},
    {"links", KIND(DELAY) | KIND(DROP) | KIND(DUPLICATE) | KIND(REORDER), 0},
    {"all", ALL_KINDS, ALL_SHAPES},
};

enum { CHOICES = sizeof choices / sizeof choices[0] };

/* Partitions find most bugs, and kills come next; among several kinds they are drawn more often. */
static const uint32_t kind_weights[FAULT_KIND_COUNT] = {
    [FAULT_PARTITION] = 4, [FAULT_KILL] = 2,      [FAULT_PAUSE] = 1,   [FAULT_DELAY] = 1,
    [FAULT_DROP] = 1,      [FAULT_DUPLICATE] = 1, [FAULT_REORDER] = 1,
};

const char *const *plan_nemesis_names(void)
{
    static const char *names[CHOICES + 1];

    for (size_t i = 0; i < CHOICES; i++)
        names[i] = choices[i].name;
    return names;
}

/* --- drawing -------------------------------------------------------------------------------- */

static uint32_t pick_bit(struct rng *r, uint32_t bits)
{
    uint64_t skip = rng_below(r, (uint64_t)__builtin_popcount(bits));

    while (skip-- > 0)
        bits &= bits - 1;
    return (uint32_t)__builtin_ctz(bits);
}

static enum fault_kind pick_kind(struct rng *r, uint32_t kinds)
{
    uint32_t total = 0;
    uint64_t at;
    uint32_t kind = 0;

    for (uint32_t k = 0; k < FAULT_KIND_COUNT; k++)
        total += kinds >> k & 1 ? kind_weights[k] : 0;
    at = rng_below(r, total);
    for (;; kind++) {
        uint32_t weight = kinds >> kind & 1 ? kind_weights[kind] : 0;

        if (at < weight)
            return (enum fault_kind)kind;
        at -= weight;
    }
}

/* The leader is the most telling victim; a whole cluster at once only tests what is on disk. */
static enum fault_target pick_target(struct rng *r, bool may_be_all)
{
    uint64_t percent = rng_below(r, 100);

    if (percent < 50)
        return TARGET_LEADER;
    if (percent < 75)
        return TARGET_RANDOM;
    return percent < 90 || !may_be_all ? TARGET_MINORITY : TARGET_ALL;
}

/* A third of the chance faults hits only the replication of the log: heartbeats still come
 * through, so that nobody stands for election while nothing gets replicated. */
static uint64_t pick_types(struct rng *r)
{
    return rng_below(r, 3) == 0 ? 1u << RAFT_APPEND | 1u << RAFT_APPEND_REPLY : 0;
}

static void draw_details(struct rng *r, const struct nemesis_choice *choice, struct plan_step *s)
{
    s->kind = pick_kind(r, choice->kinds);
    switch (s->kind) {
    case FAULT_PARTITION:
        s->shape = (enum fault_shape)pick_bit(r, choice->shapes);
        s->clients = (enum fault_clients)rng_below(r, FAULT_CLIENTS_COUNT);
        s->period_ms = s->shape == SHAPE_FLAPPING ? (uint32_t)rng_between(r, 200, 1000) : 0;
        break;
    case FAULT_DELAY:
        s->delay_ms = (uint32_t)rng_between(r, 10, 150);
        s->jitter_ms = (uint32_t)rng_between(r, 0, 100);
        break;
    case FAULT_DROP:
    case FAULT_DUPLICATE:
    case FAULT_REORDER:
        s->ppm = (uint32_t)rng_between(r, 50000, 400000);
        s->types = pick_types(r);
        break;
    case FAULT_KILL: s->target = pick_target(r, true); break;
    case FAULT_PAUSE: s->target = pick_target(r, false); break;
    case FAULT_KIND_COUNT: break;
    }
    s->draw = rng_next(r);
}

/* Adds a step; doubles the array as it fills up. */
static int add_step(struct plan *p, const struct plan_step *s, struct err *e)
{
    if (p->n_steps == PLAN_STEPS_MAX)
        return err_set(e, -E_LIMIT, "plan: more than %d steps", PLAN_STEPS_MAX);
    if ((p->n_steps & (p->n_steps - 1)) == 0) {
        size_t cap = p->n_steps == 0 ? 1 : p->n_steps * 2;
        struct plan_step *grown = realloc(p->steps, cap * sizeof *grown);

        if (grown == NULL)
            return err_set(e, -E_NOMEM, "plan");
        p->steps = grown;
    }
    p->steps[p->n_steps++] = *s;
    return 0;
}

/* One name makes one track: a fault, a pause, a fault... Each step has a stream of random numbers
 * of its own. */
static int draw_track(const struct plan_options *o, const struct nemesis_choice *choice,
                      struct plan *p, struct err *e)
{
    int64_t at_ms = o->first_ms;
    char stream[64];

    if (choice->kinds == 0)
        return 0;
    snprintf(stream, sizeof stream, "plan:%s", choice->name);
    for (uint64_t k = 0;; k++) {
        struct rng r = rng_make(o->seed, rng_stream(stream, k));
        struct plan_step s = {.at_ms = at_ms};
        int rc;

        s.for_ms = (int64_t)rng_between(&r, (uint64_t)(o->fault_ms + 1) / 2,
                                        (uint64_t)(o->fault_ms + o->fault_ms / 2));
        at_ms += s.for_ms;
        at_ms += (int64_t)rng_between(&r, (uint64_t)o->pause_ms / 2,
                                      (uint64_t)(o->pause_ms + o->pause_ms / 2));
        if (s.at_ms + s.for_ms > o->run_ms - o->quiet_ms)
            return 0;
        draw_details(&r, choice, &s);
        rc = add_step(p, &s, e);
        if (rc < 0)
            return rc;
    }
}

static int no_such_nemesis(const char *name, size_t len, struct err *e)
{
    struct buf all = {0};

    for (size_t i = 0; i < CHOICES; i++)
        buf_printf(&all, "%s%s", i == 0 ? "" : ", ", choices[i].name);
    err_set(e, -E_INVAL, "no nemesis '%.*s': there are %.*s", (int)len, name, (int)all.len,
            (char *)all.data);
    buf_free(&all);
    return -E_INVAL;
}

static const struct nemesis_choice *find_choice(const char *name, size_t len)
{
    for (size_t i = 0; i < CHOICES; i++)
        if (strlen(choices[i].name) == len && memcmp(choices[i].name, name, len) == 0)
            return &choices[i];
    return NULL;
}

static int draw_tracks(const struct plan_options *o, struct plan *p, struct err *e)
{
    const char *at = o->nemesis;
    bool seen[CHOICES] = {false};

    for (;;) {
        size_t len = strcspn(at, ",");
        const struct nemesis_choice *choice = find_choice(at, len);
        int rc;

        if (choice == NULL)
            return no_such_nemesis(at, len, e);
        if (seen[choice - choices])
            return err_set(e, -E_INVAL, "nemesis '%s' is named twice", choice->name);
        seen[choice - choices] = true;
        rc = draw_track(o, choice, p, e);
        if (rc < 0)
            return rc;
        if (at[len] == '\0')
            return 0;
        at += len + 1;
    }
}

/* No two steps compare equal unless they are the same in all that was drawn. */
static int by_time(const void *a, const void *b)
{
    const struct plan_step *x = a;
    const struct plan_step *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->draw < y->draw ? -1 : x->draw > y->draw;
}

static int with_defaults(struct plan_options *o, struct err *e)
{
    if (o->run_ms < 0 || o->first_ms < 0 || o->fault_ms < 0 || o->pause_ms < 0 || o->quiet_ms < 0)
        return err_set(e, -E_INVAL, "plan: a length of time is negative");
    o->first_ms = o->first_ms == 0 ? 2000 : o->first_ms;
    o->fault_ms = o->fault_ms == 0 ? 3000 : o->fault_ms;
    o->pause_ms = o->pause_ms == 0 ? 1500 : o->pause_ms;
    o->quiet_ms = o->quiet_ms == 0 ? 2000 : o->quiet_ms;
    if (o->run_ms > PLAN_MS_MAX || o->first_ms > PLAN_MS_MAX || o->fault_ms > PLAN_MS_MAX ||
        o->pause_ms > PLAN_MS_MAX || o->quiet_ms > PLAN_MS_MAX)
        return err_set(e, -E_INVAL, "plan: longer than %lld ms", (long long)PLAN_MS_MAX);
    return 0;
}

int plan_draw(const struct plan_options *options, struct plan **ret, struct err *e)
{
    struct plan_options o = *options;
    struct plan *p;
    int rc = with_defaults(&o, e);

    if (rc < 0)
        return rc;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, -E_NOMEM, "plan");
    p->seed = o.seed;
    rc = draw_tracks(&o, p, e);
    if (rc < 0) {
        plan_free(&p);
        return rc;
    }
    if (p->n_steps > 0)
        qsort(p->steps, p->n_steps, sizeof *p->steps, by_time);
    for (size_t i = 0; i < p->n_steps; i++)
        p->steps[i].number = (uint32_t)i + 1;
    *ret = p;
    return 0;
}

void plan_free(struct plan **p)
{
    if (*p == NULL)
        return;
    free((*p)->steps);
    free(*p);
    *p = NULL;
}

/* --- in words ------------------------------------------------------------------------------- */

static void describe_details(const struct plan_step *s, struct buf *out)
{
    switch (s->kind) {
    case FAULT_PARTITION:
        buf_printf(out, " %s", fault_shape_name(s->shape));
        if (s->shape == SHAPE_FLAPPING)
            buf_printf(out, " every %u ms", s->period_ms);
        buf_printf(out, ", clerks %s", fault_clients_name(s->clients));
        break;
    case FAULT_DELAY:
        buf_printf(out, " of %u ms and up to %u ms more", s->delay_ms, s->jitter_ms);
        break;
    case FAULT_DROP:
    case FAULT_DUPLICATE:
    case FAULT_REORDER: buf_printf(out, " %.1f %% of messages", s->ppm / 10000.0); break;
    case FAULT_KILL:
    case FAULT_PAUSE: buf_printf(out, " %s", fault_target_name(s->target)); break;
    case FAULT_KIND_COUNT: break;
    }
}

int plan_describe_step(const struct plan_step *s, struct buf *out)
{
    int rc = buf_reserve(out, PLAN_STEP_TEXT_MAX);

    if (rc < 0)
        return rc;
    buf_printf(out, "step %u at %.1f s for %.1f s: %s", s->number, (double)s->at_ms / 1000,
               (double)s->for_ms / 1000, fault_kind_name(s->kind));
    describe_details(s, out);
    for (uint32_t type = 0; type < RAFT_MESSAGE_TYPE_COUNT; type++)
        if (s->types >> type & 1)
            buf_printf(out, ", %s", message_type_name(type));
    return 0;
}
