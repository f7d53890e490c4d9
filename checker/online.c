#include "checker/online.h"

#include "base/hash.h"
#include "checker/frontier.h"
#include "checker/partition.h"

#include <stdlib.h>

/* uthash with our hash function; an element is left out when memory runs out. */
#define HASH_FUNCTION(key, len, value) (value) = (unsigned)hash_bytes(key, len, 0)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* --- what waits ----------------------------------------------------------------------------- */

struct lane;

/* An operation, from its invocation until nobody refers to it: its process while it is open, and
 * its events while they wait. */
struct flight {
    struct history_op op; /* slices into `bytes` and `result` */
    uint8_t *result;
    struct lane *lane; /* NULL: on a key that is not followed */
    unsigned refs;
    uint32_t number; /* in the frontier */
    bool ended;      /* it is known how */
    bool given_up;   /* nobody waits for its end any more */
    UT_hash_handle hh;
    size_t n_bytes;
    uint8_t bytes[];
};

struct waiting {
    struct waiting *next;
    struct flight *flight;
    bool is_return;
};

/* One key. */
struct lane {
    struct frontier *frontier; /* NULL: it was given up */
    struct waiting *first;
    struct waiting **last;
    size_t n_waiting;
    size_t bytes; /* of the frontier, as last counted */
    uint64_t n_visited;
    UT_hash_handle hh;
    size_t n_name;
    uint8_t name[]; /* family, 0, key */
};

struct online {
    const struct history_header *header;
    const struct model *model;
    size_t memory_bytes_max;
    struct flight *open; /* by process */
    struct lane *lanes;
    struct flight *violation; /* a reference */
    uint64_t seq;
    struct online_status status;
};

static void count_bytes(struct online *o, size_t more, size_t less)
{
    o->status.bytes += more;
    o->status.bytes -= less;
    if (o->status.bytes > o->status.bytes_max)
        o->status.bytes_max = o->status.bytes;
}

static size_t flight_bytes(const struct flight *f)
{
    return sizeof *f + f->n_bytes + (f->result == NULL ? 0 : f->op.result.len);
}

static void release(struct online *o, struct flight *f)
{
    if (--f->refs > 0)
        return;
    count_bytes(o, 0, flight_bytes(f));
    free(f->result);
    free(f);
}

static bool append(struct online *o, struct flight *f, bool is_return)
{
    struct waiting *w = malloc(sizeof *w);

    if (w == NULL)
        return false;
    *w = (struct waiting){.flight = f, .is_return = is_return};
    f->refs++;
    *f->lane->last = w;
    f->lane->last = &w->next;
    f->lane->n_waiting++;
    o->status.n_waiting++;
    count_bytes(o, sizeof *w, 0);
    return true;
}

static void drop_first(struct online *o, struct lane *lane)
{
    struct waiting *w = lane->first;

    lane->first = w->next;
    if (lane->first == NULL)
        lane->last = &lane->first;
    lane->n_waiting--;
    o->status.n_waiting--;
    release(o, w->flight);
    count_bytes(o, 0, sizeof *w);
    free(w);
}

/* --- keys ----------------------------------------------------------------------------------- */

static void give_up(struct online *o, struct lane *lane, const char *reason)
{
    if (lane->frontier == NULL)
        return;
    frontier_destroy(lane->frontier);
    lane->frontier = NULL;
    while (lane->first != NULL)
        drop_first(o, lane);
    count_bytes(o, 0, lane->bytes);
    lane->bytes = 0;
    o->status.n_lost++;
    if (o->status.reason == NULL)
        o->status.reason = reason;
}

static void lane_free(struct lane *lane)
{
    frontier_destroy(lane->frontier);
    free(lane);
}

/* Counts what the frontier takes now. */
static void weigh(struct online *o, struct lane *lane)
{
    struct frontier_size size = frontier_size(lane->frontier);

    count_bytes(o, size.bytes, lane->bytes);
    lane->bytes = size.bytes;
    o->status.n_visited += size.n_visited - lane->n_visited;
    lane->n_visited = size.n_visited;
}

static bool is_over(const struct online *o, size_t more)
{
    return o->memory_bytes_max > 0 &&
           (more > o->memory_bytes_max || o->status.bytes > o->memory_bytes_max - more);
}

static struct lane *lane_new(struct online *o, const struct buf *name)
{
    struct lane *lane = calloc(1, sizeof *lane + name->len);

    if (lane == NULL || frontier_create(o->model, o->header, &lane->frontier) < 0) {
        free(lane);
        return NULL;
    }
    lane->last = &lane->first;
    lane->n_name = name->len;
    memcpy(lane->name, name->data, name->len);
    HASH_ADD_KEYPTR(hh, o->lanes, lane->name, lane->n_name, lane);
    if (lane->hh.tbl == NULL) {
        lane_free(lane);
        return NULL;
    }
    o->status.n_keys++;
    count_bytes(o, sizeof *lane + lane->n_name, 0);
    weigh(o, lane);
    return lane;
}

/* *ret NULL: the key is one too many. Errors: -E_NOMEM, -E_LIMIT. */
static int lane_of(struct online *o, const struct op *op, struct lane **ret)
{
    struct slice family = partition_family(op->family);
    struct buf name = {0};
    int rc = buf_append_slice(&name, family);

    if (rc == 0)
        rc = buf_append_byte(&name, 0);
    if (rc == 0)
        rc = buf_append_slice(&name, op->key);
    if (rc == 0)
        HASH_FIND(hh, o->lanes, name.data, name.len, *ret);
    if (rc == 0 && *ret == NULL) {
        if (o->status.n_keys < ONLINE_KEYS_MAX) {
            *ret = lane_new(o, &name);
            rc = *ret == NULL ? -E_NOMEM : 0;
        } else {
            o->status.reason = "too many keys";
        }
    }
    buf_free(&name);
    return rc;
}

/* --- judging -------------------------------------------------------------------------------- */

static const char *reason_of(int rc)
{
    return rc == -E_LIMIT ? "too many configurations to follow" : "memory ran out";
}

/* Whether its end adds to what is to be explained. */
static bool counts(const struct history_op *op)
{
    return op->outcome != OUTCOME_FAIL &&
           (op->outcome == OUTCOME_OK || !op_is_read((enum op_kind)op->kind));
}

static int judge_call(struct lane *lane, struct flight *f)
{
    return counts(&f->op) ? frontier_call(lane->frontier, &f->op, &f->number) : 0;
}

/* 1: not linearizable. */
static int judge_return(struct online *o, struct lane *lane, struct flight *f)
{
    int rc = frontier_return(lane->frontier, f->number);

    if (rc == 1)
        o->status.n_returns++;
    if (rc != 0)
        return rc < 0 ? rc : 0;
    o->violation = f;
    f->refs++;
    return 1;
}

/* Judges what need not wait any longer. 1: not linearizable. */
static int advance(struct online *o, struct lane *lane)
{
    int rc = 0;

    while (rc == 0 && lane->first != NULL) {
        struct flight *f = lane->first->flight;

        if (!lane->first->is_return && !f->ended) {
            if (lane->n_waiting <= ONLINE_WAITING_MAX)
                return 0;
            f->given_up = true;
        }
        rc = lane->first->is_return ? judge_return(o, lane, f) : judge_call(lane, f);
        if (rc >= 0) {
            weigh(o, lane);
            drop_first(o, lane);
        }
    }
    if (rc < 0)
        give_up(o, lane, reason_of(rc));
    else if (is_over(o, 0))
        give_up(o, lane, "memory budget spent");
    return rc == 1;
}

/* --- events --------------------------------------------------------------------------------- */

static struct slice keep(uint8_t **to, struct slice s)
{
    struct slice kept = slice_of(*to, s.len);

    if (s.len > 0)
        memcpy(*to, s.data, s.len);
    *to += s.len;
    return kept;
}

static struct flight *flight_new(const struct history_event *event)
{
    const struct op *op = &event->op;
    size_t n = op->family.len + op->key.len + op->value.len + op->expected.len;
    struct flight *f = malloc(sizeof *f + n);
    uint8_t *to;

    if (f == NULL)
        return NULL;
    *f = (struct flight){.op = {.process = event->process,
                                .kind = op->kind,
                                .expects_absent = op->expects_absent,
                                .call_seq = event->seq,
                                .return_seq = HISTORY_NEVER,
                                .call_ns = event->time_ns},
                         .refs = 1,
                         .n_bytes = n};
    to = f->bytes;
    f->op.family = keep(&to, op->family);
    f->op.key = keep(&to, op->key);
    f->op.value = keep(&to, op->value);
    f->op.expected = keep(&to, op->expected);
    return f;
}

static int out_of_memory(const struct online *o, struct err *e)
{
    return err_set(e, -E_NOMEM, "event %llu: %s", (unsigned long long)o->seq, err_text(-E_NOMEM));
}

/* Puts the operation into its process's hands and its key's queue. */
static int launch(struct online *o, struct flight *f, const struct op *op, struct err *e)
{
    int rc = lane_of(o, op, &f->lane);

    if (rc == 0)
        HASH_ADD(hh, o->open, op.process, sizeof f->op.process, f);
    if (rc < 0 || f->hh.tbl == NULL) {
        free(f);
        return out_of_memory(o, e);
    }
    count_bytes(o, flight_bytes(f), 0);
    if (f->lane == NULL || f->lane->frontier == NULL)
        return 0;
    if (is_over(o, 0))
        give_up(o, f->lane, "memory budget spent");
    else if (!append(o, f, false))
        give_up(o, f->lane, "memory ran out");
    return 0;
}

static int on_invoke(struct online *o, const struct history_event *event, struct err *e)
{
    struct flight *f;
    int rc;

    HASH_FIND(hh, o->open, &event->process, sizeof event->process, f);
    if (f != NULL)
        return err_set(e, -E_PARSE, "process %u invokes while its last operation is open",
                       event->process);
    if (!op_valid_in_history(&event->op))
        return err_set(e, -E_PARSE, "process %u invokes what is no operation of a history",
                       event->process);
    f = flight_new(event);
    if (f == NULL)
        return out_of_memory(o, e);
    rc = model_admits(o->model, o->header, &f->op, e);
    if (rc < 0) {
        free(f);
        return rc;
    }
    rc = launch(o, f, &event->op, e);
    return rc < 0 || f->lane == NULL ? rc : advance(o, f->lane);
}

/* Notes how the operation ended. */
static int end(struct online *o, struct flight *f, const struct history_event *event)
{
    f->op.outcome = event->outcome;
    f->op.status = event->status;
    f->op.node = event->node;
    f->op.return_ns = event->time_ns;
    f->ended = true;
    if (event->outcome == OUTCOME_INFO)
        return 0;
    f->op.return_seq = event->seq;
    if (event->outcome == OUTCOME_OK && event->status == STATUS_OK &&
        op_returns_value((enum op_kind)f->op.kind) && event->value.len > 0) {
        f->result = slice_dup(event->value);
        if (f->result == NULL)
            return -E_NOMEM;
        f->op.result = slice_of(f->result, event->value.len);
        count_bytes(o, event->value.len, 0);
    }
    return 0;
}

/* The end of an operation on a key that is followed. 1: not linearizable. */
static int land(struct online *o, struct flight *f)
{
    if (f->given_up && f->op.outcome != OUTCOME_INFO) {
        give_up(o, f->lane, "an operation was open for too long");
        return 0;
    }
    if (f->op.outcome == OUTCOME_OK && !append(o, f, true)) {
        give_up(o, f->lane, "memory ran out");
        return 0;
    }
    return advance(o, f->lane);
}

static int on_complete(struct online *o, const struct history_event *event, struct err *e)
{
    struct flight *f;
    int rc;

    HASH_FIND(hh, o->open, &event->process, sizeof event->process, f);
    if (f == NULL)
        return err_set(e, -E_PARSE, "process %u ends an operation that it has not begun",
                       event->process);
    HASH_DEL(o->open, f);
    rc = end(o, f, event);
    if (rc < 0)
        rc = out_of_memory(o, e);
    if (rc == 0 && counts(&f->op)) {
        o->status.n_ops++;
        rc = model_admits(o->model, o->header, &f->op, e);
    }
    if (rc == 0 && f->lane != NULL && f->lane->frontier != NULL)
        rc = land(o, f);
    release(o, f);
    return rc;
}

int online_event(struct online *o, const struct history_event *event, struct err *e)
{
    if (o->violation != NULL)
        return 1;
    o->seq = event->seq;
    switch (event->kind) {
    case HISTORY_INVOKE: return on_invoke(o, event, e);
    case HISTORY_COMPLETE: return on_complete(o, event, e);
    default: return 0;
    }
}

int online_finish(struct online *o)
{
    struct flight *f;
    struct flight *next_flight;
    struct lane *lane;
    struct lane *next_lane;

    HASH_ITER(hh, o->open, f, next_flight)
    {
        f->ended = true;
    }
    HASH_ITER(hh, o->lanes, lane, next_lane)
    {
        if (o->violation == NULL && lane->frontier != NULL)
            advance(o, lane);
    }
    return o->violation != NULL;
}

/* --- the whole ------------------------------------------------------------------------------ */

int online_create(const struct history_header *header, const struct online_options *options,
                  struct online **ret, struct err *e)
{
    const char *name = options->model != NULL ? options->model : header->model;
    const struct model *m = model_find(name);
    struct online *o;
    int rc;

    if (m == NULL)
        return err_set(e, -E_INVAL, "there is no model '%s'", name);
    rc = m->admits_header == NULL ? 0 : m->admits_header(header, e);
    if (rc < 0)
        return rc;
    o = calloc(1, sizeof *o);
    if (o == NULL)
        return err_set(e, -E_NOMEM, "%s", err_text(-E_NOMEM));
    o->header = header;
    o->model = m;
    o->memory_bytes_max = options->memory_bytes_max;
    *ret = o;
    return 0;
}

void online_destroy(struct online *o)
{
    struct flight *f;
    struct flight *next_flight;
    struct lane *lane;
    struct lane *next_lane;

    if (o == NULL)
        return;
    if (o->violation != NULL)
        release(o, o->violation);
    HASH_ITER(hh, o->open, f, next_flight)
    {
        HASH_DEL(o->open, f);
        release(o, f);
    }
    HASH_ITER(hh, o->lanes, lane, next_lane)
    {
        while (lane->first != NULL)
            drop_first(o, lane);
        HASH_DEL(o->lanes, lane);
        lane_free(lane);
    }
    free(o);
}

struct online_status online_status(const struct online *o)
{
    struct online_status s = o->status;

    s.violation = o->violation == NULL ? NULL : &o->violation->op;
    if (s.violation != NULL)
        s.verdict = VERDICT_NOT_LINEARIZABLE;
    else
        s.verdict = s.reason != NULL ? VERDICT_UNKNOWN : VERDICT_LINEARIZABLE;
    return s;
}
