#include "cli/picture.h"
#include "cli/proof.h"
#include "cli/run.h"

#include "cli/files.h"
#include "cli/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* What a run came to, for people and for machines. */

enum { LEADERS_SHOWN_MAX = 12, VIOLATION_SHOWN_MAX = 16 };

/* --- faults by name ------------------------------------------------------------------------- */

struct fault_sum {
    size_t steps;
    size_t begun;
    size_t whole; /* lasted as long as planned */
    size_t bit;
    uint64_t messages;  /* cut, dropped, delayed, duplicated or reordered */
    uint64_t processes; /* killed or paused */
};

static struct fault_sum sum_up(const struct run *r, unsigned fault)
{
    struct fault_sum sum = {0};
    size_t n;
    const struct conduct_record *records = conduct_records(r->conduct, &n);

    for (size_t i = 0; i < n; i++) {
        const struct conduct_record *f = &records[i];

        if (tally_fault_of(f->step) != fault)
            continue;
        sum.steps++;
        sum.begun += f->begun;
        sum.whole += f->begun && !f->cut_short;
        sum.bit += f->bit;
        sum.messages += f->dropped + f->delayed + f->duplicated + f->reordered;
        sum.processes += f->killed + f->paused;
    }
    return sum;
}

/* What counts as proof for this fault, in words. */
static const char *proof_name(unsigned fault)
{
    switch (fault - 1) {
    case FAULT_KILL: return "processes seen dead by SIGKILL";
    case FAULT_PAUSE: return "processes seen stopped";
    case FAULT_DELAY: return "messages delayed";
    case FAULT_DROP: return "messages dropped";
    case FAULT_DUPLICATE: return "messages duplicated";
    case FAULT_REORDER: return "messages reordered";
    default: return "messages cut";
    }
}

static bool wants_faults(const struct run *r)
{
    return r->o->plan != NULL ? r->plan->n_steps > 0 : strcmp(r->o->nemesis, "none") != 0;
}

const char *run_faults_missing(const struct run *r, char *text, size_t len)
{
    size_t bit = 0;

    if (!wants_faults(r))
        return NULL;
    for (unsigned fault = 1; fault < TALLY_FAULTS; fault++) {
        struct fault_sum sum = sum_up(r, fault);

        bit += sum.bit;
        if (sum.whole > 0 && sum.bit == 0) {
            snprintf(text, len, "%s was done %zu times and never bit", tally_fault_name(fault),
                     sum.whole);
            return text;
        }
    }
    if (bit > 0)
        return NULL;
    snprintf(text, len, "no fault had its turn before the run was over");
    return text;
}

/* --- for people ----------------------------------------------------------------------------- */

static void print_operations(const struct tally_totals *t)
{
    printf("\n%-12s %10s %10s %10s %10s\n", "operations", "invoked", "ok", "fail", "info");
    for (unsigned kind = 0; kind < OP_KIND_COUNT; kind++) {
        const uint64_t *by = t->by_outcome[kind];

        if (by[OUTCOME_PENDING] > 0)
            printf("  %-10s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
                   op_kind_name((enum op_kind)kind), by[OUTCOME_PENDING], by[OUTCOME_OK],
                   by[OUTCOME_FAIL], by[OUTCOME_INFO]);
    }
}

static void print_faults(const struct run *r)
{
    if (!wants_faults(r))
        return;
    printf("\n%-20s %8s  %s\n", "faults", "times", "what proves that they bit");
    for (unsigned fault = 1; fault < TALLY_FAULTS; fault++) {
        struct fault_sum sum = sum_up(r, fault);

        if (sum.steps > 0)
            printf("  %-18s %8zu  %" PRIu64 " %s\n", tally_fault_name(fault), sum.begun,
                   sum.messages + sum.processes, proof_name(fault));
    }
}

static uint64_t met(const struct tally_totals *t, unsigned fault)
{
    uint64_t sum = 0;

    for (unsigned role = 0; role < TALLY_ROLE_COUNT; role++)
        sum += t->cells[fault][role].ops;
    return sum;
}

/* Rows are faults, columns the roles of the nodes that were asked. */
static void print_met(const struct tally_totals *t)
{
    printf("\noperations by fault and by the role of the node they asked\n  %-18s", "");
    for (unsigned role = 0; role < TALLY_ROLE_COUNT; role++)
        printf(" %*s", (int)strlen(tally_role_name((enum tally_role)role)) + 1,
               tally_role_name((enum tally_role)role));
    putchar('\n');
    for (unsigned fault = 0; fault < TALLY_FAULTS; fault++) {
        if (met(t, fault) == 0)
            continue;
        printf("  %-18s", tally_fault_name(fault));
        for (unsigned role = 0; role < TALLY_ROLE_COUNT; role++)
            printf(" %*" PRIu64, (int)strlen(tally_role_name((enum tally_role)role)) + 1,
                   t->cells[fault][role].ops);
        putchar('\n');
    }
    printf("  reads asked of a leader while it was cut off: %" PRIu64 "\n", t->reads_of_cut_off);
}

static void print_leaders(const struct run *r)
{
    size_t from = r->n_leaders > LEADERS_SHOWN_MAX ? r->n_leaders - LEADERS_SHOWN_MAX : 0;

    printf("\nleaders: %zu terms had one%s", r->n_leaders, from > 0 ? "; the last:" : ":");
    for (size_t i = from; i < r->n_leaders; i++)
        printf("%s term %" PRIu64 " node %" PRIu64, i == from ? "" : ",", r->leaders[i].term,
               r->leaders[i].node);
    putchar('\n');
    if (r->probed && r->recovered)
        printf("recovery: a write succeeded %.2f s after the faults were healed\n", r->recovered_s);
}

/* When the operations were open that no order has room for. */
static size_t violation_of(const struct judgement *j, struct picture_interval *ret, size_t max)
{
    const struct check_partition *worst;
    size_t n = 0;

    if (j == NULL || j->result->verdict != VERDICT_NOT_LINEARIZABLE)
        return 0;
    worst = &j->result->partitions[j->result->worst];
    for (; n < worst->n_stuck && n < max; n++) {
        const struct history_op *op = &j->history->ops[worst->stuck[n]];

        ret[n] = (struct picture_interval){.from_ns = op->call_ns, .to_ns = op->return_ns};
    }
    return n;
}

static void print_picture(const struct run *r, const struct run_end *end)
{
    struct terminal t = terminal_of(STDOUT_FILENO);
    struct picture_interval violation[VIOLATION_SHOWN_MAX];
    size_t n = violation_of(end->judgement, violation, VIOLATION_SHOWN_MAX);
    struct buf text = {0};
    size_t n_slots;
    int64_t width_ns;

    course_slots(r->course, &n_slots, &width_ns);
    if (picture_draw(r->course, r->healed_ns > 0 ? r->healed_ns : (int64_t)n_slots * width_ns,
                     violation, n, &t, &text) == 0 &&
        text.len > 0)
        printf("\n%.*s", (int)text.len, (const char *)text.data);
    buf_free(&text);
}

static void print_why(const struct run *r, const struct run_end *end)
{
    char text[160];

    if (r->probed && !r->recovered)
        printf("LIVENESS: no write succeeded within %g s after the faults were healed\n",
               r->o->recover_s);
    if (run_faults_missing(r, text, sizeof text) != NULL)
        printf("UNKNOWN: %s\n", text);
    if (end->rc < 0)
        printf("FAILED: %s\n", end->reason);
}

void run_summary_print(const struct run *r, const struct run_end *end)
{
    const struct tally_totals *t = tally_totals(r->tally);
    struct buf text = {0};

    print_operations(t);
    print_faults(r);
    print_met(t);
    print_leaders(r);
    print_picture(r, end);
    putchar('\n');
    print_why(r, end);
    run_online_print(&r->online);
    if (end->judgement != NULL && judgement_explain(end->judgement, &text) == 0)
        printf("%.*s(checked in %.2f s)\n", (int)text.len, (const char *)text.data,
               end->judgement->seconds);
    buf_clear(&text);
    if (end->judgement != NULL &&
        proof_show_quickly(end->judgement->history, end->judgement->result, &text) == 0)
        printf("%.*s", (int)text.len, text.len > 0 ? (const char *)text.data : "");
    buf_free(&text);
    printf("%s\n", r->history_path);
}

/* --- the page ------------------------------------------------------------------------------- */

static int put_also(const struct run *r, const struct run_end *end, struct buf *out)
{
    char text[160];
    int rc = page_also(end->rc < 0 ? end->reason : NULL, run_faults_missing(r, text, sizeof text),
                       r->probed && !r->recovered, out);

    return rc < 0 ? rc : buf_append_byte(out, '\0');
}

void run_summary_page(const struct run *r, const struct run_end *end)
{
    struct buf also = {0};
    char path[PATH_MAX];
    struct err e = {0};
    int rc = put_also(r, end, &also);

    files_join(path, r->folder, PAGE_NAME);
    rc = rc < 0 ? err_set(&e, rc, "%s: %s", path, err_text(rc))
                : page_write_of(path, r->history_path, end->judgement, end->asks,
                                (const char *)also.data, &e);
    if (rc < 0)
        fprintf(stderr, "rift run: %s\n", e.text);
    else if (!r->o->json)
        printf("%s\n", path);
    buf_free(&also);
}

/* --- for machines --------------------------------------------------------------------------- */

static json_t *operations_json(const struct tally_totals *t)
{
    json_t *all = json_object();

    for (unsigned kind = 0; kind < OP_KIND_COUNT; kind++) {
        const uint64_t *by = t->by_outcome[kind];

        if (by[OUTCOME_PENDING] > 0)
            json_object_set_new(
                all, op_kind_name((enum op_kind)kind),
                json_pack("{s:I, s:I, s:I, s:I}", "invoked", (json_int_t)by[OUTCOME_PENDING], "ok",
                          (json_int_t)by[OUTCOME_OK], "fail", (json_int_t)by[OUTCOME_FAIL], "info",
                          (json_int_t)by[OUTCOME_INFO]));
    }
    return all;
}

static json_t *faults_json(const struct run *r)
{
    json_t *all = json_object();

    for (unsigned fault = 1; fault < TALLY_FAULTS; fault++) {
        struct fault_sum sum = sum_up(r, fault);

        if (sum.steps > 0)
            json_object_set_new(all, tally_fault_name(fault),
                                json_pack("{s:I, s:I, s:I, s:s, s:I}", "planned",
                                          (json_int_t)sum.steps, "begun", (json_int_t)sum.begun,
                                          "bit", (json_int_t)sum.bit, "proof", proof_name(fault),
                                          "count", (json_int_t)(sum.messages + sum.processes)));
    }
    return all;
}

static json_t *met_json(const struct tally_totals *t)
{
    json_t *all = json_object();

    for (unsigned fault = 0; fault < TALLY_FAULTS; fault++) {
        json_t *roles;

        if (met(t, fault) == 0)
            continue;
        roles = json_object();
        for (unsigned role = 0; role < TALLY_ROLE_COUNT; role++) {
            const struct tally_cell *cell = &t->cells[fault][role];

            if (cell->ops > 0)
                json_object_set_new(roles, tally_role_name((enum tally_role)role),
                                    json_pack("{s:I, s:I}", "operations", (json_int_t)cell->ops,
                                              "reads", (json_int_t)cell->reads));
        }
        json_object_set_new(all, tally_fault_name(fault), roles);
    }
    return all;
}

static json_t *leaders_json(const struct run *r)
{
    json_t *all = json_array();

    for (size_t i = 0; i < r->n_leaders; i++)
        json_array_append_new(all, json_pack("{s:I, s:I}", "term", (json_int_t)r->leaders[i].term,
                                             "node", (json_int_t)r->leaders[i].node));
    return all;
}

static json_t *proxy_json(const struct wire_nemesis_counters *c)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "passed", (json_int_t)c->passed, "cut",
                     (json_int_t)c->cut, "dropped", (json_int_t)c->dropped, "delayed",
                     (json_int_t)c->delayed, "duplicated", (json_int_t)c->duplicated, "reordered",
                     (json_int_t)c->reordered, "overflow", (json_int_t)c->overflow);
}

static json_t *recovery_json(const struct run *r)
{
    if (!r->probed)
        return json_null();
    return json_pack("{s:b, s:f}", "recovered", r->recovered, "seconds", r->recovered_s);
}

json_t *run_summary_json(const struct run *r, const struct run_end *end)
{
    const struct tally_totals *t = tally_totals(r->tally);
    char text[160];
    const char *missing = run_faults_missing(r, text, sizeof text);
    struct run_facts facts;
    json_t *options = json_object();

    run_options_facts(r->o, &facts);
    for (size_t i = 0; i < facts.n; i++)
        json_object_set_new(options, facts.items[i].name, json_string(facts.items[i].value));
    return json_pack(
        "{s:i, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:s?, s:s?, "
        "s:o, s:o}",
        "exit", (int)end->code, "history", r->history_path, "workload", r->o->workload, "nodes",
        (json_int_t)r->o->nodes, "seed", (json_int_t)r->o->seed, "options", options, "operations",
        operations_json(t), "faults", faults_json(r), "met", met_json(t), "reads_of_cut_off_leader",
        (json_int_t)t->reads_of_cut_off, "leaders", leaders_json(r), "proxy",
        proxy_json(&r->counters), "recovery", recovery_json(r), "faults_missing", missing,
        "failure", end->rc < 0 ? end->reason : NULL, "check",
        end->judgement == NULL ? json_null() : judgement_json(end->judgement), "online",
        run_online_json(&r->online));
}
