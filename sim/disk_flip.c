#include "sim/disk_impl.h"

#include <inttypes.h>
#include <stdio.h>

/* Of eight flips so many strike the log, and so many the state; the rest the term and the vote. */
enum { FLIPS_ALL = 8, FLIPS_LOG = 4, FLIPS_STATE = 3 };

static void flip_bit(void *bytes, size_t len, struct rng *r)
{
    uint64_t bit = rng_below(r, len * 8);

    ((uint8_t *)bytes)[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static struct disk_flip flip_hard_state(struct sim_disk *d, struct rng *r)
{
    bool term = rng_chance(r, 500000);

    flip_bit(term ? &d->hard.term : &d->hard.vote, sizeof d->hard.term, r);
    return (struct disk_flip){.kind = DISK_FLIP_HARD_STATE};
}

/* Some entries have no bytes of their own. */
static struct disk_flip flip_log_entry(struct sim_disk *d, struct rng *r)
{
    struct entry *entry;

    if (disk_log_length(d) == 0)
        return (struct disk_flip){0};
    entry = &d->entries[rng_below(r, disk_log_length(d))];
    if (entry->data.len == 0)
        return (struct disk_flip){0};
    flip_bit((uint8_t *)entry->data.data, entry->data.len, r);
    return (struct disk_flip){.kind = DISK_FLIP_LOG, .index = entry->index};
}

/* The pair itself may be lent to cursors and belongs to what they saw before. */
static struct disk_flip flip_value(struct sim_disk *d, struct rng *r)
{
    struct memory_family *f = &d->families[rng_below(r, d->options.store.n_families)];
    struct memory_pair **at, *damaged;

    if (f->n == 0)
        return (struct disk_flip){0};
    at = &f->pairs[rng_below(r, f->n)];
    if ((*at)->value.len == 0)
        return (struct disk_flip){0};
    damaged = memory_pair_create((*at)->key, (*at)->value);
    CHECK(damaged != NULL);
    flip_bit((uint8_t *)damaged->value.data, damaged->value.len, r);
    memory_pair_release(*at);
    *at = damaged;
    return (struct disk_flip){.kind = DISK_FLIP_STATE, .pair = damaged};
}

bool sim_disk_flip(struct sim_disk *d, struct rng *r)
{
    uint64_t what;

    if (d->flip.kind != DISK_FLIP_NONE || d->failed || d->writing.head != NULL ||
        d->unsynced.head != NULL)
        return false;
    what = rng_below(r, FLIPS_ALL);
    if (what < FLIPS_LOG)
        d->flip = flip_log_entry(d, r);
    else if (what < FLIPS_LOG + FLIPS_STATE)
        d->flip = flip_value(d, r);
    else
        d->flip = flip_hard_state(d, r);
    return d->flip.kind != DISK_FLIP_NONE;
}

bool sim_disk_damaged(const struct sim_disk *d)
{
    return d->flip.kind != DISK_FLIP_NONE;
}

static void describe(const struct disk_flip *flip, char ret[SIM_DISK_DAMAGE_TEXT_MAX])
{
    switch (flip->kind) {
    case DISK_FLIP_NONE: ret[0] = '\0'; break;
    case DISK_FLIP_HARD_STATE:
        snprintf(ret, SIM_DISK_DAMAGE_TEXT_MAX, "the term and the vote");
        break;
    case DISK_FLIP_LOG:
        snprintf(ret, SIM_DISK_DAMAGE_TEXT_MAX, "log entry %" PRIu64, flip->index);
        break;
    case DISK_FLIP_STATE: snprintf(ret, SIM_DISK_DAMAGE_TEXT_MAX, "a value of the state"); break;
    }
}

void sim_disk_describe_damage(const struct sim_disk *d, char ret[SIM_DISK_DAMAGE_TEXT_MAX])
{
    describe(&d->flip, ret);
}

void disk_flip_overwritten(struct sim_disk *d, const struct disk_batch *b)
{
    bool gone = false;

    if (d->flip.kind == DISK_FLIP_HARD_STATE)
        gone = b->hard_changed;
    else if (d->flip.kind == DISK_FLIP_LOG)
        gone = b->truncate_from != 0 && d->flip.index >= b->truncate_from;
    for (size_t i = 0; d->flip.kind == DISK_FLIP_STATE && i < b->n_writes; i++)
        gone = gone || b->pairs_before[i] == d->flip.pair;
    if (gone)
        d->flip = (struct disk_flip){0};
}

/* What a checksum does: damaged data is found when it is read, and then nothing may be trusted. */
static int found(struct sim_disk *d, const struct disk_flip *flip)
{
    char what[SIM_DISK_DAMAGE_TEXT_MAX];

    describe(flip, what);
    d->failed = true;
    return err_set(&d->failure, -E_CORRUPT, "checksum mismatch in %s", what);
}

int disk_read_everything(struct sim_disk *d)
{
    return d->flip.kind != DISK_FLIP_NONE ? found(d, &d->flip) : 0;
}

int disk_read_entry(struct sim_disk *d, uint64_t index)
{
    return d->flip.kind == DISK_FLIP_LOG && d->flip.index == index ? found(d, &d->flip) : 0;
}

int disk_read_pair(struct sim_disk *d, const struct disk_flip *flip, const struct memory_pair *pair)
{
    return flip->kind == DISK_FLIP_STATE && flip->pair == pair ? found(d, flip) : 0;
}
