#include <rift/model.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An object of one's own: a cache that may evict a value at any time. So a get may miss although
 * the put had returned; but once it missed, the value must not come back before the next put. A
 * key-value store, which never forgets, is too strict a model for it.
 *
 *     check_my_cache            two short histories
 *     check_my_cache HISTORY    one from a file, of any format that rift reads */

/* --- the model ------------------------------------------------------------------------------ */

/* The cache chooses, so a state is the set of those that it may be in. Absence is always one of
 * them: what is there may be evicted the next moment. So the set is "-" (certainly absent), or
 * "+" and the value (absent, or that value). */

static int set_to(struct rift_output *after, const char *mark, struct rift_bytes value)
{
    int rc = rift_output_append(after, mark, 1);

    if (rc == 0)
        rc = rift_output_append(after, value.data, value.len);
    return rc == 0 ? 1 : rc;
}

static int may_be(struct rift_bytes state, struct rift_bytes value)
{
    const char *bytes = state.data;

    return bytes[0] == '+' && state.len - 1 == value.len &&
           (value.len == 0 || memcmp(bytes + 1, value.data, value.len) == 0);
}

static int cache_initial(void *context, struct rift_output *state)
{
    (void)context;
    return rift_output_append(state, "-", 1);
}

static int cache_step(void *context, struct rift_bytes state, const struct rift_operation *op,
                      struct rift_output *after)
{
    struct rift_bytes nothing = {0};

    (void)context;
    if (op->kind == RIFT_PUT)
        return set_to(after, "+", op->value);
    /* A miss: of all that the cache may be, absence is left. */
    if (op->answer == RIFT_NO_KEY)
        return set_to(after, "-", nothing);
    return may_be(state, op->result) ? set_to(after, "+", op->result) : 0;
}

/* A hit leaves the set as it was, and a miss does not, though neither changes the cache. */
static int cache_observes(void *context, const struct rift_operation *op)
{
    (void)context;
    return op->kind == RIFT_GET && op->answer == RIFT_DONE;
}

static int cache_describe(void *context, struct rift_bytes state, struct rift_output *text)
{
    const char *bytes = state.data;
    int rc;

    (void)context;
    if (bytes[0] == '-')
        return rift_output_append(text, "certainly absent", strlen("certainly absent"));
    rc = rift_output_append(text, "absent or ", strlen("absent or "));
    return rc == 0 ? rift_output_append(text, bytes + 1, state.len - 1) : rc;
}

static const struct rift_model cache = {
    .size = sizeof(struct rift_model),
    .name = "cache",
    .kinds = RIFT_KIND_BIT(RIFT_GET) | RIFT_KIND_BIT(RIFT_PUT),
    .initial = cache_initial,
    .step = cache_step,
    .observes = cache_observes,
    .describe = cache_describe,
};

/* --- what is checked ------------------------------------------------------------------------ */

static void must(int rc, const struct rift_error *error)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s\n", error->text);
    exit(3);
}

static struct rift_bytes bytes(const char *text)
{
    return (struct rift_bytes){.data = text, .len = strlen(text)};
}

/* One client asks and is answered. */
static void ask(struct rift_history *h, enum rift_kind kind, const char *value,
                enum rift_answer answer, const char *result)
{
    struct rift_error error;
    struct rift_call call = {
        .size = sizeof call, .kind = kind, .key = bytes("page"), .value = bytes(value)};

    must(rift_history_invoke(h, 1, &call, 0, &error), &error);
    must(rift_history_complete(h, 1, RIFT_OK, answer, bytes(result), 0, &error), &error);
}

static struct rift_history *play(int comes_back)
{
    struct rift_error error;
    struct rift_history *h;

    must(rift_history_create("kv", 0, &h, &error), &error);
    ask(h, RIFT_PUT, "home", RIFT_DONE, "");
    ask(h, RIFT_GET, "", RIFT_DONE, "home");
    ask(h, RIFT_GET, "", RIFT_NO_KEY, "");
    if (comes_back)
        ask(h, RIFT_GET, "", RIFT_DONE, "home");
    return h;
}

/* The exit codes of rift: 0 linearizable, 1 not, 2 unknown. */
static int check(const char *what, struct rift_history *h)
{
    struct rift_check_options options = {.size = sizeof options, .custom_model = &cache};
    struct rift_result *result;
    struct rift_error error;
    enum rift_verdict verdict;
    char *words;

    must(rift_check(h, &options, &result, &error), &error);
    verdict = rift_result_verdict(result);
    printf("%s: %s\n", what, rift_verdict_name(verdict));
    if (verdict != RIFT_LINEARIZABLE && rift_result_explain(result, &words) == 0) {
        fputs(words, stdout);
        free(words);
    }
    rift_result_free(result);
    rift_history_free(h);
    return (int)verdict;
}

int main(int argc, char **argv)
{
    struct rift_history *h;
    struct rift_error error;

    if (argc > 1) {
        must(rift_history_load(argv[1], &h, &error), &error);
        return check(argv[1], h);
    }
    check("evicted", play(0));
    check("back from nowhere", play(1));
    return 0;
}
