#include "checker/configs.h"

#include "base/err.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROWS = 16, KEPT_ROWS_MAX = 1024 };

/* Of a chain only so many are compared, the latest first: what is overlooked costs time. */
enum { CHAIN_MAX = 64 };

/* Words of a row; behind them `done`, `free`, and `used`, two numbers a word. */
enum { WORD_STATES, WORD_HASH, WORD_CHAIN, HEADER_WORDS };

/* --- one ------------------------------------------------------------------------------------ */

int config_init(struct config *c, struct config_shape shape)
{
    *c = (struct config){.before = CONFIG_NO_BEFORE};
    c->done = calloc(2 * (size_t)shape.window_words + 1, sizeof *c->done);
    c->used = calloc((size_t)shape.n_classes + 1, sizeof *c->used);
    if (c->done == NULL || c->used == NULL) {
        config_free(c);
        return -E_NOMEM;
    }
    c->free = c->done + shape.window_words;
    return 0;
}

void config_free(struct config *c)
{
    free(c->done);
    free(c->used);
    *c = (struct config){0};
}

void config_copy(struct config *to, const struct config *from, struct config_shape shape)
{
    to->state = from->state;
    to->before = from->before;
    memcpy(to->done, from->done, shape.window_words * sizeof *to->done);
    memcpy(to->free, from->free, shape.window_words * sizeof *to->free);
    memcpy(to->used, from->used, shape.n_classes * sizeof *to->used);
}

/* --- many ----------------------------------------------------------------------------------- */

static uint64_t *row_at(const struct configs *s, size_t i)
{
    return s->rows + i * s->row_words;
}

static size_t words_of(struct config_shape shape)
{
    return HEADER_WORDS + 2 * (size_t)shape.window_words + (shape.n_classes + 1) / 2;
}

/* The pointers of a row; nothing writes through them but `write_row`. */
static struct config view(const struct configs *s, size_t i)
{
    uint64_t *row = row_at(s, i);

    return (struct config){.state = (uint32_t)row[WORD_STATES],
                           .before = (uint32_t)(row[WORD_STATES] >> 32),
                           .done = row + HEADER_WORDS,
                           .free = row + HEADER_WORDS + s->shape.window_words,
                           .used = (uint32_t *)(row + HEADER_WORDS + 2 * s->shape.window_words)};
}

int configs_init(struct configs *s, struct config_shape shape)
{
    *s = (struct configs){
        .shape = shape, .row_words = words_of(shape), .cap = FIRST_ROWS, .n_heads = FIRST_ROWS};
    s->rows = calloc(s->cap * s->row_words, sizeof *s->rows);
    s->heads = calloc(s->n_heads, sizeof *s->heads);
    if (s->rows == NULL || s->heads == NULL) {
        configs_free(s);
        return -E_NOMEM;
    }
    return 0;
}

void configs_free(struct configs *s)
{
    free(s->rows);
    free(s->heads);
    *s = (struct configs){0};
}

void configs_clear(struct configs *s)
{
    struct configs small;

    s->n = 0;
    if (s->cap > KEPT_ROWS_MAX && configs_init(&small, s->shape) == 0) {
        configs_free(s);
        *s = small;
        return;
    }
    memset(s->heads, 0, s->n_heads * sizeof *s->heads);
}

void configs_get(const struct configs *s, size_t i, struct config *ret)
{
    struct config row = view(s, i);

    config_copy(ret, &row, s->shape);
}

static bool has_free(const struct config *c, uint32_t n_words)
{
    for (uint32_t i = 0; i < n_words; i++) {
        if (c->free[i] != 0)
            return true;
    }
    return false;
}

/* Where something is free, what is not blind has to be equal; else all that is done. */
static uint64_t hash_of(const struct config *c, const uint64_t *blind, uint32_t n_words)
{
    bool any_free = has_free(c, n_words);
    uint64_t hash = rng_at(0, 1 + any_free, c->state);

    for (uint32_t i = 0; i < n_words; i++)
        hash = rng_at(hash, i, any_free ? c->done[i] & ~blind[i] : c->done[i]);
    return hash;
}

static bool dominates(const struct config *a, const struct config *b, struct config_shape shape)
{
    if (a->state != b->state)
        return false;
    for (uint32_t i = 0; i < shape.window_words; i++) {
        uint64_t differs = (a->done[i] ^ b->done[i]) | (a->free[i] ^ b->free[i]);

        if ((differs & ~a->free[i]) != 0)
            return false;
    }
    for (uint32_t i = 0; i < shape.n_classes; i++) {
        if (a->used[i] > b->used[i])
            return false;
    }
    return true;
}

static bool is_dominated(const struct configs *s, const struct config *c, uint64_t hash)
{
    uint32_t i = s->heads[hash & (s->n_heads - 1)];

    for (int n = 0; i != 0 && n < CHAIN_MAX; i = (uint32_t)row_at(s, i - 1)[WORD_CHAIN]) {
        struct config row;

        if (row_at(s, i - 1)[WORD_HASH] != hash)
            continue;
        row = view(s, i - 1);
        if (dominates(&row, c, s->shape))
            return true;
        n++;
    }
    return false;
}

static void link_row(struct configs *s, size_t i)
{
    uint64_t *row = row_at(s, i);
    uint32_t *head = &s->heads[row[WORD_HASH] & (s->n_heads - 1)];

    row[WORD_CHAIN] = *head;
    *head = (uint32_t)i + 1;
}

static int grow(struct configs *s)
{
    size_t cap = s->cap * 2;
    uint64_t *rows;
    uint32_t *heads;

    if (cap >= UINT32_MAX)
        return -E_LIMIT;
    rows = reallocarray(s->rows, cap * s->row_words, sizeof *rows);
    if (rows == NULL)
        return -E_NOMEM;
    s->rows = rows;
    heads = calloc(cap, sizeof *heads);
    if (heads == NULL)
        return -E_NOMEM;
    free(s->heads);
    s->heads = heads;
    s->n_heads = s->cap = cap;
    for (size_t i = 0; i < s->n; i++)
        link_row(s, i);
    return 0;
}

static void write_row(struct configs *s, size_t i, const struct config *c)
{
    struct config row = view(s, i);

    config_copy(&row, c, s->shape);
    row_at(s, i)[WORD_STATES] = (uint64_t)c->before << 32 | c->state;
}

int configs_add(struct configs *s, const struct config *c, const uint64_t *blind)
{
    uint64_t hash = hash_of(c, blind, s->shape.window_words);
    int rc;

    if (is_dominated(s, c, hash))
        return 0;
    rc = s->n == s->cap ? grow(s) : 0;
    if (rc < 0)
        return rc;
    write_row(s, s->n, c);
    row_at(s, s->n)[WORD_HASH] = hash;
    link_row(s, s->n++);
    return 1;
}

size_t configs_memory_bytes(const struct configs *s)
{
    return s->cap * s->row_words * sizeof *s->rows + s->n_heads * sizeof *s->heads;
}
