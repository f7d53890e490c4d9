#include "sim/world.h"

#include "base/clock.h"

#include <inttypes.h>

/* Nodes that die between two effects of their server: by chance, or by name. */

/* A node that died by itself is back after 1 to 1,024 ms: some before anybody has noticed. */
enum { RESTART_DOUBLINGS = 11 };

/* The next death that is named for the node, or NULL. */
static const struct sim_death *named_death(const struct sim_node *n)
{
    const struct sim_deaths *all = n->world->config.deaths;

    if (all == NULL || n->next_death >= all->n || all->items[n->next_death].node != n->id)
        return NULL;
    return &all->items[n->next_death];
}

/* Steps over the deaths of other nodes, and those whose time came while the node was down. */
static void skip_deaths(struct sim_node *n)
{
    const struct sim_deaths *all = n->world->config.deaths;

    n->overdue = 0;
    while (all != NULL && n->next_death < all->n && all->items[n->next_death].node <= n->id &&
           (all->items[n->next_death].node < n->id ||
            all->items[n->next_death].at_ns < n->world->now_ns))
        n->next_death++;
}

static bool dies_by_name(struct sim_node *n)
{
    const struct sim_death *d = named_death(n);

    if (d == NULL || n->world->now_ns < d->at_ns || n->overdue++ < d->effects)
        return false;
    n->death.down_ms = d->down_ms;
    n->next_death++;
    return true;
}

static bool dies_by_chance(struct sim_node *n)
{
    struct sim_world *w = n->world;
    const struct sim_config *c = &w->config;

    return c->crash_ppm > 0 && (c->crashes_max == 0 || w->result->crashes < c->crashes_max) &&
           rng_chance(&n->crashes, c->crash_ppm);
}

bool sim_node_lives(struct sim_node *n, struct sim_effect effect)
{
    if (n->dying || n->world->healed)
        return !n->dying;
    if (n->effects_at_ns != n->world->now_ns) {
        n->effects_at_ns = n->world->now_ns;
        n->effects = 0;
    }
    n->dying = dies_by_name(n) || dies_by_chance(n);
    if (n->dying) {
        n->death.node = (uint32_t)n->id;
        n->death.at_ns = n->world->now_ns;
        n->death.effects = n->effects;
        n->effect = effect;
    }
    n->effects++;
    return !n->dying;
}

void sim_node_reborn(struct sim_node *n)
{
    n->dying = false;
    n->death = (struct sim_death){0};
    skip_deaths(n);
}

/* For a drawn time; a death that is named says itself for how long, and draws all the same, so that
 * naming it makes no other run. */
void sim_node_die(struct sim_node *n)
{
    struct sim_event restart = {.kind = SIM_RESTART, .node = (uint32_t)n->index};
    struct sim_world *w = n->world;
    uint32_t drawn_ms = (uint32_t)1 << rng_below(&w->restarts, RESTART_DOUBLINGS);

    if (n->death.down_ms == 0)
        n->death.down_ms = drawn_ms;
    w->result->crashes++;
    sim_node_crash(n);
    restart.at_ns = w->now_ns + n->death.down_ms * NS_PER_MS;
    sim_put(w, restart);
}

/* --- for the story --------------------------------------------------------------------------- */

static int tell_effect(const struct sim_effect *e, char *text, size_t size)
{
    switch (e->kind) {
    case SIM_SAVES: return snprintf(text, size, "before a write to its disk");
    case SIM_SENDS:
        return snprintf(text, size, "before it sends %s to node %" PRIu64,
                        raft_message_type_name(e->type), e->to);
    case SIM_ANSWERS: return snprintf(text, size, "before it answers a clerk");
    }
    return 0;
}

void sim_note_death(struct sim_node *n, uint64_t lost_batches)
{
    struct sim_world *w = n->world;
    struct sim_died *d;
    int len = 0;

    if (w->died == NULL || w->n_died == SIM_DEATHS_MAX)
        return;
    d = &w->died[w->n_died++];
    d->between = n->death.node != 0;
    d->death = n->death;
    if (d->between)
        len = tell_effect(&n->effect, d->told, sizeof d->told);
    else
        d->death = (struct sim_death){.node = (uint32_t)n->id, .at_ns = w->now_ns};
    if (lost_batches > 0)
        snprintf(d->told + len, sizeof d->told - (size_t)len, "%s%" PRIu64 " write%s lost",
                 len > 0 ? "; " : "", lost_batches, lost_batches == 1 ? " is" : "s are");
}
