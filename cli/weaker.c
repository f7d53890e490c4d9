#include "cli/weaker.h"

#include "checker/sequential.h"

#include <stdio.h>

static const char *const names[] = {"linearizable", "sequential", NULL};

const char *const *weaker_names(void)
{
    return names;
}

bool weaker_is(const char *name)
{
    return name != NULL && strcmp(name, "sequential") == 0;
}

/* As for linearizability: what a damaged file lost could break a good verdict. */
static enum exit_code code_of(const struct history *h, const struct sequential_result *r)
{
    if (r->verdict == VERDICT_NOT_LINEARIZABLE)
        return EXIT_VIOLATION;
    return r->verdict == VERDICT_UNKNOWN || h->loss.damaged ? EXIT_UNKNOWN : EXIT_GOOD;
}

static json_t *result_json(const struct sequential_result *r, const char *text, size_t len)
{
    static const char *const verdicts[] = {
        [VERDICT_LINEARIZABLE] = "sequentially consistent",
        [VERDICT_NOT_LINEARIZABLE] = "not sequentially consistent",
        [VERDICT_UNKNOWN] = "unknown",
    };

    return json_pack("{s:s, s:s, s:I, s:I, s:s%}", "verdict", verdicts[r->verdict], "model",
                     r->model, "operations", (json_int_t)r->n_ops, "partitions",
                     (json_int_t)r->n_keys, "explanation", text, len);
}

static json_t *report(const char *path, const struct history *h, const struct sequential_result *r,
                      bool as_json)
{
    struct buf text = {0};
    json_t *entry = NULL;

    if (sequential_tell(r, &text) < 0) {
        buf_free(&text);
        return NULL;
    }
    if (as_json)
        entry = result_json(r, (const char *)text.data, text.len);
    else
        printf("%s: %.*s", path, (int)text.len, (const char *)text.data);
    if (!as_json && h->loss.damaged)
        printf("The file is damaged: what was lost could change a good verdict, so it counts as "
               "unknown.\n");
    buf_free(&text);
    return entry;
}

enum exit_code weaker_check(const char *path, const struct judge_options *o, json_t *files)
{
    struct sequential_result *r = NULL;
    struct history *h = NULL;
    struct err e = {0};
    enum exit_code code;
    json_t *entry;
    int rc = judge_sequential(path, o, &h, &r, &e);

    if (rc < 0) {
        code = judge_error_code(rc);
        fprintf(stderr, "rift check: %s\n", e.text);
        entry = json_pack("{s:s}", "error", e.text);
    } else {
        code = code_of(h, r);
        entry = report(path, h, r, files != NULL);
    }
    sequential_result_free(&r);
    history_free(&h);
    if (entry != NULL) {
        json_object_set_new(entry, "file", json_string(path));
        json_object_set_new(entry, "exit", json_integer(code));
    }
    if (entry != NULL && files != NULL)
        json_array_append(files, entry);
    json_decref(entry);
    return code;
}
