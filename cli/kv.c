#include "base/clock.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "histories/history.h"

#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* `rift kv`: one operation from the shell. */
struct kv_values {
    const char *cluster;
    const char *family;
    uint64_t timeout_ms;
    bool absent;
    bool json;
};

static const struct arg_option options[] = {
    {"cluster", ARG_TEXT, offsetof(struct kv_values, cluster), "FILE", "the cluster file", 0, 0,
     NULL, "required"},
    {"family", ARG_TEXT, offsetof(struct kv_values, family), "NAME", "column family", 0, 0, NULL,
     "default"},
    {"timeout-ms", ARG_UINT, offsetof(struct kv_values, timeout_ms), "N", "for the whole operation",
     1, 3600000, NULL, NULL},
    {"absent", ARG_FLAG, offsetof(struct kv_values, absent), NULL,
     "cas: the key has to be absent (there is no OLD then)", 0, 0, NULL, NULL},
    {"json", ARG_FLAG, offsetof(struct kv_values, json), NULL, "print the answer as JSON", 0, 0,
     NULL, NULL},
};

static const char *const operations[] = {"get", "put", "append", "cas", "delete", NULL};

static const struct arg_command command = {
    .name = "rift kv",
    .usage = "--cluster FILE get KEY | put KEY VALUE | append KEY VALUE | cas KEY OLD NEW | "
             "delete KEY",
    .purpose = "One operation on a cluster. `get` prints the value and a line end.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   done\n"
             "  1   answered, but: no such key, or cas found another value\n"
             "  2   unknown: no answer in time; it may have happened, or may yet happen\n"
             "  3   certainly not done: no node took it\n"
             "  64  usage\n"
             "  65  the cluster file is missing or wrong\n",
    .words = operations,
    .operands_min = 1,
    .operands_max = 4,
};

/* Operands of each operation, its name included. */
static size_t operands_of(enum op_kind kind, bool absent)
{
    switch (kind) {
    case OP_PUT:
    case OP_APPEND: return 3;
    case OP_CAS: return absent ? 3 : 4;
    default: return 2;
    }
}

static int parse_op(const struct kv_values *v, const struct arg_operands *words, struct op *ret,
                    struct err *e)
{
    struct op op = {0};

    if (!op_kind_parse(words->items[0], &op.kind) || op.kind >= OP_REGISTER)
        return err_set(e, -E_INVAL, "expected get, put, append, cas or delete, not '%s'",
                       words->items[0]);
    if (words->n != operands_of(op.kind, v->absent))
        return err_set(e, -E_INVAL, "'%s' takes %zu words after it, not %zu", words->items[0],
                       operands_of(op.kind, v->absent) - 1, words->n - 1);
    op.key = slice_str(words->items[1]);
    if (v->family != NULL)
        op.family = slice_str(v->family);
    if (words->n > 2)
        op.value = slice_str(words->items[words->n - 1]);
    if (op.kind == OP_CAS && v->absent)
        op.expects_absent = true;
    else if (op.kind == OP_CAS)
        op.expected = slice_str(words->items[2]);
    *ret = op;
    return 0;
}

static enum exit_code code_of(const struct clerk_end *end)
{
    if (end->status == STATUS_BAD_REQUEST)
        return EXIT_USAGE; /* a family the cluster does not have, a value that is too long */
    switch (end->outcome) {
    case OUTCOME_OK: return end->status == STATUS_OK ? EXIT_GOOD : EXIT_VIOLATION;
    case OUTCOME_FAIL: return EXIT_HARNESS;
    default: return EXIT_UNKNOWN;
    }
}

static void print_json(const struct clerk_end *end, enum exit_code code)
{
    struct buf text = {0};
    json_t *all = json_pack("{s:s, s:s, s:I, s:I, s:i}", "outcome", op_outcome_name(end->outcome),
                            "status", op_status_name(end->status), "node", (json_int_t)end->node,
                            "term", (json_int_t)end->term, "exit", (int)code);

    if (end->value.data != NULL) {
        json_t *value = json_stringn((const char *)end->value.data, end->value.len);

        /* Bytes that are no UTF-8 are shown escaped. */
        if (value == NULL && history_describe_bytes(end->value, &text) == 0)
            value = json_stringn((const char *)text.data, text.len);
        json_object_set_new(all, "value", value);
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
    buf_free(&text);
}

static void print_end(const struct op *op, const struct clerk_end *end)
{
    if (op->kind == OP_GET && end->outcome == OUTCOME_OK && end->status == STATUS_OK) {
        fwrite(end->value.data, 1, end->value.len, stdout);
        putchar('\n');
    } else if (end->outcome == OUTCOME_OK) {
        fprintf(end->status == STATUS_OK ? stdout : stderr, "%s\n", op_status_name(end->status));
    } else if (end->outcome == OUTCOME_FAIL) {
        fprintf(stderr, "rift kv: not done (%s)\n", op_status_name(end->status));
    } else {
        fprintf(stderr, "rift kv: unknown (%s): it may have happened, or may yet happen\n",
                op_status_name(end->status));
    }
}

static int carry_out(const struct kv_values *v, const struct cluster *cluster, const struct op *op,
                     struct err *e)
{
    struct client_options o = {
        .cluster = cluster,
        .attempt_timeout_ms = v->timeout_ms < 1000 ? (int64_t)v->timeout_ms : 1000,
        .op_timeout_ms = (int64_t)v->timeout_ms,
        .seed = (uint64_t)clock_wall_ns() ^ (uint64_t)getpid(),
    };
    struct client *client = NULL;
    struct clerk_end end;
    enum exit_code code = EXIT_HARNESS;
    int rc = client_create(&o, &client, e);

    if (rc == 0)
        rc = client_do(client, op, &end, e);
    if (rc == 0) {
        code = code_of(&end);
        if (v->json)
            print_json(&end, code);
        else
            print_end(op, &end);
    }
    client_destroy(client);
    return rc < 0 ? rc : (int)code;
}

int command_kv(int argc, char **argv)
{
    struct kv_values v = {.timeout_ms = 5000};
    struct cluster *cluster = NULL;
    struct arg_operands words;
    struct err e = {0};
    struct op op;
    int code = args_enter(&command, argc, argv, &v, &words);

    if (code >= 0)
        return code;
    if (v.cluster == NULL) {
        err_set(&e, -E_INVAL, "--cluster is needed");
        return args_complain(&command, &e);
    }
    if (parse_op(&v, &words, &op, &e) < 0)
        return args_complain(&command, &e);
    if (cluster_load(v.cluster, &cluster, &e) < 0) {
        fprintf(stderr, "rift kv: %s\n", e.text);
        return EXIT_DATA;
    }
    code = carry_out(&v, cluster, &op, &e);
    if (code < 0) {
        fprintf(stderr, "rift kv: %s\n", e.text);
        code = code == -E_INVAL ? EXIT_USAGE : EXIT_HARNESS;
    }
    cluster_free(&cluster);
    return code;
}
