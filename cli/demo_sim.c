#include "cli/demo_sim.h"

#include "base/bug.h"
#include "base/clock.h"
#include "cli/files.h"
#include "cli/page.h"
#include "cli/proof.h"
#include "sim/case.h"

#include <inttypes.h>
#include <string.h>

/* A story of the simulator: one world, told with a planted bug and without. Sections and figures
 * are those of Ongaro's dissertation. */
struct story {
    const char *name;
    const unsigned char *replay;
    const size_t *replay_bytes;
    const char *summary; /* in the list */
    bool retries;        /* are told */
    const char *broken;  /* what the oracle's finding begins with; NULL: the history convicts */
    const char *look;    /* what to look out for */
    const char *because; /* why it goes wrong with the bug */
    const char *saved;   /* what the rule does in the same world */
};

static const struct story stories[] = {
    {
        .name = "lost-update",
        .replay = story_lost_update,
        .replay_bytes = &story_lost_update_bytes,
        .summary = "an update is wiped out by an older one that comes again: no duplicate table",
        .retries = true,
        .look =
            "A clerk that gets no answer cannot know whether its command was executed, so it "
            "asks\n  again. Watch process 0 write \"c0-190\", and process 1 \"c1-191\" behind it.",
        .because =
            "More than one request of process 0 came through, before and after process 1 had "
            "written.\n  Each was executed. The last one wiped out the update of process 1, "
            "which had been\n  acknowledged and even read.",
        .saved = "Each request carries the clerk's session and a serial number. The state machine "
                 "finds a\n  number that it has executed in its table of duplicates, and gives the "
                 "first result again\n  instead of executing anything.",
    },
    {
        .name = "split-vote",
        .replay = story_split_vote,
        .replay_bytes = &story_split_vote_bytes,
        .summary = "two candidates of one term: nobody may win, and with two votes a node both do",
        .broken = "election safety",
        .look = "Of four nodes the leader is lost, and two others run out of patience at nearly "
                "the same\n  time.",
        .because = "A node that has voted for one candidate voted for the other as well. Two "
                   "majorities of\n  the same voters make two leaders of one term, and each may "
                   "commit at an index what the\n  other lacks.",
        .saved = "Each node has one vote a term, first come, first served: the votes are split and "
                 "nobody\n  has a majority. The term ends without a leader. Election timeouts are "
                 "random, so that the\n  next candidate is alone. A split vote costs time and "
                 "never safety.",
    },
    {
        .name = "figure-8",
        .replay = story_figure_8,
        .replay_bytes = &story_figure_8_bytes,
        .summary = "an entry of an old term is committed by counting, and can still be overruled",
        .broken = "commitment",
        .look = "This is figure 8 of the Raft paper, figure 3.7 of the dissertation. Node 2 plays "
                "S1, the\n  leader of terms 2 and 4, and node 4 plays S5, the leader of term 3.",
        .because = "In term 4 a majority holds the entry, but it is an old one: a node that lacks "
                   "it has a\n  log that ends in a later term, can be elected by a majority, and "
                   "would as leader\n  overwrite what was applied.",
        .saved = "A leader counts copies only of entries of its own term. The old entry waits "
                 "until one\n  behind it has a majority; from then on nobody without it can be "
                 "elected, and it is\n  committed along.",
    },
};

/* What one telling showed. */
struct telling {
    const char *bug; /* "": none */
    struct sim_result result;
    enum verdict verdict;
    char history[PATH_MAX];
    char page[PATH_MAX];
};

/* --- playing it ----------------------------------------------------------------------------- */

static int keep_bytes(void *context, struct slice bytes)
{
    return buf_append_slice(context, bytes);
}

static int simulate(const struct sim_case *c, const struct history_header *header,
                    struct sim_result *ret, struct buf *out, struct err *e)
{
    struct history_sink sink = {keep_bytes, out};
    struct history_writer *writer = NULL;
    int rc = history_writer_create(&sink, header, &writer, e);
    int closed;

    if (rc < 0)
        return rc;
    rc = sim_run(&c->config, c->plan, writer, NULL, ret, e);
    closed = history_writer_close(&writer, rc == 0 ? e : NULL);
    return rc < 0 ? rc : closed;
}

/* What happens after a finding is the healing of a run that has ended. */
static int64_t told_until_ns(const struct sim_result *r)
{
    return r->finding == SIM_FINE ? INT64_MAX : (r->found_ms + 1) * NS_PER_MS;
}

static int narrate(const struct story *s, struct slice bytes, const struct history_header *header,
                   struct telling *t, struct demo *voice, struct err *e)
{
    struct history_writer *writer = NULL;
    int rc = history_writer_open(t->history, header, &writer, e);
    int closed;

    if (rc < 0)
        return rc;
    rc = demo_narrate(bytes, told_until_ns(&t->result), s->retries, writer, voice, e);
    closed = history_writer_close(&writer, rc == 0 ? e : NULL);
    return rc < 0 ? rc : closed;
}

static int play(const struct story *s, const struct sim_case *c, struct telling *t,
                struct demo *voice, struct err *e)
{
    uint64_t nodes[SIM_NODES_MAX];
    struct history_header header = sim_history_header(&c->config, nodes);
    struct history_option options[] = {{"planted-bug", t->bug[0] != '\0' ? t->bug : "none"}};
    struct buf bytes = {0};
    int rc = bug_select(t->bug[0] != '\0' ? t->bug : NULL, e);

    header.cluster = "demo";
    header.workload = s->name;
    header.options = options;
    header.n_options = ARGS_COUNT(options);
    if (rc == 0)
        rc = simulate(c, &header, &t->result, &bytes, e);
    if (rc == 0)
        rc = narrate(s, buf_slice(&bytes), &header, t, voice, e);
    buf_free(&bytes);
    (void)bug_select(NULL, NULL);
    return rc;
}

/* --- judging it ----------------------------------------------------------------------------- */

static int say_verdict(const struct judgement *j, const struct telling *t, struct demo *voice)
{
    struct buf text = {0};
    int rc = 0;

    if (t->result.finding != SIM_FINE)
        demo_say(voice, "  The simulator's %s sees it: %s", sim_finding_name(t->result.finding),
                 t->result.reason);
    rc = judgement_explain(j, &text);
    if (rc == 0)
        rc = proof_show_quickly(j->history, j->result, &text);
    if (rc == 0)
        demo_say(voice, "  The checker on the recorded history:\n%.*s", (int)text.len,
                 (const char *)text.data);
    if (rc == 0 && t->result.finding != SIM_FINE && t->verdict == VERDICT_LINEARIZABLE)
        demo_say(voice,
                 "  No clerk has seen anything of it yet. The simulator looks into the nodes "
                 "and need not wait\n  for the accident.\n");
    buf_free(&text);
    return rc;
}

static int judge(const char *also, struct telling *t, struct demo *voice, struct err *e)
{
    struct judge_options o = {.signals_end_it = true};
    struct report_asks *asks = NULL;
    struct judgement j = {0};
    int rc = page_judge(t->history, o, &j, &asks, e);

    if (rc == 0) {
        t->verdict = j.result->verdict;
        rc = say_verdict(&j, t, voice);
    }
    if (rc == 0)
        rc = page_write_of(t->page, t->history, &j, asks, also, e);
    judgement_free(&j);
    report_asks_destroy(asks);
    return rc;
}

/* --- one telling ---------------------------------------------------------------------------- */

/* What the page says beside its verdict. */
static int put_also(const struct story *s, const struct telling *t, const struct bug_info *bug,
                    struct buf *out)
{
    int rc = 0;

    if (t->result.finding != SIM_FINE)
        rc = buf_printf(out, "%s: %s\n", sim_finding_name(t->result.finding), t->result.reason);
    if (rc == 0 && t->bug[0] != '\0')
        rc = buf_printf(out, "Planted bug %s: %s. It breaks the rule of %s.\n%s", bug->name,
                        bug->what, bug->rule, s->because);
    else if (rc == 0)
        rc = buf_printf(out, "The same world without the bug.\n%s", s->saved);
    return rc < 0 ? rc : buf_append_byte(out, '\0');
}

static int tell(const struct story *s, const struct sim_case *c, const struct bug_info *bug,
                const char *folder, struct telling *t, struct demo *voice, struct err *e)
{
    char own[PATH_MAX];
    struct buf also = {0};
    int rc;

    files_join(own, folder, t->bug[0] != '\0' ? "with-bug" : "without");
    files_join(t->history, own, "history.msgpack");
    files_join(t->page, own, PAGE_NAME);
    rc = files_make_folder(own, e);
    if (rc == 0)
        rc = play(s, c, t, voice, e);
    if (rc == 0 && put_also(s, t, bug, &also) < 0)
        rc = err_set(e, -E_NOMEM, "%s: %s", t->page, err_text(-E_NOMEM));
    if (rc == 0)
        rc = judge((const char *)also.data, t, voice, e);
    buf_free(&also);
    return rc;
}

static const struct bug_info *bug_of(const struct sim_case *c)
{
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++)
        if (strcmp(bug_info((enum bug)i)->name, c->bug) == 0)
            return bug_info((enum bug)i);
    return NULL;
}

static int tell_both(const struct story *s, const struct sim_case *c, const char *folder,
                     struct telling told[2], struct demo *voice, struct err *e)
{
    const struct bug_info *bug = bug_of(c);
    int rc;

    if (bug == NULL)
        return err_set(e, -E_NOT_FOUND, "the replay of %s plants no bug", s->name);
    told[0].bug = c->bug;
    told[1].bug = "";
    demo_say(voice, "%u nodes in the simulator, with the planted bug %s:\n  %s.", c->config.nodes,
             bug->name, bug->what);
    demo_say(voice, "  %s\n", s->look);
    rc = tell(s, c, bug, folder, &told[0], voice, e);
    if (rc < 0)
        return rc;
    demo_say(voice, "  Why:\n  %s\n  The rule that forbids it: %s.\n", s->because, bug->rule);
    demo_say(voice, "The same world without the bug:");
    rc = tell(s, c, bug, folder, &told[1], voice, e);
    if (rc < 0)
        return rc;
    demo_say(voice, "  What saved it:\n  %s\n", s->saved);
    demo_say(voice, "To see both again, step by step: %s and %s", told[0].page, told[1].page);
    return 0;
}

/* --- the story ------------------------------------------------------------------------------ */

static bool convicted(const struct story *s, const struct telling *t)
{
    if (s->broken == NULL)
        return t->verdict == VERDICT_NOT_LINEARIZABLE;
    return t->result.finding == SIM_ORACLE &&
           strncmp(t->result.reason, s->broken, strlen(s->broken)) == 0;
}

static enum exit_code code_of(const struct story *s, const struct telling told[2])
{
    if (told[1].verdict == VERDICT_NOT_LINEARIZABLE || told[1].result.finding != SIM_FINE)
        return EXIT_VIOLATION;
    if (convicted(s, &told[0]) && told[1].verdict == VERDICT_LINEARIZABLE)
        return EXIT_GOOD;
    return EXIT_UNKNOWN;
}

static json_t *telling_json(const struct telling *t)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "bug", t->bug, "verdict",
                     verdict_name(t->verdict), "finding", sim_finding_name(t->result.finding),
                     "reason", t->result.reason, "history", t->history, "report", t->page);
}

static void print_json(const struct telling told[2], json_t *steps, enum exit_code code)
{
    json_t *all = json_pack("{s:i, s:b, s:[o, o], s:O}", "exit", (int)code, "shown",
                            code == EXIT_GOOD, "scenarios", telling_json(&told[0]),
                            telling_json(&told[1]), "steps", steps);

    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static const struct story *story_of(const char *name)
{
    for (size_t i = 0; i < ARGS_COUNT(stories); i++)
        if (strcmp(stories[i].name, name) == 0)
            return &stories[i];
    return NULL;
}

bool demo_sim_has(const char *name)
{
    return story_of(name) != NULL;
}

int demo_sim_list(struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; i < ARGS_COUNT(stories) && rc == 0; i++)
        rc = buf_printf(out, "  %-12s %s\n", stories[i].name, stories[i].summary);
    return rc;
}

int demo_sim_tell(const char *name, const char *folder, bool json)
{
    const struct story *s = story_of(name);
    struct telling told[2] = {{.bug = ""}, {.bug = ""}};
    struct demo voice = {.steps = json_array(), .quiet = json};
    struct sim_case *c = NULL;
    struct err e = {0};
    int rc = sim_case_parse(name, (struct slice){s->replay, *s->replay_bytes}, &c, &e);
    int code;

    if (rc == 0)
        rc = tell_both(s, c, folder, told, &voice, &e);
    if (rc < 0) {
        fprintf(stderr, "rift demo: %s\n", e.text);
        code = rc == -E_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_HARNESS;
    } else {
        code = (int)code_of(s, told);
        if (json)
            print_json(told, voice.steps, (enum exit_code)code);
    }
    sim_case_destroy(c);
    json_decref(voice.steps);
    return code;
}
