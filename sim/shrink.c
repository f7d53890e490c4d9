#include "sim/shrink.h"

#include "sim/knobs.h"
#include "sim/shake.h"

#include <stdlib.h>

/* A story with so many faults is easily followed; and how many cases nearby are looked at, one
 * after the other in vain, for one with fewer. */
enum { FAULTS_FEW = 3, SHAKES_MAX = 2000 };

struct shrinker {
    const struct sim_shrink_options *o;
    struct sim_case *best;
    uint64_t tries;
    bool progress;      /* in this round */
    uint32_t crash_ppm; /* to begin with */
    struct rng shaking;
    struct err *e;
    int rc; /* of memory: ends everything */
};

/* A copy of the best, to be changed and given to attempt(); NULL when there is nothing more to be
 * tried. */
static struct sim_case *candidate(struct shrinker *s)
{
    struct sim_case *c = NULL;

    if (s->rc == 0 && s->tries < s->o->tries_max)
        s->rc = sim_case_copy(s->best, &c, s->e);
    return c;
}

static bool attempt(struct shrinker *s, struct sim_case *c)
{
    struct history *h = NULL;

    if (sim_config_check(&c->config, NULL) == 0) {
        s->tries++;
        h = s->o->fails(s->o->context, c);
    }
    if (h == NULL) {
        sim_case_destroy(c);
        return false;
    }
    history_free(&h);
    sim_case_destroy(s->best);
    s->best = c;
    s->progress = true;
    if (s->o->progress != NULL)
        s->o->progress(s->o->context, s->best, s->tries);
    return true;
}

/* --- lists ---------------------------------------------------------------------------------- */

static size_t count_ops(const struct sim_case *c)
{
    return c->ops.n;
}

static void remove_ops(struct sim_case *c, size_t from, size_t n)
{
    memmove(c->ops.items + from, c->ops.items + from + n,
            (c->ops.n - from - n) * sizeof *c->ops.items);
    c->ops.n -= n;
}

static size_t count_steps(const struct sim_case *c)
{
    return c->plan->n_steps;
}

static void remove_steps(struct sim_case *c, size_t from, size_t n)
{
    memmove(c->plan->steps + from, c->plan->steps + from + n,
            (c->plan->n_steps - from - n) * sizeof *c->plan->steps);
    c->plan->n_steps -= n;
}

static size_t count_deaths(const struct sim_case *c)
{
    return c->deaths.n;
}

static void remove_deaths(struct sim_case *c, size_t from, size_t n)
{
    memmove(c->deaths.items + from, c->deaths.items + from + n,
            (c->deaths.n - from - n) * sizeof *c->deaths.items);
    c->deaths.n -= n;
}

struct list {
    size_t (*count)(const struct sim_case *c);
    void (*remove)(struct sim_case *c, size_t from, size_t n);
};

static const struct list ops_list = {count_ops, remove_ops};
static const struct list deaths_list = {count_deaths, remove_deaths};
static const struct list steps_list = {count_steps, remove_steps};

/* Takes away halves, quarters, eighths... down to single items; the last ones first, because what
 * comes late is more often not needed. */
static void shorten(struct shrinker *s, const struct list *l)
{
    size_t size = l->count(s->best);

    for (; size > 0; size /= 2) {
        size_t end = l->count(s->best);

        while (end > 0) {
            size_t from = end > size ? end - size : 0;
            struct sim_case *c = candidate(s);

            if (c == NULL)
                return;
            l->remove(c, from, end - from);
            attempt(s, c);
            end = from;
        }
    }
}

/* --- numbers -------------------------------------------------------------------------------- */

static uint64_t load(const struct sim_case *c, const struct sim_knob *k)
{
    const void *at = (const char *)&c->config + k->offset;

    return k->kind == SIM_KNOB_MS ? (uint64_t) * (const int64_t *)at : *(const uint32_t *)at;
}

static void store(struct sim_case *c, const struct sim_knob *k, uint64_t value)
{
    void *at = (char *)&c->config + k->offset;

    if (k->kind == SIM_KNOB_MS)
        *(int64_t *)at = (int64_t)value;
    else
        *(uint32_t *)at = (uint32_t)value;
}

static bool attempt_number(struct shrinker *s, const struct sim_knob *k, uint64_t value)
{
    struct sim_case *c = candidate(s);

    if (c == NULL)
        return false;
    store(c, k, value);
    return attempt(s, c);
}

/* The least value first, then by halves upward from it. */
static void lower(struct shrinker *s, const struct sim_knob *k, uint64_t least)
{
    uint64_t step = 1;

    for (int i = 0; i < 8 && load(s->best, k) > least; i++) {
        uint64_t now = load(s->best, k);
        uint64_t wanted = i == 0 ? least : now - (now - least) / (step *= 2);

        if (wanted != now && attempt_number(s, k, wanted) && i > 0)
            step = 1;
    }
}

static const struct sim_knob *knob(const char *name)
{
    size_t n;
    const struct sim_knob *knobs = sim_knobs(&n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(knobs[i].name, name) == 0)
            return &knobs[i];
    return NULL;
}

static void lower_numbers(struct shrinker *s)
{
    static const struct {
        const char *name;
        uint64_t least;
    } numbers[] = {
        {"run-ms", 500},      {"nodes", 1},          {"keys", 1},          {"loss-ppm", 0},
        {"reorder-ppm", 0},   {"disk-stall-ppm", 0}, {"disk-fail-ppm", 0}, {"jump-ppm", 0},
        {"duplicate-ppm", 0}, {"drift-ppm", 0},      {"wander-ppm", 0},    {"jitter-us", 0},
        {"value-bytes", 0},   {"disk-jitter-us", 0}, {"latency-us", 100},  {"disk-us", 100},
        {"sessions", 0},      {"disk-flip-ppm", 0},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        lower(s, knob(numbers[i].name), numbers[i].least);
}

/* Deaths between two effects are counted off: first none at all, then one, two, four. */
static void lower_crashes(struct shrinker *s)
{
    if (s->best->config.crash_ppm == 0 || attempt_number(s, knob("crash-ppm"), 0))
        return;
    for (uint64_t n = 1; n <= 64; n *= 2)
        if ((s->best->config.crashes_max != 0 && n >= s->best->config.crashes_max) ||
            attempt_number(s, knob("crashes"), n))
            return;
}

/* Clerks that nothing is wanted of: only those behind the last one that works can go, or the
 * others would be asked for other things. */
static void drop_idle_clerks(struct shrinker *s)
{
    uint32_t needed = 1;

    for (size_t i = 0; i < s->best->ops.n; i++)
        if (s->best->ops.items[i].clerk + 1 > needed)
            needed = s->best->ops.items[i].clerk + 1;
    if (needed < s->best->config.clerks)
        (void)attempt_number(s, knob("clerks"), needed);
}

/* Shorter faults are easier to read in the story. */
static void shorten_faults(struct shrinker *s)
{
    for (size_t i = 0; i < s->best->plan->n_steps; i++) {
        while (s->best->plan->steps[i].for_ms > 100) {
            struct sim_case *c = candidate(s);

            if (c == NULL)
                return;
            c->plan->steps[i].for_ms /= 2;
            if (!attempt(s, c))
                break;
        }
    }
}

/* --- the whole ------------------------------------------------------------------------------ */

/* The operations that a history shows, by clerk and count. A clerk's processes are its number plus
 * multiples of how many clerks there are (workloads/fleet.h). */
static int pin_ops(struct shrinker *s, const struct history *h)
{
    uint32_t clerks = s->best->config.clerks;
    uint64_t *counts = calloc(clerks, sizeof *counts);
    struct sim_op *items = calloc(h->n_ops + 1, sizeof *items);
    struct sim_case *c = NULL;
    int rc = -E_NOMEM;

    if (counts != NULL && items != NULL)
        rc = 0;
    for (size_t i = 0; i < h->n_ops && rc == 0; i++) {
        uint32_t clerk = h->ops[i].process % clerks;

        items[i] = (struct sim_op){clerk, counts[clerk]++};
    }
    if (rc == 0)
        c = candidate(s);
    if (c != NULL && sim_case_set_ops(c, items, h->n_ops, s->e) == 0)
        attempt(s, c);
    free(counts);
    free(items);
    return rc < 0 ? err_set(s->e, rc, "shrinking") : s->rc;
}

static int set_deaths(struct sim_case *c, const struct sim_died *died, size_t n, struct err *e)
{
    struct sim_death *named = calloc(n + 1, sizeof *named);
    size_t n_named = 0;
    int rc;

    if (named == NULL)
        return err_set(e, -E_NOMEM, "deaths");
    for (size_t i = 0; i < n; i++)
        if (died[i].between)
            named[n_named++] = died[i].death;
    rc = sim_case_set_deaths(c, named, n_named, e);
    free(named);
    return rc;
}

/* Deaths that chance brought, by name from now on: taking one away then leaves the others. */
static bool pin_deaths(struct shrinker *s)
{
    struct sim_died *died;
    struct sim_case *c;
    bool pinned = false;
    size_t n;

    if (s->best->config.crash_ppm == 0)
        return false;
    s->rc = sim_find_deaths(&s->best->config, s->best->plan, &died, &n, s->e);
    if (s->rc < 0)
        return false;
    c = candidate(s);
    if (c != NULL) {
        c->config.crash_ppm = 0;
        s->rc = set_deaths(c, died, n, s->e);
        pinned = s->rc == 0 && attempt(s, c);
    }
    if (s->rc < 0)
        sim_case_destroy(c);
    free(died);
    return pinned;
}

static void shrink_round(struct shrinker *s)
{
    lower(s, knob("run-ms"), 500);
    shorten(s, &steps_list);
    shorten(s, &deaths_list);
    if (s->best->config.ops != NULL)
        shorten(s, &ops_list);
    lower_crashes(s);
    lower_numbers(s);
    if (s->best->config.ops != NULL)
        drop_idle_clerks(s);
    shorten_faults(s);
}

static void shrink_rounds(struct shrinker *s)
{
    do {
        s->progress = false;
        shrink_round(s);
    } while (s->progress && s->rc == 0 && s->tries < s->o->tries_max);
}

/* Looks for a case nearby with fewer faults, unless there are few already. */
static bool shake(struct shrinker *s)
{
    for (int i = 0; i < SHAKES_MAX && sim_case_faults(s->best) > FAULTS_FEW; i++) {
        struct sim_case *c = candidate(s);

        if (c == NULL)
            return false;
        s->rc = sim_case_shake(c, s->crash_ppm, &s->shaking, s->e);
        if (s->rc < 0)
            sim_case_destroy(c);
        else if (attempt(s, c))
            return true;
    }
    return false;
}

int sim_shrink(struct sim_case **c, const struct sim_shrink_options *o, uint64_t *ret_tries,
               struct err *e)
{
    struct shrinker s = {.o = o,
                         .best = *c,
                         .tries = 1,
                         .crash_ppm = (*c)->config.crash_ppm,
                         .shaking = rng_make((*c)->config.seed, rng_stream("shake", 0)),
                         .e = e};
    struct history *h = o->fails(o->context, *c);

    if (h == NULL)
        return err_set(e, -E_INVAL, "there is no violation to shrink");
    if (s.best->config.ops == NULL)
        s.rc = pin_ops(&s, h);
    history_free(&h);
    do {
        shrink_rounds(&s);
        if (s.rc == 0 && pin_deaths(&s))
            shrink_rounds(&s);
    } while (shake(&s));
    *c = s.best;
    *ret_tries = s.tries;
    return s.rc;
}
