#include "checker/tell.h"

#include "checker/describe.h"
#include "checker/model.h"
#include "checker/partition.h"

#include <inttypes.h>

/* A reason in one sentence, for violations that have one: of a value that was read, who wrote it
 * and what came between. What a sentence says is held against all operations of the key, not only
 * against those that are left, so that it holds of the whole history. Where there is no such
 * sentence, the facts that matter are listed: who had returned before who began. */

/* Of more operations no sentence is looked for; more facts are not listed. */
enum { REASON_OPS_MAX = 128, FACTS_MAX = 8 };

enum reason_kind {
    REASON_NONE,
    REASON_NOBODY,      /* wrote it */
    REASON_NOT_YET,     /* `other` was the first to, later */
    REASON_OVERWRITTEN, /* by `other` */
    REASON_WRITTEN,     /* by `other`, where nothing was found */
    REASON_INCOMPLETE,  /* what `other` had appended is not in it */
};

struct reason {
    enum reason_kind kind;
    size_t blamed; /* of the minimal operations */
    const struct history_op *other;
};

/* What a key holds: a value, or none. */
struct value {
    bool absent;
    struct slice bytes;
};

struct story {
    const struct history *h;
    const struct minimal *m;
};

static const struct history_op *op_at(const struct story *s, size_t i)
{
    return &s->h->ops[s->m->ops[i].op];
}

/* --- operations on a value ------------------------------------------------------------------ */

static bool is_of_values(const char *model)
{
    return strcmp(model, "register") == 0 || strcmp(model, "cas-register") == 0 ||
           strcmp(model, "kv") == 0;
}

static struct value value_of(const struct history *h, bool absent, struct slice bytes)
{
    bool no_absence = (h->header.dialect & HISTORY_ABSENT_IS_EMPTY) != 0;

    return (struct value){.absent = absent || (no_absence && bytes.len == 0), .bytes = bytes};
}

static bool same_value(struct value a, struct value b)
{
    return a.absent == b.absent && (a.absent || slice_equal(a.bytes, b.bytes));
}

/* The only value that gives this answer. */
static bool wants(const struct history *h, const struct history_op *op, struct value *ret)
{
    if (op->outcome != OUTCOME_OK)
        return false;
    if (op->kind == OP_GET)
        *ret = value_of(h, op->status != STATUS_OK, op->result);
    else
        *ret = value_of(h, op->expects_absent, op->expected);
    return op->kind == OP_GET || (op->kind == OP_CAS && op->status == STATUS_OK);
}

/* What it leaves whatever was there, if it happened. */
static bool leaves(const struct history *h, const struct history_op *op, struct value *ret)
{
    bool answered = op->outcome == OUTCOME_OK && op->status != STATUS_OK;

    *ret = value_of(h, op->kind == OP_DELETE, op->value);
    return op->outcome != OUTCOME_FAIL && !answered &&
           (op->kind == OP_PUT || op->kind == OP_CAS || op->kind == OP_DELETE);
}

static bool happened(const struct history_op *op)
{
    return op->outcome == OUTCOME_OK && op->status == STATUS_OK;
}

static bool is_before(const struct history_op *a, const struct history_op *b)
{
    return a->outcome == OUTCOME_OK && a->return_seq < b->call_seq;
}

static bool has_appends(const struct history *h, const struct history_op *key)
{
    for (size_t i = 0; i < h->n_ops; i++) {
        if (h->ops[i].kind == OP_APPEND && h->ops[i].outcome != OUTCOME_FAIL &&
            partition_same_key(&h->ops[i], key))
            return true;
    }
    return false;
}

/* --- reasons -------------------------------------------------------------------------------- */

/* Who wrote what an operation saw. */
struct writers {
    const struct history_op *first; /* by call, also of those that came too late */
    size_t n;                       /* of those that did not */
    uint64_t latest_return;         /* of these */
};

static struct writers find_writers(const struct history *h, const struct history_op *op,
                                   struct value wanted)
{
    struct writers w = {0};

    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *p = &h->ops[i];
        uint64_t ret = p->outcome == OUTCOME_OK ? p->return_seq : HISTORY_NEVER;
        struct value left;

        if (p == op || !partition_same_key(p, op) || !leaves(h, p, &left) ||
            !same_value(left, wanted))
            continue;
        w.first = w.first == NULL ? p : w.first;
        if (is_before(op, p))
            continue;
        w.n++;
        w.latest_return = ret > w.latest_return ? ret : w.latest_return;
    }
    return w;
}

/* The last of the minimal operations that certainly stands between `op` and everybody who may have
 * written what it saw. */
static const struct history_op *find_overwriter(const struct story *s, const struct history_op *op,
                                                struct value wanted, const struct writers *writers)
{
    const struct history_op *found = NULL;

    for (size_t i = 0; i < s->m->n; i++) {
        const struct history_op *w = op_at(s, i);
        struct value left;

        if (!happened(w) || !is_before(w, op) || !leaves(s->h, w, &left) ||
            same_value(left, wanted) || (writers->n > 0 && writers->latest_return >= w->call_seq))
            continue;
        if (found == NULL || w->return_seq > found->return_seq)
            found = w;
    }
    return found;
}

static struct reason blame_write(const struct story *s, size_t i, struct value wanted)
{
    const struct history_op *op = op_at(s, i);
    struct writers w = find_writers(s->h, op, wanted);
    struct reason r = {.blamed = i, .other = w.first};

    if (w.n == 0 && !wanted.absent) {
        r.kind = w.first == NULL ? REASON_NOBODY : REASON_NOT_YET;
        return r;
    }
    r.other = find_overwriter(s, op, wanted, &w);
    if (r.other != NULL)
        r.kind = wanted.absent ? REASON_WRITTEN : REASON_OVERWRITTEN;
    return r;
}

/* Whether nothing that overwrites can stand between two operations. */
static bool none_between(const struct history *h, const struct history_op *a,
                         const struct history_op *b)
{
    for (size_t i = 0; i < h->n_ops; i++) {
        struct value left;

        if (partition_same_key(&h->ops[i], b) && leaves(h, &h->ops[i], &left) &&
            !is_before(&h->ops[i], a) && !is_before(b, &h->ops[i]))
            return false;
    }
    return true;
}

static bool contains(struct value v, struct slice part)
{
    return !v.absent && v.bytes.len > 0 && part.len > 0 &&
           memmem(v.bytes.data, v.bytes.len, part.data, part.len) != NULL;
}

/* What had been appended stays until something overwrites it. */
static struct reason blame_append(const struct story *s, size_t i, struct value wanted)
{
    struct reason r = {.blamed = i};
    const struct history_op *op = op_at(s, i);

    for (size_t k = 0; k < s->m->n; k++) {
        const struct history_op *p = op_at(s, k);

        if (p->kind == OP_APPEND && p->value.len > 0 && is_before(p, op) &&
            !contains(wanted, p->value) && none_between(s->h, p, op)) {
            r.kind = wanted.absent ? REASON_WRITTEN : REASON_INCOMPLETE;
            r.other = p;
        }
    }
    return r;
}

/* The first operation, from the last on, that one sentence convicts. */
static struct reason find_reason(const struct story *s)
{
    bool appends;

    if (!is_of_values(s->m->model->name) || s->m->n == 0 || s->m->n > REASON_OPS_MAX)
        return (struct reason){0};
    appends = has_appends(s->h, op_at(s, 0));
    for (size_t i = s->m->n; i-- > 0;) {
        struct value wanted;
        struct reason r;

        if (!wants(s->h, op_at(s, i), &wanted))
            continue;
        r = appends ? blame_append(s, i, wanted) : blame_write(s, i, wanted);
        if (r.kind != REASON_NONE)
            return r;
    }
    return (struct reason){0};
}

/* --- words ---------------------------------------------------------------------------------- */

/* `process 1's put "5"` */
static int say_who(const struct history_op *op, struct buf *out)
{
    int rc = buf_printf(out, "process %" PRIu32 "'s ", op->process);

    return rc == 0 ? describe_question(op, out) : rc;
}

/* `12.0 ms `, or nothing where nobody looked at a clock. */
static int say_time(const struct story *s, int64_t ns, struct buf *out)
{
    return s->h->duration_ns == 0 ? 0 : buf_printf(out, "%.1f ms ", describe_ms(ns));
}

/* `The get by process 3 returned "4"` */
static int say_blamed(const struct story *s, const struct history_op *op, struct buf *out)
{
    struct value v;
    int rc = buf_printf(out, "The %s by process %" PRIu32 " %s ", op_kind_name(op->kind),
                        op->process, op->kind == OP_CAS ? "found" : "returned");

    if (rc < 0 || !wants(s->h, op, &v))
        return rc;
    return v.absent ? buf_printf(out, "no value") : describe_bytes(v.bytes, out);
}

/* ` that had returned 12.0 ms before the get began` */
static int say_how_long(const struct story *s, const struct history_op *other,
                        const struct history_op *op, struct buf *out)
{
    int rc = buf_printf(out, " that had returned ");

    if (rc == 0)
        rc = say_time(s, op->call_ns - other->return_ns, out);
    return rc == 0 ? buf_printf(out, "before the %s began", op_kind_name(op->kind)) : rc;
}

static const char *const LINKS[] = {
    [REASON_NOBODY] = ", which nobody wrote",
    [REASON_NOT_YET] = ", but the first to write that was ",
    [REASON_OVERWRITTEN] = ", which was overwritten by ",
    [REASON_WRITTEN] = ", in spite of ",
    [REASON_INCOMPLETE] = ", which lacks what was added by ",
};

static int say_reason(const struct story *s, const struct reason *r, struct buf *out)
{
    const struct history_op *op = op_at(s, r->blamed);
    int rc = say_blamed(s, op, out);

    if (rc == 0)
        rc = buf_printf(out, "%s", LINKS[r->kind]);
    if (rc == 0 && r->other != NULL)
        rc = say_who(r->other, out);
    if (rc == 0 && r->kind == REASON_NOT_YET) {
        rc = buf_printf(out, ", which began ");
        if (rc == 0)
            rc = say_time(s, r->other->call_ns - op->return_ns, out);
        if (rc == 0)
            rc = buf_printf(out, "after the %s had returned", op_kind_name(op->kind));
    } else if (rc == 0 && r->other != NULL) {
        rc = say_how_long(s, r->other, op, out);
    }
    return rc == 0 ? buf_printf(out, ".\n") : rc;
}

/* `process 1's get, which gave "4",` */
static int say_who_and_what(const struct story *s, const struct history_op *op, struct buf *out)
{
    struct value v;
    int rc = say_who(op, out);

    if (rc < 0 || op->kind != OP_GET || !wants(s->h, op, &v))
        return rc;
    rc = buf_printf(out, ", which gave ");
    if (rc == 0)
        rc = v.absent ? buf_printf(out, "no value") : describe_bytes(v.bytes, out);
    return rc == 0 ? buf_append_byte(out, ',') : rc;
}

/* Who had returned before the next of them began. */
static int say_fact(const struct story *s, size_t i, struct buf *out)
{
    const struct history_op *op = op_at(s, i);
    size_t next = i + 1;
    int rc;

    while (next < s->m->n && !is_before(op, op_at(s, next)))
        next++;
    if (next == s->m->n)
        return 0;
    rc = buf_printf(out, "  - ");
    if (rc == 0)
        rc = say_who_and_what(s, op, out);
    if (rc == 0)
        rc = buf_printf(out, " had returned ");
    if (rc == 0)
        rc = say_time(s, op_at(s, next)->call_ns - op->return_ns, out);
    if (rc == 0)
        rc = buf_printf(out, "before ");
    if (rc == 0)
        rc = say_who(op_at(s, next), out);
    return rc == 0 ? buf_printf(out, " began\n") : rc;
}

static int say_facts(const struct story *s, struct buf *out)
{
    bool any = false;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < s->m->n; i++)
        any |= s->m->ops[i].return_matters;
    if (!any)
        return buf_printf(out, "No order of them gives every answer, whatever their times are.\n");
    rc = buf_printf(out, "No order of them gives every answer and respects that these came one "
                         "after the other:\n");
    for (size_t i = 0; rc == 0 && i < s->m->n; i++) {
        n += s->m->ops[i].return_matters;
        if (s->m->ops[i].return_matters && n <= FACTS_MAX)
            rc = say_fact(s, i, out);
    }
    return rc == 0 && n > FACTS_MAX ? buf_printf(out, "  - and more\n") : rc;
}

static int say_head(const struct story *s, struct buf *out)
{
    const struct minimal *m = s->m;
    int rc = buf_printf(out, "%zu of the %zu operations on ", m->n, m->n_whole);

    if (rc == 0)
        rc = describe_object(m->model->noun, op_at(s, 0), out);
    if (rc == 0)
        rc = buf_printf(out,
                        m->n == 1 ? " is impossible by itself" : " are impossible by themselves");
    return rc == 0 ? buf_printf(out, "%s:\n", m->finished ? "" : " (fewer may be)") : rc;
}

int minimal_tell(const struct history *h, const struct minimal *m, struct buf *out)
{
    struct story s = {.h = h, .m = m};
    struct reason r = find_reason(&s);
    int rc = say_head(&s, out);

    if (rc < 0)
        return rc;
    return r.kind != REASON_NONE ? say_reason(&s, &r, out) : say_facts(&s, out);
}

size_t minimal_blamed(const struct history *h, const struct minimal *m)
{
    struct story s = {.h = h, .m = m};
    struct reason r = find_reason(&s);

    return r.kind != REASON_NONE ? r.blamed : m->last;
}
