#include "checker/seen.h"

#include "base/pages.h"
#include "base/rng.h"

#include <stdlib.h>

enum { FIRST_RECORDS = 256, FIRST_SLOTS = 2 * FIRST_RECORDS, HEADER_WORDS = 3 };

/* Words of a record. */
enum { WORD_PLACE = 0, WORD_CHAIN = 1, WORD_HASH = 2 };

/* Of a chain only so many are looked at, the latest first. What is overlooked is searched again;
 * that costs time and nothing else. */
enum { CHAIN_MAX = 64 };

int seen_init(struct seen *s, const struct placement *shape, bool dominance)
{
    uint32_t free_words = dominance || shape->hides ? shape->window_words : 0;

    *s = (struct seen){.record_words = HEADER_WORDS + (size_t)shape->window_words + free_words +
                                       shape->pending_words,
                       .cap = FIRST_RECORDS,
                       .table_cap = FIRST_SLOTS,
                       .window_words = shape->window_words,
                       .free_words = free_words,
                       .pending_words = shape->pending_words,
                       .bytes_max = SIZE_MAX,
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

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

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
    key.tag = tag_of(key.hash);
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
           same_words(is_free, at->free, s->free_words) &&
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

static void put_slot(struct seen *s, struct seen_slot slot)
{
    size_t i = slot.tag & (s->table_cap - 1);

    while (s->table[i].head != 0)
        i = (i + 1) & (s->table_cap - 1);
    s->table[i] = slot;
}

static bool has_room(const struct seen *s, size_t more_bytes)
{
    size_t bytes = seen_memory_bytes(s);

    return bytes <= s->bytes_max && more_bytes <= s->bytes_max - bytes;
}

/* False when there is no room for a larger one. The old one counts until it is freed. */
static bool grow_table(struct seen *s)
{
    struct seen_slot *old = s->table;
    size_t old_cap = s->table_cap;
    struct seen_slot *table =
        has_room(s, 2 * old_cap * sizeof *table) ? pages_calloc(2 * old_cap, sizeof *table) : NULL;

    if (table == NULL)
        return false;
    s->table = table;
    s->table_cap = 2 * old_cap;
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].head != 0)
            put_slot(s, old[i]);
    }
    free(old);
    return true;
}

static bool grow_records(struct seen *s)
{
    size_t more = s->cap / 2;
    uint64_t *records;

    if (s->full || s->cap + more >= UINT32_MAX ||
        !has_room(s, more * s->record_words * sizeof *records))
        return false;
    records = pages_grow(s->records, (s->cap + more) * s->record_words * sizeof *records);
    if (records == NULL)
        return false;
    s->records = records;
    s->cap += more;
    return true;
}

/* Makes record `number` the head of the chain in `slot`. */
static void link_record(struct seen *s, struct seen_slot *slot, const struct key *key,
                        uint32_t number)
{
    uint64_t *record = record_at(s, number);

    record[WORD_PLACE] = key->place;
    record[WORD_HASH] = key->hash;
    record[WORD_CHAIN] = slot->head == number ? 0 : slot->head;
    s->n_slots += slot->head == 0;
    *slot = (struct seen_slot){.tag = key->tag, .head = number};
}

static void link_again(struct seen *s, uint32_t number)
{
    const uint64_t *record = record_at(s, number);
    struct key key = {
        .place = record[WORD_PLACE], .hash = record[WORD_HASH], .tag = tag_of(record[WORD_HASH])};

    link_record(s, find(s, &key), &key, number);
}

/* Once records are replaced, slots are left over whose records are gone, and some chains end in
 * records of others. Makes the table anew with the newest records, as many as fill half of it at
 * the most: that pays for itself before it is due again. */
static void renew_table(struct seen *s)
{
    size_t n = s->n < s->table_cap / 2 ? s->n : s->table_cap / 2;
    size_t newest = s->n < s->cap ? s->n : s->oldest + s->cap; /* one behind it */

    memset(s->table, 0, s->table_cap * sizeof *s->table);
    s->n_slots = 0;
    for (size_t i = newest - n; i < newest; i++)
        link_again(s, (uint32_t)(i % s->cap) + 1);
}

static bool can_halve_records(const struct seen *s)
{
    return s->cap / 2 >= FIRST_RECORDS;
}

static bool can_halve_table(const struct seen *s)
{
    return s->table_cap / 2 >= FIRST_SLOTS;
}

/* Forgets everything, and takes half of the memory from now on. */
static void halve(struct seen *s)
{
    uint64_t *records;
    struct seen_slot *table;

    s->cap /= can_halve_records(s) ? 2 : 1;
    s->table_cap /= can_halve_table(s) ? 2 : 1;
    s->n = s->n_slots = s->oldest = 0;
    records = realloc(s->records, s->cap * s->record_words * sizeof *records);
    table = realloc(s->table, s->table_cap * sizeof *table);
    s->records = records != NULL ? records : s->records;
    s->table = table != NULL ? table : s->table;
    memset(s->table, 0, s->table_cap * sizeof *s->table);
}

void seen_bound(struct seen *s, size_t bytes_max)
{
    s->bytes_max = bytes_max;
    while (seen_memory_bytes(s) > bytes_max && (can_halve_records(s) || can_halve_table(s)))
        halve(s);
}

/* The number of a record to be written: a new one, or the oldest. */
static uint32_t next_record(struct seen *s)
{
    uint32_t number;

    if (s->n < s->cap || grow_records(s))
        return (uint32_t)++s->n;
    s->full = true;
    number = (uint32_t)s->oldest + 1;
    s->oldest = number % s->cap;
    return number;
}

/* True when the chain has a record that `at` cannot do better than. It ends where a record was
 * replaced by one of another chain. */
static bool is_covered(const struct seen *s, const struct placement *at, const struct key *key,
                       uint32_t head)
{
    uint32_t i = head;

    for (int n = 0; i != 0 && n < CHAIN_MAX; n++) {
        const uint64_t *record = record_at(s, i);

        if (!belongs(key, record))
            return false;
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
    uint32_t number;

    if (slot->head != 0 && is_covered(s, at, &key, slot->head))
        return 0;
    if ((s->n_slots + 1) * 4 > s->table_cap * 3) {
        if (!grow_table(s)) {
            s->full = true;
            renew_table(s);
        }
        slot = find(s, &key);
    }
    number = next_record(s);
    link_record(s, slot, &key, number);
    fill(s, record_at(s, number), at);
    return 1;
}

size_t seen_memory_bytes(const struct seen *s)
{
    return s->cap * s->record_words * sizeof *s->records + s->table_cap * sizeof *s->table;
}
