#include "checker/placement.h"

#include "base/check.h"
#include "base/pages.h"
#include "base/rng.h"

#include <stdlib.h>

/* A number for each operation that its bit adds to a hash (Zobrist, "A new hashing method with
 * application for game playing", 1970), computed rather than stored. */
static uint64_t bit_key(uint32_t op)
{
    return rng_at(0, 1, op);
}

static uint32_t words_for(uint32_t bits)
{
    return bits / 64 + (bits % 64 != 0);
}

int placement_init(struct placement *at, const struct problem *p, bool hides)
{
    uint32_t n = p->n_required;
    uint32_t n_pending = p->n_ops - n;

    *at = (struct placement){.problem = p,
                             .hides = hides,
                             .state = p->initial,
                             .limit = n > 0 ? p->ops[p->by_return[0]].ret : PROBLEM_NEVER,
                             .window_words = words_for(p->n_slots),
                             .pending_words = words_for(n_pending)};
    at->window = pages_calloc(at->window_words + 1u, sizeof *at->window);
    at->free = pages_calloc(at->window_words + 1u, sizeof *at->free);
    at->pending = pages_calloc(at->pending_words + 1u, sizeof *at->pending);
    at->next = pages_calloc(n + 1u, sizeof *at->next);
    at->prev = pages_calloc(n + 1u, sizeof *at->prev);
    at->used = pages_calloc(p->n_classes + 1u, sizeof *at->used);
    at->order = pages_calloc(p->n_ops + 1u, sizeof *at->order);
    if (at->window == NULL || at->free == NULL || at->pending == NULL || at->next == NULL ||
        at->prev == NULL || at->used == NULL || at->order == NULL) {
        placement_free(at);
        return -E_NOMEM;
    }
    for (uint32_t i = 0; i <= n; i++) {
        at->next[i] = i == n ? 0 : i + 1;
        at->prev[i] = i == 0 ? n : i - 1;
    }
    return 0;
}

void placement_free(struct placement *at)
{
    free(at->window);
    free(at->free);
    free(at->pending);
    free(at->next);
    free(at->prev);
    free(at->used);
    free(at->order);
    *at = (struct placement){0};
}

static void flip_window(struct placement *at, uint32_t op)
{
    uint32_t slot = at->problem->ops[op].slot;

    at->window[slot / 64] ^= UINT64_C(1) << slot % 64;
    at->window_hash ^= bit_key(op);
    if (!at->problem->classes[at->problem->ops[op].class].blind)
        at->fixed_hash ^= bit_key(op);
}

static void flip_pending(struct placement *at, uint32_t op)
{
    uint32_t bit = op - at->problem->n_required;

    at->pending[bit / 64] ^= UINT64_C(1) << bit % 64;
    at->pending_hash ^= bit_key(op);
}

/* While the operation that returns next is placed, its slot can be given to another. */
static void advance(struct placement *at)
{
    const struct problem *p = at->problem;

    while (at->next_return < p->n_required) {
        uint32_t op = p->by_return[at->next_return];
        uint32_t slot = p->ops[op].slot;

        if ((at->window[slot / 64] >> slot % 64 & 1) == 0)
            break;
        flip_window(at, op);
        at->next_return++;
    }
    at->limit = at->next_return < p->n_required ? p->ops[p->by_return[at->next_return]].ret
                                                : PROBLEM_NEVER;
}

static void set_free(struct placement *at, uint32_t op, bool is_free)
{
    uint32_t slot = at->problem->ops[op].slot;
    uint64_t bit = UINT64_C(1) << slot % 64;

    at->free[slot / 64] = is_free ? at->free[slot / 64] | bit : at->free[slot / 64] & ~bit;
}

static void cover(struct placement *at, uint32_t covered)
{
    const struct problem *p = at->problem;

    at->covered = covered;
    memset(at->free, 0, at->window_words * sizeof *at->free);
    for (uint32_t op = at->next[p->n_required]; op < p->n_required && p->ops[op].call < covered;
         op = at->next[op]) {
        if (p->classes[p->ops[op].class].blind)
            set_free(at, op, true);
    }
}

static void note_step(struct placement *at, uint32_t op, bool hidden)
{
    at->order[at->depth++] = (struct placed){.op = op,
                                             .state = at->state,
                                             .next_return = at->next_return,
                                             .covered = at->covered,
                                             .hidden = hidden};
}

static void take_required(struct placement *at, uint32_t op)
{
    at->next[at->prev[op]] = at->next[op];
    at->prev[at->next[op]] = at->prev[op];
    at->n_required++;
    flip_window(at, op);
    set_free(at, op, false);
}

void placement_push(struct placement *at, uint32_t op, uint32_t state)
{
    const struct problem *p = at->problem;

    CHECK_THAT(p->ops[op].call < at->limit, "call=%u limit=%u", p->ops[op].call, at->limit);
    note_step(at, op, false);
    at->state = state;
    if (!problem_is_required(p, op)) {
        flip_pending(at, op);
        at->used[p->ops[op].class]++;
        return;
    }
    take_required(at, op);
    if (at->hides && p->classes[p->ops[op].class].hides)
        cover(at, at->limit);
    advance(at);
}

void placement_hide(struct placement *at)
{
    uint32_t op = at->problem->by_return[at->next_return];

    CHECK_THAT(placement_is_free(at, op), "op=%u covered=%u", op, at->covered);
    note_step(at, op, true);
    take_required(at, op);
    advance(at);
}

uint32_t placement_pop(struct placement *at)
{
    const struct problem *p = at->problem;
    struct placed last;

    CHECK(at->depth > 0);
    last = at->order[--at->depth];
    at->state = last.state;
    if (!problem_is_required(p, last.op)) {
        flip_pending(at, last.op);
        at->used[p->ops[last.op].class]--;
        return last.op;
    }
    while (at->next_return > last.next_return)
        flip_window(at, p->by_return[--at->next_return]);
    at->limit = p->ops[p->by_return[at->next_return]].ret;
    flip_window(at, last.op);
    at->n_required--;
    at->next[at->prev[last.op]] = last.op;
    at->prev[at->next[last.op]] = last.op;
    if (last.covered != at->covered)
        cover(at, last.covered);
    else
        set_free(at, last.op, placement_is_free(at, last.op));
    return last.op;
}

uint32_t placement_open(const struct placement *at, uint32_t after)
{
    const struct problem *p = at->problem;
    uint32_t op = at->next[after == PLACEMENT_NONE ? p->n_required : after];

    return op < p->n_required && p->ops[op].call < at->limit ? op : PLACEMENT_NONE;
}

uint32_t placement_pending(const struct placement *at, uint32_t after)
{
    const struct problem *p = at->problem;
    uint32_t class = after == PLACEMENT_NONE ? p->first_pending_class : p->ops[after].class + 1;

    for (; class < p->n_classes; class ++) {
        uint32_t op = p->classes[class].first + at->used[class];

        if (at->used[class] < p->classes[class].n && p->ops[op].call < at->limit)
            return op;
    }
    return PLACEMENT_NONE;
}

size_t placement_memory_bytes(const struct placement *at)
{
    const struct problem *p = at->problem;

    return (2 * (size_t)at->window_words + at->pending_words) * sizeof *at->window +
           2 * (size_t)p->n_required * sizeof *at->next + (size_t)p->n_classes * sizeof *at->used +
           (size_t)p->n_ops * sizeof *at->order;
}
