#include "histories/convert.h"

#include <malloc.h>
#include <sanitizer/allocator_interface.h>
#include <stdlib.h>

/* An importer, and the exporters behind it: nothing crashes, hangs or leaks; loading takes no more
 * memory than it may; and what was loaded comes back the same from the formats that hold all of it.
 * Compiled once for each format: RIFT_FUZZ_FORMAT. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { TIMES = 16, HEADROOM_BYTES = 1 << 20 };

static size_t live;
static size_t peak;

static void count_malloc(const volatile void *block, size_t size)
{
    (void)block;
    live += size;
    peak = live > peak ? live : peak;
}

static void count_free(const volatile void *block)
{
    live -= __sanitizer_get_allocated_size((const void *)block);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free) == 0)
        abort();
    return 0;
}

static int keep(void *context, struct slice bytes)
{
    return buf_append_slice(context, bytes);
}

/* The reason of a failure is not kept everywhere, and the numbers of events change when requests
 * are left out. */
static void same_op(const struct history_op *a, const struct history_op *b)
{
    if (a->process != b->process || a->kind != b->kind || a->outcome != b->outcome ||
        a->expects_absent != b->expects_absent || a->call_ns != b->call_ns ||
        a->return_ns != b->return_ns || (a->outcome == OUTCOME_OK && a->status != b->status))
        abort();
    if (!slice_equal(a->family, b->family) || !slice_equal(a->key, b->key) ||
        !slice_equal(a->value, b->value) || !slice_equal(a->expected, b->expected) ||
        !slice_equal(a->result, b->result))
        abort();
}

static void same_history(const struct history *a, const struct history *b)
{
    if (a->n_ops != b->n_ops || strcmp(a->header.model, b->header.model) != 0 ||
        a->header.dialect != b->header.dialect)
        abort();
    for (size_t i = 0; i < a->n_ops; i++)
        same_op(&a->ops[i], &b->ops[i]);
}

static void there_and_back(struct slice bytes, const struct history_load_options *o,
                           enum history_format to)
{
    struct history_left_out left;
    struct buf out = {0};
    struct history_sink sink = {keep, &out};
    struct history *before;
    struct history *after;
    int rc = history_convert("fuzz", bytes, o, to, &sink, &left, &before, NULL);

    if (rc == 0) {
        if (history_load_bytes("back", buf_slice(&out), &after, NULL) < 0)
            abort();
        same_history(before, after);
        history_free(&before);
        history_free(&after);
    } else if (rc != -E_UNSUPPORTED && rc != -E_LIMIT) {
        abort();
    }
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history_load_options o = {.format = RIFT_FUZZ_FORMAT};
    struct slice bytes = slice_of(data, size);
    struct history *h;
    struct err e;
    size_t before = live;
    int rc;

    peak = live;
    rc = history_load_bytes_as("fuzz", bytes, &o, &h, &e);
    if (peak - before > size * TIMES + HEADROOM_BYTES)
        abort();
    if (rc < 0)
        return 0;
    history_free(&h);
    there_and_back(bytes, &o, HISTORY_RIFT);
    there_and_back(bytes, &o, HISTORY_JSONL);
    there_and_back(bytes, &o, HISTORY_EDN);
    return 0;
}
