#include <rift/checker.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A test of one's own store, in one's own program: tell rift what the clients saw, ask whether it
 * was linearizable. Here the clients are played: the second one reads the old value although the
 * first one's put had returned. */

static struct rift_bytes bytes(const char *text)
{
    return (struct rift_bytes){.data = text, .len = strlen(text)};
}

static void must(int rc, const struct rift_error *error)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

static void invoke(struct rift_history *h, uint32_t client, enum rift_kind kind, const char *value)
{
    struct rift_error error;
    struct rift_call call = {
        .size = sizeof call, .kind = kind, .key = bytes("balance"), .value = bytes(value)};

    must(rift_history_invoke(h, client, &call, 0, &error), &error);
}

static void complete(struct rift_history *h, uint32_t client, const char *result)
{
    struct rift_error error;

    must(rift_history_complete(h, client, RIFT_OK, RIFT_DONE, bytes(result), 0, &error), &error);
}

int main(void)
{
    struct rift_error error;
    struct rift_history *history;
    struct rift_result *result;
    char *words;

    must(rift_history_create("kv", 0, &history, &error), &error);
    invoke(history, 1, RIFT_PUT, "100");
    complete(history, 1, "");
    invoke(history, 1, RIFT_PUT, "70");
    complete(history, 1, "");
    invoke(history, 2, RIFT_GET, "");
    complete(history, 2, "100");

    must(rift_check(history, NULL, &result, &error), &error);
    printf("librift %s: %s\n", rift_version(), rift_verdict_name(rift_result_verdict(result)));
    if (rift_result_explain(result, &words) == 0) {
        fputs(words, stdout);
        free(words);
    }
    rift_result_free(result);
    rift_history_free(history);
    return 0;
}
