#include "node/store/memory_family.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>

struct memory_pair *memory_pair_create(struct slice key, struct slice value)
{
    struct memory_pair *p = calloc(1, sizeof *p + key.len + value.len);

    if (p == NULL)
        return NULL;
    p->refs = 1;
    p->key = slice_of(p->bytes, key.len);
    p->value = slice_of(p->bytes + key.len, value.len);
    if (key.len > 0)
        memcpy(p->bytes, key.data, key.len);
    if (value.len > 0)
        memcpy(p->bytes + key.len, value.data, value.len);
    return p;
}

void memory_pair_release(struct memory_pair *p)
{
    if (p != NULL && --p->refs == 0)
        free(p);
}

int memory_family_reserve(struct memory_family *f, size_t more)
{
    size_t cap = f->cap == 0 ? 16 : f->cap;
    struct memory_pair **grown;

    if (f->n + more <= f->cap)
        return 0;
    while (cap < f->n + more)
        cap *= 2;
    grown = realloc(f->pairs, cap * sizeof(struct memory_pair *));
    if (grown == NULL)
        return -E_NOMEM;
    f->pairs = grown;
    f->cap = cap;
    return 0;
}

/* Where `key` stands, or would stand. */
static size_t place_of(const struct memory_family *f, struct slice key)
{
    size_t low = 0;
    size_t high = f->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (slice_compare(f->pairs[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const struct memory_family *f, size_t at, struct slice key)
{
    return at < f->n && slice_equal(f->pairs[at]->key, key);
}

void memory_family_put(struct memory_family *f, struct memory_pair *p)
{
    size_t at = place_of(f, p->key);

    if (stands_at(f, at, p->key)) {
        memory_pair_release(f->pairs[at]);
        f->pairs[at] = p;
        return;
    }
    CHECK_THAT(f->n < f->cap, "n=%zu cap=%zu", f->n, f->cap);
    memmove(f->pairs + at + 1, f->pairs + at, (f->n - at) * sizeof(struct memory_pair *));
    f->pairs[at] = p;
    f->n++;
}

void memory_family_erase(struct memory_family *f, struct slice key)
{
    size_t at = place_of(f, key);

    if (!stands_at(f, at, key))
        return;
    memory_pair_release(f->pairs[at]);
    f->n--;
    memmove(f->pairs + at, f->pairs + at + 1, (f->n - at) * sizeof(struct memory_pair *));
}

const struct memory_pair *memory_family_get(const struct memory_family *f, struct slice key)
{
    size_t at = place_of(f, key);

    return stands_at(f, at, key) ? f->pairs[at] : NULL;
}

int memory_family_copy(const struct memory_family *f, struct slice start, struct memory_family *ret)
{
    struct memory_family copy = {0};
    size_t from = place_of(f, start);
    int rc = memory_family_reserve(&copy, f->n - from);

    if (rc < 0)
        return rc;
    for (size_t i = from; i < f->n; i++) {
        f->pairs[i]->refs++;
        copy.pairs[copy.n++] = f->pairs[i];
    }
    *ret = copy;
    return 0;
}

void memory_family_free(struct memory_family *f)
{
    for (size_t i = 0; i < f->n; i++)
        memory_pair_release(f->pairs[i]);
    free(f->pairs);
    *f = (struct memory_family){0};
}
