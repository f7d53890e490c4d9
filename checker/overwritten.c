#include "checker/overwritten.h"

#include "checker/partition.h"

#include <stdlib.h>

/* --- what writes what ----------------------------------------------------------------------- */

static bool may_write(const struct history_op *op)
{
    bool writes = op->kind == OP_PUT || op->kind == OP_CAS || op->kind == OP_DELETE;

    if (!writes || op->outcome == OUTCOME_FAIL)
        return false;
    return op->outcome != OUTCOME_OK || op->status == STATUS_OK;
}

/* Absent and empty are one where the store cannot tell them apart. */
static struct slice value_of(const struct history *h, const struct history_op *op, bool *ret_absent)
{
    bool alike = (h->header.dialect & HISTORY_ABSENT_IS_EMPTY) != 0;
    bool read = op->kind == OP_GET;
    struct slice value = read ? op->result : op->value;

    *ret_absent = op->kind == OP_DELETE || (read && op->status != STATUS_OK) ||
                  (alike && value.len == 0);
    return *ret_absent ? (struct slice){0} : value;
}

/* --- one key -------------------------------------------------------------------------------- */

/* A write, or several of one value by their calls. */
struct write {
    const struct history_op *op;
    struct slice value;
    bool absent;
    uint64_t last_return; /* the latest of this and those of the same value before it */
};

struct key {
    const struct history *h;
    const struct history_op **ops; /* by call; of this key */
    size_t n;
    struct write *writes; /* by value, then by call */
    size_t n_writes;
    const struct history_op **by_call; /* those that were answered */
    const struct history_op **by_return;
    const struct history_op **reads; /* by call */
    size_t n_answered;
    size_t n_reads;
    /* Fenwick trees over the answered writes from the one called last to the one called first: how
     * many have entered, and which entered first. */
    size_t *count;
    const struct history_op **first;
};

static int compare_values(const struct write *a, bool absent, struct slice value)
{
    if (a->absent != absent)
        return a->absent ? -1 : 1;
    return slice_compare(a->value, value);
}

static int compare_writes(const void *a, const void *b)
{
    const struct write *x = a;
    const struct write *y = b;
    int order = compare_values(x, y->absent, y->value);

    if (order != 0)
        return order;
    return x->op->call_seq < y->op->call_seq ? -1 : x->op->call_seq > y->op->call_seq;
}

static int compare_returns(const void *a, const void *b)
{
    const struct history_op *x = *(const struct history_op *const *)a;
    const struct history_op *y = *(const struct history_op *const *)b;

    return x->return_seq < y->return_seq ? -1 : x->return_seq > y->return_seq;
}

static void list_operations(struct key *k)
{
    k->n_writes = k->n_answered = k->n_reads = 0;
    for (size_t i = 0; i < k->n; i++) {
        const struct history_op *op = k->ops[i];

        if (op->kind == OP_GET && op->outcome == OUTCOME_OK)
            k->reads[k->n_reads++] = op;
        if (!may_write(op))
            continue;
        k->writes[k->n_writes].op = op;
        k->writes[k->n_writes].value = value_of(k->h, op, &k->writes[k->n_writes].absent);
        k->n_writes++;
        if (op->outcome == OUTCOME_OK) {
            k->by_call[k->n_answered] = op;
            k->by_return[k->n_answered++] = op;
        }
    }
    qsort(k->writes, k->n_writes, sizeof *k->writes, compare_writes);
    qsort(k->by_return, k->n_answered, sizeof(struct history_op *), compare_returns);
    for (size_t i = 0; i < k->n_writes; i++) {
        struct write *w = &k->writes[i];
        bool same = i > 0 && compare_values(w, w[-1].absent, w[-1].value) == 0;

        w->last_return = w->op->return_seq;
        if (same && w[-1].last_return > w->last_return)
            w->last_return = w[-1].last_return;
    }
}

/* The latest return of a write that the read can have seen: one of its value, called before the
 * read returned. The value at the start was written before everything. False: there is none. */
static bool last_writer_return(const struct key *k, const struct history_op *read, uint64_t *ret)
{
    size_t low = 0;
    size_t high = k->n_writes;
    bool absent;
    struct slice value = value_of(k->h, read, &absent);
    const struct write *w;

    while (low < high) { /* behind the last one of the value that was called in time */
        size_t middle = low + (high - low) / 2;
        int order = compare_values(&k->writes[middle], absent, value);

        if (order < 0 || (order == 0 && k->writes[middle].op->call_seq < read->return_seq))
            low = middle + 1;
        else
            high = middle;
    }
    w = low > 0 ? &k->writes[low - 1] : NULL;
    *ret = w != NULL && compare_values(w, absent, value) == 0 ? w->last_return : 0;
    return *ret > 0 || absent;
}

/* --- counting ------------------------------------------------------------------------------- */

/* How many of the answered writes were called at or before `seq`. */
static size_t called_by(const struct key *k, uint64_t seq)
{
    size_t low = 0;
    size_t high = k->n_answered;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (k->by_call[middle]->call_seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* They enter in the order of their returns, so what is there first stays. */
static void enter(struct key *k, const struct history_op *write)
{
    size_t i = k->n_answered - called_by(k, write->call_seq) + 1;

    for (; i <= k->n_answered; i += i & -i) {
        k->count[i]++;
        if (k->first[i] == NULL)
            k->first[i] = write;
    }
}

/* Of those that have entered and were called behind `seq`: how many, and which returned first. */
static size_t count_behind(const struct key *k, uint64_t seq, const struct history_op **ret_first)
{
    size_t n = 0;

    *ret_first = NULL;
    for (size_t i = k->n_answered - called_by(k, seq); i > 0; i -= i & -i) {
        n += k->count[i];
        if (k->first[i] != NULL &&
            (*ret_first == NULL || k->first[i]->return_seq < (*ret_first)->return_seq))
            *ret_first = k->first[i];
    }
    return n;
}

/* Sweeps over the reads by their calls. Returns how many are stale. */
static size_t sweep(struct key *k, struct staleness_read *out)
{
    size_t entered = 0;
    size_t n = 0;

    for (size_t i = 0; i <= k->n_answered; i++) {
        k->count[i] = 0;
        k->first[i] = NULL;
    }
    for (size_t i = 0; i < k->n_reads; i++) {
        const struct history_op *read = k->reads[i];
        const struct history_op *first;
        uint64_t written;
        size_t versions;

        while (entered < k->n_answered && k->by_return[entered]->return_seq < read->call_seq)
            enter(k, k->by_return[entered++]);
        if (!last_writer_return(k, read, &written) || written == HISTORY_NEVER)
            continue;
        versions = count_behind(k, written, &first);
        if (versions > 0)
            out[n++] = (struct staleness_read){.op = (size_t)(read - k->h->ops),
                                               .overwritten = (size_t)(first - k->h->ops),
                                               .versions = versions,
                                               .age_ns = read->call_ns - first->return_ns};
    }
    return n;
}

/* --- all keys ------------------------------------------------------------------------------- */

static int compare_ops(const void *a, const void *b)
{
    const struct history_op *x = *(const struct history_op *const *)a;
    const struct history_op *y = *(const struct history_op *const *)b;
    int order = slice_compare(x->key, y->key);

    if (order == 0)
        order = slice_compare(partition_family(x->family), partition_family(y->family));
    if (order != 0)
        return order;
    return x->call_seq < y->call_seq ? -1 : x->call_seq > y->call_seq;
}

static int compare_ages(const void *a, const void *b)
{
    const struct staleness_read *x = a;
    const struct staleness_read *y = b;

    if (x->age_ns != y->age_ns)
        return x->age_ns > y->age_ns ? -1 : 1;
    return x->op < y->op ? -1 : x->op > y->op;
}

static bool is_appended_to(const struct key *k)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->ops[i]->kind == OP_APPEND && k->ops[i]->outcome != OUTCOME_FAIL)
            return true;
    }
    return false;
}

static void key_free(struct key *k)
{
    free(k->writes);
    free(k->by_call);
    free(k->by_return);
    free(k->reads);
    free(k->count);
    free(k->first);
}

/* Room for a key with as many operations as the whole history has. */
static int key_make(const struct history *h, struct key *ret)
{
    size_t n = h->n_ops + 1;

    *ret = (struct key){.h = h};
    ret->writes = calloc(n, sizeof *ret->writes);
    ret->by_call = calloc(n, sizeof(struct history_op *));
    ret->by_return = calloc(n, sizeof(struct history_op *));
    ret->reads = calloc(n, sizeof(struct history_op *));
    ret->count = calloc(n, sizeof *ret->count);
    ret->first = calloc(n, sizeof(struct history_op *));
    if (ret->writes == NULL || ret->by_call == NULL || ret->by_return == NULL ||
        ret->reads == NULL || ret->count == NULL || ret->first == NULL) {
        key_free(ret);
        return -E_NOMEM;
    }
    return 0;
}

int overwritten_find(const struct history *h, struct staleness_read **ret, size_t *n)
{
    const struct history_op **ops = calloc(h->n_ops + 1, sizeof(struct history_op *));
    struct staleness_read *found = calloc(h->n_ops + 1, sizeof *found);
    size_t n_found = 0;
    struct key k;

    if (ops == NULL || found == NULL || key_make(h, &k) < 0) {
        free(ops);
        free(found);
        return -E_NOMEM;
    }
    for (size_t i = 0; i < h->n_ops; i++)
        ops[i] = &h->ops[i];
    qsort(ops, h->n_ops, sizeof(struct history_op *), compare_ops);
    for (size_t i = 0; i < h->n_ops; i += k.n) {
        k.ops = &ops[i];
        for (k.n = 1; i + k.n < h->n_ops && partition_same_key(ops[i], ops[i + k.n]);)
            k.n++;
        if (is_appended_to(&k))
            continue;
        list_operations(&k);
        n_found += sweep(&k, found + n_found);
    }
    qsort(found, n_found, sizeof *found, compare_ages);
    key_free(&k);
    free(ops);
    *ret = found;
    *n = n_found;
    return 0;
}
