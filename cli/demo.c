#include "cli/demo.h"

#include "base/clock.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/demo_sim.h"
#include "cli/files.h"
#include "cli/layout.h"
#include "cli/page.h"
#include "cli/proof.h"
#include "cli/signals.h"

#include <inttypes.h>
#include <string.h>

/* `rift demo stale-read`: a leader that is cut off from the others cannot know that they have
 * elected another one (dissertation 6.4). Told on real nodes, waiting for conditions and never
 * for a time, once with local reads, which believe the leader, and once with index reads, which
 * ask a majority first. */

enum {
    NODES_DEFAULT = 3,
    NEW_LEADER_MS = 15000,
    REJOIN_MS = 15000,
    STATUS_MS = 2000,
    STEP_MS = 200, /* between two looks at a condition that no event tells of */
};

struct demo_values {
    uint64_t nodes; /* 0: not said */
    const char *out;
    bool json;
};

/* What one telling showed. */
struct told {
    const char *reads;
    uint64_t old_leader, old_term, new_leader, new_term;
    bool believed; /* the old leader still took itself for the leader when it was read */
    bool stale;    /* it answered with the overwritten value */
    bool refused;  /* it gave no value at all */
    char read[64]; /* what the read came to, in words */
    enum verdict verdict;
    char history[PATH_MAX];
    char page[PATH_MAX];
    double seconds;
};

/* --- the scenes ----------------------------------------------------------------------------- */

static int expect_ok(const struct clerk_end *end, const char *what, struct err *e)
{
    if (end->outcome == OUTCOME_OK && end->status == STATUS_OK)
        return 0;
    return err_set(e, -E_IO, "%s: %s (%s)", what, op_outcome_name(end->outcome),
                   op_status_name(end->status));
}

static int scene_write_one(struct demo *d, struct told *t, struct err *e)
{
    struct clerk_end end;
    int rc = demo_do(&d->inside, OP_PUT, "x", "1", &end, e);

    if (rc == 0)
        rc = expect_ok(&end, "write x = 1", e);
    if (rc == 0)
        demo_say(d,
                 "  Clerk A, beside node %" PRIu64 ", writes x = 1: ok, from node %" PRIu64
                 " in term %" PRIu64 ".",
                 t->old_leader, end.node, end.term);
    return rc;
}

static int scene_isolate(struct demo *d, struct told *t, struct err *e)
{
    int rc = demo_isolate(d, t->old_leader, e);

    if (rc < 0)
        return rc;
    demo_say(d, "  The nemesis cuts node %" PRIu64 " and clerk A off from everybody else.",
             t->old_leader);
    rc = harness_await_leader(d->harness, t->old_term + 1, t->old_leader, NEW_LEADER_MS,
                              &t->new_leader, e);
    if (rc < 0)
        return rc;
    t->new_term = harness_node(d->harness, t->new_leader)->term;
    demo_say(d, "  The others miss their leader and elect node %" PRIu64 " in term %" PRIu64 ".",
             t->new_leader, t->new_term);
    return 0;
}

static int scene_write_two(struct demo *d, struct err *e)
{
    struct clerk_end end;
    int rc = demo_do(&d->outside, OP_PUT, "x", "2", &end, e);

    if (rc == 0)
        rc = expect_ok(&end, "write x = 2", e);
    if (rc == 0)
        demo_say(d,
                 "  Clerk B, beside the others, writes x = 2: ok, from node %" PRIu64
                 " in term %" PRIu64 ". From here on x is 2.",
                 end.node, end.term);
    return rc;
}

static int scene_ask_old_leader(struct demo *d, struct told *t, struct err *e)
{
    struct wire_node_status status;
    int rc = client_status(d->inside.client, t->old_leader, STATUS_MS, &status, e);

    if (rc < 0)
        return rc;
    t->believed = status.role == RAFT_LEADER && status.term == t->old_term;
    demo_say(d,
             "  Node %" PRIu64 " has heard of none of this: asked how it is, it says '%s, term "
             "%" PRIu64 "'.",
             t->old_leader, raft_role_name((enum raft_role)status.role), status.term);
    return 0;
}

static int scene_read_old_leader(struct demo *d, struct told *t, struct err *e)
{
    struct clerk_end end;
    int rc = demo_do(&d->inside, OP_GET, "x", NULL, &end, e);

    if (rc < 0)
        return rc;
    t->refused = end.outcome != OUTCOME_OK;
    if (end.outcome == OUTCOME_OK && end.status == STATUS_OK) {
        t->stale = slice_equal(end.value, slice_str("1"));
        snprintf(t->read, sizeof t->read, "%.*s", (int)end.value.len, (const char *)end.value.data);
        demo_say(d, "  Clerk A reads x from node %" PRIu64 ": \"%s\"%s", t->old_leader, t->read,
                 t->stale ? " - stale! The 1 was overwritten before this read began." : ".");
    } else {
        snprintf(t->read, sizeof t->read, "%s", op_status_name(end.status));
        demo_say(d,
                 "  Clerk A reads x from node %" PRIu64
                 " and gets no value, however often it asks (%s).",
                 t->old_leader, t->read);
    }
    return 0;
}

static int await_rejoin(struct demo *d, const struct told *t, struct err *e)
{
    int64_t end_ns = clock_monotonic_ns() + REJOIN_MS * NS_PER_MS;
    const struct harness_node *old = harness_node(d->harness, t->old_leader);
    int rc = 0;

    while (rc == 0 && old->term <= t->old_term) {
        if (clock_monotonic_ns() >= end_ns)
            return err_set(e, -E_TIMEOUT, "node %" PRIu64 " did not come back", t->old_leader);
        rc = harness_wait(d->harness, STEP_MS, e);
    }
    return rc;
}

static int scene_heal(struct demo *d, struct told *t, struct err *e)
{
    struct clerk_end end;
    int rc = demo_heal(d, e);

    if (rc == 0)
        rc = await_rejoin(d, t, e);
    if (rc < 0)
        return rc;
    demo_say(d,
             "  The links are healed; node %" PRIu64 " hears of term %" PRIu64 " and steps down.",
             t->old_leader, harness_node(d->harness, t->old_leader)->term);
    clerk_pin(client_clerk(d->inside.client), false);
    rc = demo_do(&d->inside, OP_GET, "x", NULL, &end, e);
    if (rc == 0)
        rc = expect_ok(&end, "read x", e);
    if (rc == 0)
        demo_say(d, "  Clerk A, free to ask anybody, reads x from node %" PRIu64 ": \"%.*s\".",
                 end.node, (int)end.value.len, (const char *)end.value.data);
    return rc;
}

/* --- one telling ---------------------------------------------------------------------------- */

static int play(struct demo *d, uint64_t nodes, struct told *t, struct err *e)
{
    int rc = demo_open(d, nodes, t->reads, &t->old_leader, e);

    if (rc < 0)
        return rc;
    t->old_term = harness_node(d->harness, t->old_leader)->term;
    demo_say(d, "  %" PRIu64 " nodes are up; node %" PRIu64 " leads in term %" PRIu64 ".", nodes,
             t->old_leader, t->old_term);
    rc = demo_seat(d, t->old_leader, e);
    if (rc == 0)
        rc = scene_write_one(d, t, e);
    if (rc == 0)
        rc = scene_isolate(d, t, e);
    if (rc == 0)
        rc = scene_write_two(d, e);
    if (rc == 0)
        rc = scene_ask_old_leader(d, t, e);
    if (rc == 0)
        rc = scene_read_old_leader(d, t, e);
    return rc == 0 ? scene_heal(d, t, e) : rc;
}

static int judge(struct demo *d, struct told *t, struct err *e)
{
    struct judge_options o = {.signals_end_it = true};
    struct report_asks *asks = NULL;
    struct judgement j = {0};
    struct buf text = {0};
    int rc = page_judge(t->history, o, &j, &asks, e);

    if (rc == 0) {
        t->verdict = j.result->verdict;
        rc = judgement_explain(&j, &text);
    }
    if (rc == 0)
        rc = proof_show_quickly(j.history, j.result, &text);
    if (rc == 0)
        demo_say(d, "  The checker on the recorded history:\n%.*s", (int)text.len,
                 (const char *)text.data);
    files_join(t->page, d->folder, PAGE_NAME);
    if (rc == 0)
        rc = page_write_of(t->page, t->history, &j, asks, NULL, e);
    buf_free(&text);
    judgement_free(&j);
    report_asks_destroy(asks);
    return rc;
}

static int tell(const struct demo_values *v, const char *folder, json_t *steps, struct told *t,
                struct err *e)
{
    char own[PATH_MAX];
    struct demo d = {.folder = own, .steps = steps, .quiet = v->json};
    struct err close_error = {0};
    int64_t start_ns = clock_monotonic_ns();
    int closed;
    int rc;

    files_join(own, folder, t->reads);
    demo_history_path(&d, t->history);
    rc = play(&d, v->nodes, t, e);
    closed = demo_close(&d, &close_error);
    if (rc == 0 && closed < 0)
        rc = err_set(e, closed, "%s", close_error.text);
    if (rc == 0)
        rc = judge(&d, t, e);
    t->seconds = (double)(clock_monotonic_ns() - start_ns) / (double)NS_PER_S;
    return rc;
}

/* --- the story ------------------------------------------------------------------------------ */

static void explain_local(struct demo *d, const struct told *t)
{
    demo_say(d,
             "  Why: node %" PRIu64 " answers reads from its own state because it takes itself for "
             "the leader.\n  That was true in term %" PRIu64 ". It is not any more, and nothing "
             "that reaches it could tell it so.\n",
             t->old_leader, t->old_term);
}

static void explain_index(struct demo *d, const struct told *t)
{
    demo_say(d,
             "  What saved it: before it answers, a leader asks a majority whether it still leads "
             "(ReadIndex).\n  Node %" PRIu64 " got no answers, so it gave none. No value is no "
             "stale value.\n",
             t->old_leader);
    demo_say(d,
             "And check-quorum, which was off in both? With it (the default of rift run) a leader "
             "that hears\nfrom no majority for an election timeout steps down by itself. That "
             "closes the window in which\nlocal reads are stale; it does not remove it: inside of "
             "that timeout the old leader answers as\nabove. Nothing short of asking a majority "
             "for the read itself does: index or log reads.");
}

static int tell_both(const struct demo_values *v, const char *folder, json_t *steps,
                     struct told told[2], struct err *e)
{
    struct demo voice = {.steps = steps, .quiet = v->json};
    int rc;

    demo_say(&voice, "Reads answered by whoever takes itself for the leader (--reads local):");
    rc = tell(v, folder, steps, &told[0], e);
    if (rc < 0)
        return rc;
    explain_local(&voice, &told[0]);
    demo_say(&voice, "The same with --reads index:");
    rc = tell(v, folder, steps, &told[1], e);
    if (rc < 0)
        return rc;
    explain_index(&voice, &told[1]);
    demo_say(&voice, "\nTo see both again, step by step: %s and %s", told[0].page, told[1].page);
    return 0;
}

static enum exit_code code_of(const struct told told[2])
{
    if (told[1].verdict == VERDICT_NOT_LINEARIZABLE)
        return EXIT_VIOLATION;
    if (told[0].stale && told[0].verdict == VERDICT_NOT_LINEARIZABLE && told[1].refused &&
        told[1].verdict == VERDICT_LINEARIZABLE)
        return EXIT_GOOD;
    return EXIT_UNKNOWN;
}

static json_t *told_json(const struct told *t)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:b, s:s, s:b, s:b, s:s, s:s, s:s, s:f}", "reads",
                     t->reads, "old_leader", (json_int_t)t->old_leader, "old_term",
                     (json_int_t)t->old_term, "new_leader", (json_int_t)t->new_leader, "new_term",
                     (json_int_t)t->new_term, "believed_to_lead", t->believed, "read", t->read,
                     "stale", t->stale, "refused", t->refused, "verdict", verdict_name(t->verdict),
                     "history", t->history, "report", t->page, "seconds", t->seconds);
}

static void print_json(const struct told told[2], json_t *steps, enum exit_code code)
{
    json_t *all = json_pack("{s:i, s:b, s:[o, o], s:O}", "exit", (int)code, "shown",
                            code == EXIT_GOOD, "scenarios", told_json(&told[0]),
                            told_json(&told[1]), "steps", steps);

    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(all);
}

/* --- the command ---------------------------------------------------------------------------- */

static const struct arg_option options[] = {
    {"nodes", ARG_UINT, offsetof(struct demo_values, nodes), "N", "how many tell stale-read", 3,
     LAYOUT_NODES_MAX, NULL, "3"},
    {"out", ARG_TEXT, offsetof(struct demo_values, out), "DIR", "folder of the demo", 0, 0, NULL,
     "runs/<time>-<story>"},
    {"json", ARG_FLAG, offsetof(struct demo_values, json), NULL, "print what was shown as JSON", 0,
     0, NULL, NULL},
};

#define X(name, identifier) name,
static const char *const stories[] = {"stale-read", DEMO_STORIES(X) NULL};
#undef X

static const struct arg_command command = {
    .name = "rift demo",
    .usage = "[STORY] [options]",
    .purpose =
        "Tells how a store goes wrong, and what prevents it. stale-read is told on real nodes:\n"
        "a leader that is cut off answers with old data when reads are local, and index reads\n"
        "prevent it. lost-update, split-vote and figure-8 happen in the simulator, once with a\n"
        "planted bug and once without. Each of the two tellings of a story leaves a page,\n"
        "report.html, that plays it again. Without a STORY they are listed.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0    shown: it went wrong and was convicted, and then it was prevented\n"
             "  1    it went wrong where it should have been prevented: a bug of the store\n"
             "  2    the story took another turn: nothing was shown\n"
             "  3    the nodes could not be run, or rift was built without planted bugs\n"
             "  64   usage\n"
             "  130  interrupted\n",
    .words = stories,
    .operands_min = 0,
    .operands_max = 1,
};

static int list_stories(void)
{
    struct buf text = {0};
    int rc = demo_sim_list(&text);

    if (rc == 0)
        printf("  %-12s %s\n%.*s", "stale-read",
               "a leader that is cut off answers with old data (on real nodes)", (int)text.len,
               (const char *)text.data);
    buf_free(&text);
    return rc < 0 ? EXIT_HARNESS : EXIT_GOOD;
}

static int tell_stale_read(const struct demo_values *v, const char *folder)
{
    struct told told[2] = {{.reads = "local"}, {.reads = "index"}};
    json_t *steps = json_array();
    struct err e = {0};
    int rc = tell_both(v, folder, steps, told, &e);
    int code;

    if (rc < 0) {
        fprintf(stderr, "rift demo: %s\n", e.text);
        code = rc == -E_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_HARNESS;
    } else {
        code = (int)code_of(told);
        if (v->json)
            print_json(told, steps, (enum exit_code)code);
    }
    json_decref(steps);
    return code;
}

static int check_story(const char *name, const struct demo_values *v, struct err *e)
{
    if (strcmp(name, "stale-read") != 0 && !demo_sim_has(name))
        return err_set(e, -E_INVAL, "there is no story '%s'; rift demo lists them", name);
    if (demo_sim_has(name) && v->nodes != 0)
        return err_set(e, -E_INVAL, "--nodes is for stale-read; the world of %s is fixed", name);
    return 0;
}

int command_demo(int argc, char **argv)
{
    struct demo_values v = {.nodes = 0};
    struct arg_operands words;
    char folder[PATH_MAX];
    struct err e = {0};
    int code = args_enter(&command, argc, argv, &v, &words);

    if (code >= 0)
        return code;
    if (words.n == 0)
        return list_stories();
    if (check_story(words.items[0], &v, &e) < 0)
        return args_complain(&command, &e);
    if (signals_open(&e) < 0) {
        fprintf(stderr, "rift demo: %s\n", e.text);
        return EXIT_HARNESS;
    }
    files_run_folder(folder, v.out, words.items[0]);
    if (demo_sim_has(words.items[0]))
        return demo_sim_tell(words.items[0], folder, v.json);
    if (v.nodes == 0)
        v.nodes = NODES_DEFAULT;
    return tell_stale_read(&v, folder);
}
