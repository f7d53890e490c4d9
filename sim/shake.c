#include "sim/shake.h"

#include "base/clock.h"

/* Clusters of fewer nodes have no minority that could fail. */
enum { NODES_LEAST = 3 };

/* A coincidence may need longer than the run that was cut down to another one; but for ever it is
 * not waited for. */
enum { RUN_MS_MAX = 30000 };

size_t sim_case_faults(const struct sim_case *c)
{
    return c->plan->n_steps + c->deaths.n;
}

static void remove_fault(struct sim_case *c, size_t i)
{
    struct plan_step *step = c->plan->steps + i;
    struct sim_death *death = c->deaths.items + (i - c->plan->n_steps);

    if (i < c->plan->n_steps) {
        memmove(step, step + 1, (c->plan->n_steps - i - 1) * sizeof *step);
        c->plan->n_steps--;
    } else {
        memmove(death, death + 1, (sim_case_faults(c) - i - 1) * sizeof *death);
        c->deaths.n--;
    }
}

/* By up to an election timeout to either side. */
static int64_t move(struct rng *r, int64_t at, int64_t by)
{
    int64_t moved = at - by + (int64_t)rng_below(r, 2 * (uint64_t)by + 1);

    return moved < 0 ? 0 : moved;
}

/* Steps of a plan keep their order. */
static void move_steps(struct sim_case *c, struct rng *r)
{
    int64_t earliest = 0;

    for (size_t i = 0; i < c->plan->n_steps; i++) {
        struct plan_step *step = &c->plan->steps[i];

        step->at_ms = move(r, step->at_ms, c->config.election_ms);
        if (step->at_ms < earliest)
            step->at_ms = earliest;
        earliest = step->at_ms;
    }
}

static int move_deaths(struct sim_case *c, struct rng *r, struct err *e)
{
    for (size_t i = 0; i < c->deaths.n; i++) {
        struct sim_death *d = &c->deaths.items[i];

        d->at_ns = move(r, d->at_ns, (int64_t)c->config.election_ms * NS_PER_MS);
    }
    return c->deaths.n > 0 ? sim_case_set_deaths(c, c->deaths.items, c->deaths.n, e) : 0;
}

/* Other deaths, at most as many as there are. */
static void leave_deaths_to_chance(struct sim_case *c, uint32_t crash_ppm)
{
    c->config.crash_ppm = crash_ppm;
    c->config.crashes_max = (uint32_t)c->deaths.n;
    c->deaths.n = 0;
}

int sim_case_shake(struct sim_case *c, uint32_t crash_ppm, struct rng *r, struct err *e)
{
    size_t n = sim_case_faults(c);
    size_t gone = n == 0 ? 0 : 1 + rng_below(r, n);

    if (n == 0)
        return 0;
    for (; gone > 0; gone--)
        remove_fault(c, rng_below(r, sim_case_faults(c)));
    if (rng_chance(r, 500000))
        c->config.seed = rng_next(r);
    if (rng_chance(r, 500000) && c->config.run_ms <= RUN_MS_MAX / 2)
        c->config.run_ms *= 2;
    if (rng_chance(r, 500000) && c->config.nodes > NODES_LEAST)
        c->config.nodes = (uint32_t)rng_between(r, NODES_LEAST, c->config.nodes);
    if (c->deaths.n > 0 && crash_ppm > 0 && rng_chance(r, 500000))
        leave_deaths_to_chance(c, crash_ppm);
    if (rng_chance(r, 500000))
        return 0;
    move_steps(c, r);
    return move_deaths(c, r, e);
}
