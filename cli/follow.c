#include "cli/follow.h"

#include "base/clock.h"
#include "cli/judge.h"
#include "cli/signals.h"

#include <inttypes.h>
#include <poll.h>

enum { WAIT_MS = 20, EVENTS_PER_LOOK = 1024 };

struct follower {
    const char *path;
    const struct follow_options *o;
    int64_t end_ns; /* INT64_MAX: none */
    struct history_reader *reader;
    struct online *online;
    uint64_t n_events;
    bool ended; /* the END event was read */
    bool interrupted;
    bool out_of_time;
};

/* True when the verdict so far has to do. */
static bool has_to_stop(struct follower *f)
{
    f->interrupted = signals_interrupted();
    f->out_of_time = clock_monotonic_ns() >= f->end_ns;
    return f->interrupted || f->out_of_time;
}

static void wait_for_more(void)
{
    struct pollfd polled = {.fd = signals_fd(), .events = POLLIN};

    poll(&polled, 1, WAIT_MS);
}

/* Waits until the header is whole. 1: it never was. */
static int open_reader(struct follower *f, struct err *e)
{
    int rc = history_reader_open(f->path, &f->reader, e);

    while (rc == -E_GAP && !has_to_stop(f)) {
        wait_for_more();
        rc = history_reader_open(f->path, &f->reader, e);
    }
    return rc == -E_GAP ? 1 : rc;
}

/* Up to a violation, the end of the history or of our patience. 1: a violation. */
static int follow_events(struct follower *f, struct err *e)
{
    struct history_event event;

    while (!f->ended) {
        int rc = history_reader_next(f->reader, &event, e);

        if (rc < 0)
            return rc;
        if ((rc == 0 || ++f->n_events % EVENTS_PER_LOOK == 0) && has_to_stop(f))
            return 0;
        if (rc == 0) {
            wait_for_more();
            continue;
        }
        rc = online_event(f->online, &event, e);
        if (rc != 0)
            return rc < 0 ? err_prefix(e, rc, "%s: event %" PRIu64, f->path, event.seq) : rc;
        f->ended = event.kind == HISTORY_END;
    }
    return 0;
}

static int follow(struct follower *f, struct err *e)
{
    struct online_options options = {.model = f->o->model,
                                     .memory_bytes_max = (size_t)f->o->memory_mb << 20};
    int rc = open_reader(f, e);

    if (rc != 0)
        return rc;
    rc = online_create(history_reader_header(f->reader), &options, &f->online, e);
    if (rc == 0)
        rc = follow_events(f, e);
    if (rc >= 0)
        rc = online_finish(f->online);
    return rc;
}

/* --- the verdict ---------------------------------------------------------------------------- */

static enum exit_code code_of(const struct follower *f, const struct online_status *s)
{
    if (s->verdict == VERDICT_NOT_LINEARIZABLE)
        return EXIT_VIOLATION;
    if (f->interrupted)
        return EXIT_INTERRUPTED;
    return s->verdict == VERDICT_UNKNOWN || !f->ended ? EXIT_UNKNOWN : EXIT_GOOD;
}

static int describe(const struct follower *f, const struct history_op *op, struct buf *out)
{
    struct history h = {.header = *history_reader_header(f->reader)};

    return history_describe_op(&h, op, out);
}

static void print_violation(const struct follower *f, const struct history_op *op)
{
    struct buf text = {0};

    if (describe(f, op, &text) == 0)
        printf(
            "  No order explains what its key had seen once this returned, at %.1f ms:\n    %.*s\n",
            (double)op->return_ns / (double)NS_PER_MS, (int)text.len, (const char *)text.data);
    buf_free(&text);
}

static void print_status(const struct follower *f, const struct online_status *s)
{
    const char *so_far = f->ended || s->violation != NULL ? "" : " so far";

    printf("%s: %s%s: %" PRIu64 " operations on %zu keys, %" PRIu64
           " configurations, at most %.1f MB\n",
           f->path, verdict_name(s->verdict), so_far, s->n_ops, s->n_keys, s->n_visited,
           (double)s->bytes_max / (1 << 20));
    if (s->violation != NULL)
        print_violation(f, s->violation);
    else if (s->verdict == VERDICT_UNKNOWN)
        printf("  %zu of the keys could not be followed: %s; `rift check` looks at the whole "
               "history\n",
               s->n_lost, s->reason);
    if (f->out_of_time && !f->ended && s->violation == NULL)
        printf("  The time was over before the history was.\n");
}

static json_t *violation_json(const struct follower *f, const struct history_op *op)
{
    struct buf text = {0};
    json_t *value = NULL;

    if (describe(f, op, &text) == 0)
        value = json_pack("{s:s%, s:I, s:I, s:I}", "operation", (const char *)text.data, text.len,
                          "call_seq", (json_int_t)op->call_seq, "return_seq",
                          (json_int_t)op->return_seq, "return_ns", (json_int_t)op->return_ns);
    buf_free(&text);
    return value == NULL ? json_null() : value;
}

static void print_json(const struct follower *f, const struct online_status *s, enum exit_code code)
{
    json_t *all = json_pack(
        "{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:s?, s:o, s:i}", "file", f->path, "verdict",
        verdict_name(s->verdict), "ended", f->ended, "operations", (json_int_t)s->n_ops, "keys",
        (json_int_t)s->n_keys, "keys_lost", (json_int_t)s->n_lost, "configurations",
        (json_int_t)s->n_visited, "bytes_max", (json_int_t)s->bytes_max, "reason", s->reason,
        "violation", s->violation == NULL ? json_null() : violation_json(f, s->violation), "exit",
        (int)code);

    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

enum exit_code follow_history(const char *path, const struct follow_options *o)
{
    struct follower f = {.path = path, .o = o, .end_ns = INT64_MAX};
    struct online_status status = {.verdict = VERDICT_LINEARIZABLE};
    struct err e = {0};
    enum exit_code code;
    int rc = signals_open(&e);

    if (o->time_s > 0)
        f.end_ns = clock_monotonic_ns() + (int64_t)(o->time_s * (double)NS_PER_S);
    if (rc == 0 && !o->json)
        fprintf(stderr, "following %s; Ctrl-C gives the verdict so far\n", path);
    if (rc == 0)
        rc = follow(&f, &e);
    if (rc < 0) {
        fprintf(stderr, "rift check: %s\n", e.text);
        code = judge_error_code(rc);
    } else {
        if (f.online != NULL)
            status = online_status(f.online);
        code = code_of(&f, &status);
        if (o->json)
            print_json(&f, &status, code);
        else
            print_status(&f, &status);
    }
    online_destroy(f.online);
    history_reader_close(&f.reader);
    return code;
}
