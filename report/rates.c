#include "report/parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* An operation that ended, for sorting. */
struct ended {
    uint32_t bucket; /* of the time at which it ended */
    enum op_outcome outcome;
    int64_t length_us;
};

static int by_bucket(const void *a, const void *b)
{
    const struct ended *x = a;
    const struct ended *y = b;

    if (x->bucket != y->bucket)
        return x->bucket < y->bucket ? -1 : 1;
    if (x->length_us != y->length_us)
        return x->length_us < y->length_us ? -1 : 1;
    return 0;
}

static int by_length(const void *a, const void *b)
{
    const struct ended *x = a;
    const struct ended *y = b;

    return (x->length_us > y->length_us) - (x->length_us < y->length_us);
}

static int64_t bucket_us(const struct history *h)
{
    return clock_end(h) / REPORT_BUCKETS + 1;
}

/* Those of one kind that ended, into `ret`; pending ones are counted only. */
static size_t collect(const struct history *h, enum op_kind kind, struct ended *ret,
                      uint64_t counts[OUTCOME_COUNT])
{
    int64_t width = bucket_us(h);
    size_t n = 0;

    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];

        if (op->kind != kind)
            continue;
        counts[op->outcome]++;
        if (op->outcome == OUTCOME_PENDING || clock_is_order(h))
            continue;
        ret[n++] = (struct ended){.bucket = (uint32_t)(op->return_ns / 1000 / width),
                                  .outcome = op->outcome,
                                  .length_us = (op->return_ns - op->call_ns) / 1000};
    }
    return n;
}

/* The smallest of which at least a share of all is not above it; 0 of none. */
static int64_t quantile(const struct ended *sorted, size_t n, double share)
{
    size_t rank = (size_t)ceil(share * (double)n);

    return n == 0 ? 0 : sorted[rank > 0 ? rank - 1 : 0].length_us;
}

/* Keeps what was answered: a failure's latency says nothing of the store's. */
static size_t keep_ok(struct ended *items, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (items[i].outcome == OUTCOME_OK)
            items[kept++] = items[i];
    }
    return kept;
}

/* [bucket, ended, p50, p99, max] of each bucket in which something was answered. */
static int put_buckets(struct ended *ok, size_t n, struct buf *out)
{
    int rc = 0;

    qsort(ok, n, sizeof *ok, by_bucket);
    for (size_t i = 0, end; rc == 0 && i < n; i = end) {
        for (end = i + 1; end < n && ok[end].bucket == ok[i].bucket;)
            end++;
        rc = buf_printf(out, "%s[%" PRIu32 ",%zu,%" PRId64 ",%" PRId64 ",%" PRId64 "]",
                        i == 0 ? "" : ",", ok[i].bucket, end - i, quantile(ok + i, end - i, 0.5),
                        quantile(ok + i, end - i, 0.99), ok[end - 1].length_us);
    }
    return rc;
}

static int put_kind(const struct history *h, enum op_kind kind, struct ended *room, struct buf *out)
{
    uint64_t counts[OUTCOME_COUNT] = {0};
    size_t n = collect(h, kind, room, counts);
    bool first = out->data[out->len - 1] == '[';
    int rc;

    if (counts[0] + counts[OUTCOME_OK] + counts[OUTCOME_FAIL] + counts[OUTCOME_INFO] == 0)
        return 0;
    n = keep_ok(room, n);
    qsort(room, n, sizeof *room, by_length);
    rc = buf_printf(out,
                    "%s{\"kind\":%d,\"pending\":%" PRIu64 ",\"ok\":%" PRIu64 ",\"fail\":%" PRIu64
                    ",\"info\":%" PRIu64 ",\"quantiles\":[%" PRId64 ",%" PRId64 ",%" PRId64
                    ",%" PRId64 ",%" PRId64 "],\"buckets\":[",
                    first ? "" : ",", (int)kind, counts[OUTCOME_PENDING], counts[OUTCOME_OK],
                    counts[OUTCOME_FAIL], counts[OUTCOME_INFO], quantile(room, n, 0.5),
                    quantile(room, n, 0.9), quantile(room, n, 0.99), quantile(room, n, 0.999),
                    n == 0 ? 0 : room[n - 1].length_us);
    if (rc == 0)
        rc = put_buckets(room, n, out);
    return rc < 0 ? rc : buf_printf(out, "]}");
}

int rates_put(const struct history *h, struct buf *out)
{
    struct ended *room = calloc(h->n_ops + 1, sizeof *room);
    int rc;

    if (room == NULL)
        return -E_NOMEM;
    rc = buf_printf(out, "{\"width\":%" PRId64 ",\"kinds\":[", bucket_us(h));
    for (unsigned kind = 0; rc == 0 && kind < OP_ANY_KIND_COUNT; kind++)
        rc = put_kind(h, (enum op_kind)kind, room, out);
    free(room);
    return rc < 0 ? rc : buf_printf(out, "]}");
}
