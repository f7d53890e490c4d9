#include "checker/staleness.h"

#include "checker/overwritten.h"
#include "checker/partition.h"

#include <stdlib.h>

static int out_of_memory(struct err *e)
{
    return err_set(e, -E_NOMEM, "staleness: %s", err_text(-E_NOMEM));
}

static bool is_answered_read(const struct history_op *op)
{
    return op->kind == OP_GET && op->outcome == OUTCOME_OK;
}

/* --- reads that are called earlier ---------------------------------------------------------- */

struct moment {
    int64_t time_ns;
    uint64_t seq;
    size_t op;
    bool returns;
    bool
        moved; /* stands before everything else of its time: operations that touch are concurrent */
};

/* The operations of the keys that are not linearizable, and room for a history of them. */
struct widening {
    const struct history *whole;
    size_t *ops; /* of whole->ops */
    size_t n;
    struct moment *moments;
    struct history_op *room;
    size_t *place; /* in the room, of each */
};

static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a;
    const struct moment *y = b;

    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    if (x->moved != y->moved)
        return x->moved ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static size_t list_moments(struct widening *w, int64_t delta_ns)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct history_op *op = &w->whole->ops[w->ops[i]];
        bool moved = delta_ns > 0 && is_answered_read(op);

        w->moments[n++] = (struct moment){.time_ns = op->call_ns - (moved ? delta_ns : 0),
                                          .seq = op->call_seq,
                                          .op = i,
                                          .moved = moved};
        if (op->return_seq != HISTORY_NEVER)
            w->moments[n++] = (struct moment){
                .time_ns = op->return_ns, .seq = op->return_seq, .op = i, .returns = true};
    }
    qsort(w->moments, n, sizeof *w->moments, compare_moments);
    return n;
}

/* The verdict of what would be with every read called `delta_ns` earlier. */
static int judge(struct widening *w, const struct check_options *o, int64_t delta_ns,
                 enum verdict *ret, struct err *e)
{
    struct history moved = {.header = w->whole->header, .ops = w->room, .n_ops = w->n};
    struct check_options options = *o;
    size_t n = list_moments(w, delta_ns);
    size_t n_called = 0;
    struct check_result *result;
    int rc;

    for (size_t i = 0; i < n; i++) {
        const struct moment *m = &w->moments[i];

        if (m->returns) {
            w->room[w->place[m->op]].return_seq = i + 1;
        } else {
            w->place[m->op] = n_called;
            w->room[n_called] = w->whole->ops[w->ops[m->op]];
            w->room[n_called++].call_seq = i + 1;
        }
    }
    options.all = false;
    options.whole = false;
    options.engine = NULL;
    options.verdict_only = true;
    rc = check_history(&moved, &options, &result, e);
    if (rc < 0)
        return rc;
    *ret = result->verdict;
    check_result_free(&result);
    return 0;
}

/* --- which keys ----------------------------------------------------------------------------- */

static int compare_keys(struct slice family_a, struct slice key_a, struct slice family_b,
                        struct slice key_b)
{
    int order = slice_compare(key_a, key_b);

    return order != 0 ? order
                      : slice_compare(partition_family(family_a), partition_family(family_b));
}

static int compare_partitions(const void *a, const void *b)
{
    const struct check_partition *x = a;
    const struct check_partition *y = b;

    return compare_keys(x->family, x->key, y->family, y->key);
}

static bool is_among(const struct check_partition *keys, size_t n, const struct history_op *op)
{
    struct check_partition key = {.family = op->family, .key = op->key};

    return bsearch(&key, keys, n, sizeof *keys, compare_partitions) != NULL;
}

static void widening_free(struct widening *w)
{
    free(w->ops);
    free(w->moments);
    free(w->room);
    free(w->place);
}

/* `keys`: those that are not linearizable, sorted. */
static int widening_make(const struct history *h, const struct check_partition *keys, size_t n_keys,
                         struct widening *ret, struct err *e)
{
    size_t n = 0;

    *ret = (struct widening){.whole = h};
    for (size_t i = 0; i < h->n_ops; i++)
        n += is_among(keys, n_keys, &h->ops[i]);
    ret->ops = calloc(n + 1, sizeof *ret->ops);
    ret->moments = calloc(2 * n + 1, sizeof *ret->moments);
    ret->room = calloc(n + 1, sizeof *ret->room);
    ret->place = calloc(n + 1, sizeof *ret->place);
    if (ret->ops == NULL || ret->moments == NULL || ret->room == NULL || ret->place == NULL) {
        widening_free(ret);
        return out_of_memory(e);
    }
    for (size_t i = 0; i < h->n_ops; i++) {
        if (is_among(keys, n_keys, &h->ops[i]))
            ret->ops[ret->n++] = i;
    }
    return 0;
}

/* --- Delta ---------------------------------------------------------------------------------- */

/* Calling reads earlier takes order away and adds none, so the histories that are linearizable
 * begin at one Delta: halving finds it. `s->delta_ns` is a bound from below, and becomes the
 * result. */
static int halve(struct widening *w, const struct check_options *o, struct staleness *s,
                 struct err *e)
{
    int64_t low = s->delta_ns; /* it is not less */
    int64_t high = w->whole->duration_ns + 1;
    int64_t at = high; /* first whether there is any; then whether the bound is it */
    bool first = true;
    int rc = 0;

    while (rc == 0) {
        enum verdict v;

        rc = judge(w, o, at, &v, e);
        if (rc < 0 || v == VERDICT_UNKNOWN)
            break;
        if (first && v == VERDICT_NOT_LINEARIZABLE) {
            s->kind = STALENESS_NONE;
            return 0;
        }
        if (v == VERDICT_LINEARIZABLE)
            high = at;
        else
            low = at + 1;
        s->delta_ns = low;
        if (low >= high) {
            s->kind = STALENESS_IS;
            return 0;
        }
        at = first ? low : low + (high - low) / 2;
        first = false;
    }
    s->kind = STALENESS_AT_LEAST;
    return rc;
}

static int measure_keys(const struct history *h, const struct check_options *o,
                        struct check_result *r, struct staleness *s, struct err *e)
{
    struct widening w;
    size_t n = 0;
    bool unknown = false;
    int rc;

    for (size_t i = 0; i < r->n_partitions; i++) {
        unknown |= r->partitions[i].verdict == VERDICT_UNKNOWN;
        if (r->partitions[i].verdict == VERDICT_NOT_LINEARIZABLE)
            n++;
    }
    if (n > 0) {
        struct check_partition *keys = calloc(n, sizeof *keys);

        if (keys == NULL)
            return out_of_memory(e);
        n = 0;
        for (size_t i = 0; i < r->n_partitions; i++) {
            if (r->partitions[i].verdict == VERDICT_NOT_LINEARIZABLE)
                keys[n++] = r->partitions[i];
        }
        qsort(keys, n, sizeof *keys, compare_partitions);
        rc = widening_make(h, keys, n, &w, e);
        free(keys);
        if (rc < 0)
            return rc;
        rc = halve(&w, o, s, e);
        widening_free(&w);
        if (rc < 0)
            return rc;
    }
    /* Of a key that was not decided nobody knows; but none makes up for another. */
    if (unknown && s->kind == STALENESS_IS)
        s->kind = STALENESS_AT_LEAST;
    return 0;
}

/* --- whole ---------------------------------------------------------------------------------- */

static bool has_stale_reads(const char *model)
{
    return strcmp(model, "register") == 0 || strcmp(model, "cas-register") == 0 ||
           strcmp(model, "kv") == 0;
}

static int measure(const struct history *h, const struct check_options *o, struct staleness *s,
                   struct err *e)
{
    struct check_options all = *o;
    struct check_result *r;
    int rc = overwritten_find(h, &s->stale, &s->n_stale);

    if (rc < 0)
        return out_of_memory(e);
    for (size_t i = 0; i < h->n_ops; i++)
        s->n_reads += is_answered_read(&h->ops[i]);
    s->delta_ns = s->n_stale > 0 ? s->stale[0].age_ns : 0;
    all.all = true;
    all.whole = false;
    all.engine = NULL;
    all.verdict_only = true;
    rc = check_history(h, &all, &r, e);
    if (rc < 0)
        return rc;
    rc = measure_keys(h, o, r, s, e);
    check_result_free(&r);
    return rc;
}

int staleness_measure(const struct history *h, const struct check_options *o,
                      struct staleness **ret, struct err *e)
{
    const char *model = o->model != NULL ? o->model : h->header.model;
    struct staleness *s;
    int rc;

    if (o->custom != NULL || !has_stale_reads(model))
        return err_set(e, -E_INVAL, "staleness is that of a register, cas-register or kv, not '%s'",
                       model);
    s = calloc(1, sizeof *s);
    if (s == NULL)
        return out_of_memory(e);
    rc = measure(h, o, s, e);
    if (rc < 0) {
        staleness_free(&s);
        return rc;
    }
    *ret = s;
    return 0;
}

void staleness_free(struct staleness **s)
{
    if (*s == NULL)
        return;
    free((*s)->stale);
    free(*s);
    *s = NULL;
}

/* --- in words ------------------------------------------------------------------------------- */

static int tell_delta(const struct history *h, const struct staleness *s, struct buf *out)
{
    double ms = (double)s->delta_ns / 1e6;

    if (s->delta_ns > 0 && h->duration_ns == 0 && s->kind != STALENESS_NONE)
        return buf_printf(out,
                          "Staleness: reads are old; how old cannot be said, since the history "
                          "has no times.\n");
    if (s->kind == STALENESS_NONE)
        return buf_printf(out, "Staleness: none explains this history. Even reads called at its "
                               "start would not make it linearizable.\n");
    if (s->kind == STALENESS_AT_LEAST)
        return buf_printf(out, "Staleness: at least %.3f ms; the budget was spent.\n", ms);
    if (s->delta_ns == 0)
        return buf_printf(out, "Staleness: 0 ms.\n");
    return buf_printf(out,
                      "Staleness: %.3f ms. Had each read been called that much earlier, the "
                      "history would be linearizable.\n",
                      ms);
}

static int tell_read(const struct history *h, const struct staleness_read *r, struct buf *out)
{
    int rc = buf_printf(out, "  - ");

    if (rc == 0)
        rc = history_describe_op(h, &h->ops[r->op], out);
    if (rc == 0)
        rc = buf_printf(out,
                        ": at least %llu version%s old, overwritten %.3f ms before it began by\n"
                        "    ",
                        (unsigned long long)r->versions, r->versions == 1 ? "" : "s",
                        (double)r->age_ns / 1e6);
    if (rc == 0)
        rc = history_describe_op(h, &h->ops[r->overwritten], out);
    return rc == 0 ? buf_append_byte(out, '\n') : rc;
}

int staleness_tell(const struct history *h, const struct staleness *s, struct buf *out)
{
    size_t told = s->n_stale < STALENESS_TOLD_MAX ? s->n_stale : STALENESS_TOLD_MAX;
    int rc = tell_delta(h, s, out);

    if (rc == 0 && s->n_stale > 0)
        rc = buf_printf(out, "%zu of %zu reads returned what had been overwritten%s\n", s->n_stale,
                        s->n_reads, told < s->n_stale ? "; the oldest:" : ":");
    for (size_t i = 0; rc == 0 && i < told; i++)
        rc = tell_read(h, &s->stale[i], out);
    return rc;
}
