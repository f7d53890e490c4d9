#include "nemesis/timers.h"

#include "base/check.h"

#include <stdlib.h>

static const size_t nowhere = SIZE_MAX;

struct timers {
    size_t n;
    int64_t *due_ns; /* by thing */
    size_t *place;   /* by thing: where it stands in the heap, or `nowhere` */
    size_t *heap;    /* things */
    size_t len;
};

int timers_create(size_t n, struct timers **ret, struct err *e)
{
    struct timers *t = calloc(1, sizeof *t);

    if (t == NULL)
        return err_set(e, -E_NOMEM, "timers");
    t->n = n;
    t->due_ns = calloc(n + 1, sizeof *t->due_ns);
    t->place = calloc(n + 1, sizeof *t->place);
    t->heap = calloc(n + 1, sizeof *t->heap);
    if (t->due_ns == NULL || t->place == NULL || t->heap == NULL) {
        timers_destroy(&t);
        return err_set(e, -E_NOMEM, "timers");
    }
    for (size_t i = 0; i < n; i++)
        t->place[i] = nowhere;
    *ret = t;
    return 0;
}

void timers_destroy(struct timers **t)
{
    if (*t == NULL)
        return;
    free((*t)->due_ns);
    free((*t)->place);
    free((*t)->heap);
    free(*t);
    *t = NULL;
}

static void put(struct timers *t, size_t place, size_t thing)
{
    t->heap[place] = thing;
    t->place[thing] = place;
}

static bool earlier(const struct timers *t, size_t a, size_t b)
{
    return t->due_ns[t->heap[a]] < t->due_ns[t->heap[b]];
}

static void swap(struct timers *t, size_t a, size_t b)
{
    size_t held = t->heap[a];

    put(t, a, t->heap[b]);
    put(t, b, held);
}

static void sift_up(struct timers *t, size_t at)
{
    for (; at > 0 && earlier(t, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(t, at, (at - 1) / 2);
}

static void sift_down(struct timers *t, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < t->len && earlier(t, child + 1, child))
            child++;
        if (child >= t->len || !earlier(t, child, at))
            return;
        swap(t, child, at);
        at = child;
    }
}

static void take_out(struct timers *t, size_t at)
{
    t->place[t->heap[at]] = nowhere;
    t->len--;
    if (at == t->len)
        return;
    put(t, at, t->heap[t->len]);
    sift_up(t, at);
    sift_down(t, at);
}

void timers_set(struct timers *t, size_t thing, int64_t due_ns)
{
    size_t at;

    CHECK_THAT(thing < t->n, "%zu of %zu", thing, t->n);
    at = t->place[thing];
    if (at == nowhere ? due_ns == INT64_MAX : due_ns == t->due_ns[thing])
        return;
    t->due_ns[thing] = due_ns;
    if (due_ns == INT64_MAX) {
        take_out(t, at);
        return;
    }
    if (at == nowhere) {
        at = t->len++;
        put(t, at, thing);
    }
    sift_up(t, at);
    sift_down(t, t->place[thing]);
}

bool timers_first(const struct timers *t, size_t *ret_thing, int64_t *ret_due_ns)
{
    if (t->len == 0)
        return false;
    *ret_thing = t->heap[0];
    *ret_due_ns = t->due_ns[t->heap[0]];
    return true;
}
