#include "histories/history.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

/* What loading takes at the most, for files that hold as much as they can in as few bytes: the
 * program is linked with --wrap, so that every allocation comes through here. */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
void __wrap_free(void *block);

static size_t live;
static size_t peak;

static void *took(void *block)
{
    live += malloc_usable_size(block);
    peak = live > peak ? live : peak;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return took(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return took(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    live -= malloc_usable_size(old);
    return took(__real_realloc(old, size));
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
    live -= malloc_usable_size(old);
    return took(__real_reallocarray(old, n, size));
}

void __wrap_free(void *block)
{
    live -= malloc_usable_size(block);
    __real_free(block);
}

/* --- dense files ---------------------------------------------------------------------------- */

enum { LINES = 100000, HEADROOM_BYTES = 1 << 20, TIMES = 16 };

/* A text of many lines, each with its number in it where the format says so. */
struct dense {
    const char *what;
    const char *first; /* before the lines */
    const char *line;  /* with its number in front of it, when `behind` is not NULL */
    const char *behind;
    const char *last;
    const char *model;
};

static const struct dense files[] = {
    {"EDN, reads that never end", "", "{:type :invoke :f :read :process ", "}", "", NULL},
    {"EDN, nobody knows whom", "", "{:type :info :f a :process n}", NULL, "", NULL},
    {"EDN, one large set",
     "{:type :invoke :f :add :value 0 :process 0}\n{:type :invoke :f :read :process 1}{:type :ok "
     ":f "
     ":read :process 1 :value #{",
     "", " ", "}}", "set"},
    {"EDN, one large list",
     "{:type :invoke :f :append :value [0 0] :process 0}\n{:type :invoke :f :read :value [0 nil] "
     ":process 1}{:type :ok :f :read :process 1 :value [0 [",
     "1 ", NULL, "]]}", "list-append"},
    {"EDN, a value of sets", "{:type :invoke :f :write :process 0 :value [", "#{", "}", "]}", NULL},
    {"EDN, a value of strings", "{:type :invoke :f :write :process 0 :value [", "\" \" ", NULL,
     "]}", NULL},
    {"JSON, gets that never end", "", "{\"type\":\"invoke\",\"f\":\"get\",\"process\":", "}\n", "",
     NULL},
    {"JSON, empty notes", "", "{\"type\":\"note\"}\n", NULL, "", "kv"},
    {"JSON, whole operations", "", "{\"f\":\"get\",\"call\":0,\"process\":", "}\n", "", NULL},
    {"JSON, a row of spaces", "{\"type\":\"invoke\",\"process\":1,\"f\":\"put\",\"value\":[",
     "\" \",", NULL, "1]}", NULL},
    {"etcd, reads that never end", "", "jepsen.util - ", "\t:invoke\t:read\tnil\n", "", NULL},
    {"Porcupine, gets that never end", "", "{:process ",
     ", :type :invoke, :f :get, :key \"\", :value nil}\n", "", NULL},
};

static int load_bounded(const char *what, struct slice bytes, const char *model)
{
    struct history_load_options o = {.model = model};
    size_t before = live;
    size_t bound = bytes.len * TIMES + HEADROOM_BYTES;
    struct history *h;
    struct err e = {.text = ""};
    int rc;

    peak = live;
    rc = history_load_bytes_as("dense", bytes, &o, &h, &e);
    printf("%s: %zu bytes took %.1f times that\n", what, bytes.len,
           (double)(peak - before) / (double)bytes.len);
    if (rc < 0 || peak - before > bound) {
        printf("FAILED: %s\n", rc < 0 ? e.text : "more than the bound");
        return 1;
    }
    history_free(&h);
    return 0;
}

static int check_text(const struct dense *d)
{
    struct buf text = {0};
    int failed;

    buf_printf(&text, "%s", d->first);
    for (int i = 0; i < LINES; i++) {
        if (d->behind == NULL)
            buf_printf(&text, "%s", d->line);
        else
            buf_printf(&text, "%s%d%s", d->line, i, d->behind);
    }
    buf_printf(&text, "%s", d->last);
    failed = load_bounded(d->what, buf_slice(&text), d->model);
    buf_free(&text);
    return failed;
}

/* --- dense records -------------------------------------------------------------------------- */

static int keep_bytes(void *context, struct slice bytes)
{
    return buf_append_slice(context, bytes);
}

static int check_records(const char *what, enum history_event_kind kind)
{
    struct history_header header = {.model = "kv"};
    struct buf bytes = {0};
    struct history_sink sink = {keep_bytes, &bytes};
    struct history_writer *w;
    int failed;

    if (history_writer_create(&sink, &header, &w, NULL) < 0)
        return 1;
    for (uint32_t i = 0; i < LINES; i++) {
        struct history_event event = {.kind = kind};

        if (kind == HISTORY_INVOKE)
            event.process = i;
        if (history_write(w, &event, NULL) < 0)
            return 1;
    }
    if (history_writer_close(&w, NULL) < 0)
        return 1;
    failed = load_bounded(what, buf_slice(&bytes), NULL);
    buf_free(&bytes);
    return failed;
}

int main(void)
{
    int failed = check_records("records, gets that never end", HISTORY_INVOKE);

    failed |= check_records("records, empty notes", HISTORY_NOTE);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        failed |= check_text(&files[i]);
    return failed;
}
