#include "checker/seen.h"

#include "base/pages.h"
#include "base/rng.h"

#include <stdlib.h>

enum { FIRST_RECORDS = 256, HEADER_WORDS = 3 };

/* Words of a record. */
enum { WORD_PLACE = 0, WORD_CHAIN = 1, WORD_HASH = 2 };

/* Of a chain only so many are looked at, the latest first. What is overlooked is searched again;
 * that costs time and nothing else. */
enum { CHAIN_MAX = 64 };

int seen_init(struct seen *s, const struct placement *shape, bool dominance)
{
    uint32_t free_words = dominance ? shape->window_words : 0;

    *s = (struct seen){.record_words = HEADER_WORDS + (size_t)shape->window_words + free_words +
                                       shape->pending_words,
                       .cap = FIRST_RECORDS,
                       .table_cap = FIRST_RECORDS * 2,
                       .window_words = shape->window_words,
                       .free_words = free_words,
                       .pending_words = shape->pending_words,
                       .dominance = dominance};
    s->records = calloc(s->cap * s->record_words, sizeof *s->records);
    s->table = calloc(s->table_cap, sizeof *s->table);
    if (s->records == NULL || s->table == NULL) {
        seen_free(s);
        return -E_NOMEM;
    }
    return 0;
}

void seen_free(struct seen *s)
{
    free(s->records);
    free(s->table);
    *s = (struct seen){0};
}

/* What has to be equal in configurations that dominate each other. */
struct key {
    uint64_t place;
    uint64_t hash;
    uint32_t tag;
};

static bool has_free(const struct placement *at)
{
    for (uint32_t i = 0; i < at->window_words; i++) {
        if (at->free[i] != 0)
            return true;
    }
    return false;
}

/* Configurations in which something is free share chains. Where nothing is, only equal windows
 * dominate, and chains stay short. (That one of the former may dominate one of the latter is
 * overlooked.) */
static struct key key_of(const struct seen *s, const struct placement *at, uint32_t state)
{
    struct key key = {.place = (uint64_t)at->next_return << 32 | state};

    if (!s->dominance)
        key.hash = at->window_hash ^ at->pending_hash;
    else
        key.hash = has_free(at) ? at->fixed_hash : at->window_hash;
    key.hash ^= rng_at(0, 2, key.place);
    key.tag = (uint32_t)(key.hash ^ key.hash >> 32);
    return key;
}

static uint64_t *record_at(const struct seen *s, uint32_t number)
{
    return s->records + (size_t)(number - 1) * s->record_words;
}

static bool same_words(const uint64_t *a, const uint64_t *b, uint32_t n)
{
    return n == 0 || memcmp(a, b, n * sizeof *a) == 0;
}

static bool is_subset(const uint64_t *a, const uint64_t *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if ((a[i] & ~b[i]) != 0)
            return false;
    }
    return true;
}

/* Whether each open operation is free in the record or as it is in `at`. */
static bool window_dominates(const uint64_t *window, const uint64_t *is_free,
                             const struct placement *at)
{
    for (uint32_t i = 0; i < at->window_words; i++) {
        uint64_t differs = (window[i] ^ at->window[i]) | (is_free[i] ^ at->free[i]);

        if ((differs & ~is_free[i]) != 0)
            return false;
    }
    return true;
}

static bool covers(const struct seen *s, const uint64_t *record, const struct placement *at)
{
    const uint64_t *window = record + HEADER_WORDS;
    const uint64_t *is_free = window + s->window_words;
    const uint64_t *pending = is_free + s->free_words;

    if (s->dominance)
        return window_dominates(window, is_free, at) &&
               is_subset(pending, at->pending, s->pending_words);
    return same_words(window, at->window, s->window_words) &&
           same_words(pending, at->pending, s->pending_words);
}

static bool belongs(const struct key *key, const uint64_t *record)
{
    return record[WORD_PLACE] == key->place && record[WORD_HASH] == key->hash;
}

static struct seen_slot *find(const struct seen *s, const struct key *key)
{
    size_t mask = s->table_cap - 1;
    size_t i = key->tag & mask;

    while (s->table[i].head != 0 &&
           (s->table[i].tag != key->tag || !belongs(key, record_at(s, s->table[i].head))))
        i = (i + 1) & mask;
    return &s->table[i];
}

static int grow_table(struct seen *s)
{
    size_t cap = s->table_cap * 2;
    struct seen_slot *table = pages_calloc(cap, sizeof *table);

    if (table == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < s->table_cap; i++) {
        size_t to = s->table[i].tag & (cap - 1);

        if (s->table[i].head == 0)
            continue;
        while (table[to].head != 0)
            to = (to + 1) & (cap - 1);
        table[to] = s->table[i];
    }
    free(s->table);
    s->table = table;
    s->table_cap = cap;
    return 0;
}

static int grow_records(struct seen *s)
{
    size_t cap = s->cap + s->cap / 2;
    uint64_t *records;

    if (cap >= UINT32_MAX)
        return -E_LIMIT;
    records = pages_grow(s->records, cap * s->record_words * sizeof *records);
    if (records == NULL)
        return -E_NOMEM;
    s->records = records;
    s->cap = cap;
    return 0;
}

/* True when the chain has a record that `at` cannot do better than. */
static bool is_covered(const struct seen *s, const struct placement *at, uint32_t head)
{
    uint32_t i = head;

    for (int n = 0; i != 0 && n < CHAIN_MAX; n++) {
        const uint64_t *record = record_at(s, i);

        if (covers(s, record, at))
            return true;
        i = (uint32_t)record[WORD_CHAIN];
    }
    return false;
}

static void fill(const struct seen *s, uint64_t *record, const struct placement *at)
{
    uint64_t *words = record + HEADER_WORDS;

    memcpy(words, at->window, s->window_words * sizeof *words);
    memcpy(words + s->window_words, at->free, s->free_words * sizeof *words);
    memcpy(words + s->window_words + s->free_words, at->pending, s->pending_words * sizeof *words);
}

int seen_add(struct seen *s, const struct placement *at, uint32_t state)
{
    struct key key = key_of(s, at, state);
    struct seen_slot *slot = find(s, &key);
    uint64_t *record;
    int rc = 0;

    if (slot->head != 0 && is_covered(s, at, slot->head))
        return 0;
    if (s->n == s->cap)
        rc = grow_records(s);
    if (rc == 0 && (s->n_slots + 1) * 4 > s->table_cap * 3) {
        rc = grow_table(s);
        slot = find(s, &key);
    }
    if (rc < 0)
        return rc;
    record = record_at(s, (uint32_t)++s->n);
    record[WORD_PLACE] = key.place;
    record[WORD_CHAIN] = slot->head;
    record[WORD_HASH] = key.hash;
    fill(s, record, at);
    s->n_slots += slot->head == 0;
    *slot = (struct seen_slot){.tag = key.tag, .head = (uint32_t)s->n};
    return 1;
}

size_t seen_memory_bytes(const struct seen *s)
{
    return s->cap * s->record_words * sizeof *s->records + s->table_cap * sizeof *s->table;
}
