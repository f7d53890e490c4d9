#include "sim/queue.h"

#include <stdlib.h>

/* Four children instead of two: half as many levels, and the children of one share cache lines. */
enum { ARITY = 4 };

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static bool grow(struct sim_queue *q)
{
    size_t cap = q->cap == 0 ? 256 : q->cap * 2;
    struct sim_event *grown = realloc(q->heap, cap * sizeof *grown);

    if (grown == NULL)
        return false;
    q->heap = grown;
    q->cap = cap;
    return true;
}

bool sim_queue_put(struct sim_queue *q, struct sim_event event)
{
    size_t at;

    if (q->n == q->cap && !grow(q))
        return false;
    event.order = q->next_order++;
    for (at = q->n++; at > 0; at = (at - 1) / ARITY) {
        struct sim_event *parent = &q->heap[(at - 1) / ARITY];

        if (!before(&event, parent))
            break;
        q->heap[at] = *parent;
    }
    q->heap[at] = event;
    return true;
}

/* The earliest of the children from `first` on. */
static size_t earliest_child(const struct sim_queue *q, size_t first)
{
    size_t end = first + ARITY < q->n ? first + ARITY : q->n;
    size_t best = first;

    for (size_t i = first + 1; i < end; i++)
        if (before(&q->heap[i], &q->heap[best]))
            best = i;
    return best;
}

bool sim_queue_take(struct sim_queue *q, struct sim_event *ret)
{
    struct sim_event last;
    size_t at = 0;

    if (q->n == 0)
        return false;
    *ret = q->heap[0];
    last = q->heap[--q->n];
    for (;;) {
        size_t child = ARITY * at + 1;

        if (child >= q->n)
            break;
        child = earliest_child(q, child);
        if (!before(&q->heap[child], &last))
            break;
        q->heap[at] = q->heap[child];
        at = child;
    }
    if (q->n > 0)
        q->heap[at] = last;
    return true;
}

int64_t sim_queue_peek_ns(const struct sim_queue *q)
{
    return q->n == 0 ? INT64_MAX : q->heap[0].at_ns;
}

void sim_queue_free(struct sim_queue *q)
{
    free(q->heap);
    *q = (struct sim_queue){0};
}
