#include "rift/checker.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory that runs out at every single place: the program is linked with --wrap, so that each
 * allocation of the library comes through here. A check may then fail, or know nothing; it may not
 * crash, leak (the sanitizers watch) or say the wrong thing. */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long countdown; /* allocations until one fails; below 0: none does */
static bool for_good;  /* ...and all that follow */
static bool failed;

static bool fails(void)
{
    if (countdown < 0)
        return false;
    if (countdown > 0) {
        countdown--;
        return false;
    }
    failed = true;
    if (!for_good)
        countdown = -1;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

struct subject {
    const char *file;
    const char *engine;
    bool whole;
    enum rift_verdict verdict;
};

#define SAMPLES RIFT_SOURCE_DIR "/histories/samples/"

static const struct subject subjects[] = {
    {SAMPLES "linearizable.msgpack", NULL, false, RIFT_LINEARIZABLE},
    {SAMPLES "linearizable.msgpack", "jit", true, RIFT_LINEARIZABLE},
    {SAMPLES "linearizable.msgpack", "porcupine", false, RIFT_LINEARIZABLE},
    {SAMPLES "stale-read.msgpack", NULL, false, RIFT_NOT_LINEARIZABLE},
    {SAMPLES "lost-write.msgpack", "jit", true, RIFT_NOT_LINEARIZABLE},
    {SAMPLES "many-unknown.msgpack", NULL, false, RIFT_LINEARIZABLE},
};

static void complain(const struct subject *s, long at, const char *what)
{
    fprintf(stderr, "%s (engine %s), allocation %ld fails%s: %s\n", s->file,
            s->engine == NULL ? "by itself" : s->engine, at, for_good ? " and all behind it" : "",
            what);
    exit(1);
}

/* True when the allocation that was to fail was reached. */
static bool check(const struct subject *s, long at)
{
    struct rift_check_options o = {.size = sizeof o, .engine = s->engine, .whole = s->whole};
    struct rift_history *h = NULL;
    struct rift_result *r = NULL;
    char *text = NULL;
    int rc;

    failed = false;
    countdown = at;
    rc = rift_history_load(s->file, &h, NULL);
    if (rc == 0)
        rc = rift_check(h, &o, &r, NULL);
    if (rc == 0 && rift_result_explain(r, &text) != 0 && !failed)
        complain(s, at, "no words, though memory was there");
    countdown = -1;
    if (rc != 0 && (!failed || rc != RIFT_OUT_OF_MEMORY))
        complain(s, at, "an error that is none of memory");
    if (rc == 0 && rift_result_verdict(r) != s->verdict &&
        (!failed || rift_result_verdict(r) != RIFT_UNKNOWN))
        complain(s, at, "a wrong verdict");
    free(text);
    rift_result_free(r);
    rift_history_free(h);
    return failed;
}

int main(void)
{
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        for (int both = 0; both <= 1; both++) {
            long at = 0;

            for_good = both != 0;
            while (check(&subjects[i], at))
                at++;
            printf("%s: each of %ld allocations failed once\n", subjects[i].file, at);
            if (at < 10)
                complain(&subjects[i], at, "too few allocations: they do not come through here");
        }
    }
    return 0;
}
