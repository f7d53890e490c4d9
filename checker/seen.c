#include "checker/seen.h"

#include "base/rng.h"

#include <stdlib.h>

enum { FIRST_RECORDS = 256, HEADER_WORDS = 2 };

/* Words of a record. */
enum { WORD_PLACE = 0, WORD_CHAIN = 1 };

int seen_init(struct seen *s, const struct placement *shape, bool dominance)
{
    *s = (struct seen){.record_words = HEADER_WORDS + (size_t)shape->window_words +
                                       shape->pending_words,
                       .cap = FIRST_RECORDS,
                       .table_cap = FIRST_RECORDS * 2,
                       .window_words = shape->window_words,
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

static uint64_t place_word(const struct placement *at)
{
    return (uint64_t)at->next_return << 32 | at->state;
}

static uint32_t tag_of(const struct seen *s, const struct placement *at)
{
    uint64_t hash = at->window_hash ^ rng_at(0, 2, place_word(at));

    /* Without dominance chains would be long: then every record has a slot of its own. */
    if (!s->dominance)
        hash ^= at->pending_hash;
    return (uint32_t)(hash ^ hash >> 32);
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

static bool belongs(const struct seen *s, const struct placement *at, const uint64_t *record)
{
    return record[WORD_PLACE] == place_word(at) &&
           same_words(record + HEADER_WORDS, at->window, s->window_words) &&
           (s->dominance ||
            same_words(record + HEADER_WORDS + s->window_words, at->pending, s->pending_words));
}

static struct seen_slot *find(const struct seen *s, const struct placement *at, uint32_t tag)
{
    size_t mask = s->table_cap - 1;
    size_t i = tag & mask;

    while (s->table[i].head != 0 &&
           (s->table[i].tag != tag || !belongs(s, at, record_at(s, s->table[i].head))))
        i = (i + 1) & mask;
    return &s->table[i];
}

static int grow_table(struct seen *s)
{
    size_t cap = s->table_cap * 2;
    struct seen_slot *table = calloc(cap, sizeof *table);

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
    records = realloc(s->records, cap * s->record_words * sizeof *records);
    if (records == NULL)
        return -E_NOMEM;
    s->records = records;
    s->cap = cap;
    return 0;
}

/* True when the chain has a record that `at` cannot do better than. */
static bool dominated(const struct seen *s, const struct placement *at, uint32_t head)
{
    for (uint32_t i = head; i != 0; i = (uint32_t)record_at(s, i)[WORD_CHAIN]) {
        if (is_subset(record_at(s, i) + HEADER_WORDS + s->window_words, at->pending,
                      s->pending_words))
            return true;
    }
    return false;
}

int seen_add(struct seen *s, const struct placement *at)
{
    uint32_t tag = tag_of(s, at);
    struct seen_slot *slot = find(s, at, tag);
    uint64_t *record;
    int rc = 0;

    if (slot->head != 0 && dominated(s, at, slot->head))
        return 0;
    if (s->n == s->cap)
        rc = grow_records(s);
    if (rc == 0 && (s->n_slots + 1) * 4 > s->table_cap * 3) {
        rc = grow_table(s);
        slot = find(s, at, tag);
    }
    if (rc < 0)
        return rc;
    record = record_at(s, (uint32_t)++s->n);
    record[WORD_PLACE] = place_word(at);
    record[WORD_CHAIN] = slot->head;
    memcpy(record + HEADER_WORDS, at->window, s->window_words * sizeof *record);
    memcpy(record + HEADER_WORDS + s->window_words, at->pending, s->pending_words * sizeof *record);
    s->n_slots += slot->head == 0;
    *slot = (struct seen_slot){.tag = tag, .head = (uint32_t)s->n};
    return 1;
}

size_t seen_memory_bytes(const struct seen *s)
{
    return s->cap * s->record_words * sizeof *s->records + s->table_cap * sizeof *s->table;
}
