#include "workloads/workload.h"

#include "base/rng.h"
#include "workloads/slot_heap.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLERKS = 4, DRAWS = 4000 };

static struct workload_options options_of(const char *name)
{
    return (struct workload_options){
        .name = name, .seed = 7, .clerks = CLERKS, .keys = 5, .read_percent = 50, .value_range = 5};
}

static struct workload *create(const struct workload_options *o)
{
    struct workload *w;
    struct err e = {0};

    cr_assert(workload_create(o, &w, &e) == 0, "%s", e.text);
    return w;
}

static const struct {
    const char *name;
    const char *model;
    unsigned kinds; /* bits of enum op_kind */
} known[] = {
    {"register", "register", 1 << OP_GET | 1 << OP_PUT},
    {"cas-register", "cas-register", 1 << OP_GET | 1 << OP_PUT | 1 << OP_CAS},
    {"append", "kv", 1 << OP_GET | 1 << OP_APPEND},
    {"kv", "kv", 1 << OP_GET | 1 << OP_PUT | 1 << OP_APPEND | 1 << OP_CAS | 1 << OP_DELETE},
};

Test(workload, each_draws_its_kinds_for_its_model)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct workload_options o = options_of(known[i].name);
        struct workload *w = create(&o);
        unsigned kinds = 0;

        for (uint64_t k = 0; k < DRAWS; k++) {
            struct op op;

            workload_next(w, (uint32_t)(k % CLERKS), k, &op);
            cr_assert(op_valid(&op));
            kinds |= 1u << op.kind;
        }
        cr_assert(kinds == known[i].kinds, "%s: %x", known[i].name, kinds);
        cr_assert_str_eq(workload_model(w), known[i].model);
        cr_assert_str_eq(workload_names()[i], known[i].name);
        workload_destroy(w);
    }
    cr_assert(workload_names()[sizeof known / sizeof known[0]] == NULL);
}

static void describe(struct workload *w, uint32_t clerk, uint64_t k, struct buf *out)
{
    struct op op;

    workload_next(w, clerk, k, &op);
    buf_printf(out, "%s %.*s %.*s %.*s %d\n", op_kind_name(op.kind), (int)op.key.len,
               (const char *)op.key.data, (int)op.value.len, (const char *)op.value.data,
               (int)op.expected.len, (const char *)op.expected.data, op.expects_absent);
}

Test(workload, an_operation_depends_on_seed_clerk_and_number_alone)
{
    struct workload_options o = options_of("kv");
    struct workload *forwards = create(&o);
    struct workload *backwards;
    struct workload *other;
    struct buf expected = {0};
    struct buf found = {0};

    o.clerks = 1;
    backwards = create(&o);
    o.seed++;
    other = create(&o);
    for (uint64_t k = 0; k < 100; k++)
        describe(forwards, 3, k, &expected);
    for (uint64_t k = 100; k-- > 0;) {
        struct buf line = {0};

        describe(backwards, 2, k, &line); /* another clerk in between changes nothing */
        buf_clear(&line);
        describe(backwards, 3, k, &line);
        buf_append_slice(&line, buf_slice(&found));
        buf_free(&found);
        found = line;
    }
    cr_assert(slice_equal(buf_slice(&expected), buf_slice(&found)));
    buf_clear(&found);
    for (uint64_t k = 0; k < 100; k++)
        describe(other, 3, k, &found);
    cr_assert(!slice_equal(buf_slice(&expected), buf_slice(&found)), "the seed does not matter");
    buf_free(&expected);
    buf_free(&found);
    workload_destroy(forwards);
    workload_destroy(backwards);
    workload_destroy(other);
}

/* What the written values of register and append look like is part of the contract. */
Test(workload, written_values_name_clerk_and_number)
{
    static const char *const names[] = {"register", "append"};

    for (size_t i = 0; i < 2; i++) {
        struct workload_options o = options_of(names[i]);
        struct workload *w;

        o.read_percent = 0;
        o.value_bytes = 10;
        w = create(&o);
        for (uint64_t k = 0; k < DRAWS; k++) {
            char text[32];
            struct op op;

            workload_next(w, 3, k, &op);
            snprintf(text, sizeof text, "c3-%llu", (unsigned long long)k);
            cr_assert(op.value.len == 10);
            cr_assert(memcmp(op.value.data, text, strlen(text)) == 0);
            cr_assert(op.value.data[strlen(text)] == '.');
        }
        workload_destroy(w);
    }
}

static void count_keys(double skew, unsigned counts[5])
{
    struct workload_options o = options_of("register");
    struct workload *w;

    o.key_skew = skew;
    w = create(&o);
    for (uint64_t k = 0; k < DRAWS; k++) {
        struct op op;

        workload_next(w, 0, k, &op);
        cr_assert(op.key.len == 2 && op.key.data[0] == 'k');
        counts[op.key.data[1] - '0']++;
    }
    workload_destroy(w);
}

/* Bounds are six standard deviations wide. */
static void expect_share(unsigned count, double share)
{
    double mean = DRAWS * share;

    cr_assert(fabs(count - mean) < 6 * sqrt(mean * (1 - share)), "%u instead of about %.0f", count,
              mean);
}

Test(workload, keys_are_drawn_evenly_or_by_zipf)
{
    unsigned even[5] = {0};
    unsigned skewed[5] = {0};
    double sum = 1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4 + 1.0 / 5;

    count_keys(0, even);
    count_keys(1, skewed);
    for (int i = 0; i < 5; i++) {
        expect_share(even[i], 0.2);
        expect_share(skewed[i], 1 / (i + 1.0) / sum);
    }
}

Test(workload, reads_have_their_share)
{
    static const uint32_t percents[] = {0, 30, 100};

    for (size_t i = 0; i < 3; i++) {
        struct workload_options o = options_of("kv");
        struct workload *w;
        unsigned reads = 0;

        o.read_percent = percents[i];
        w = create(&o);
        for (uint64_t k = 0; k < DRAWS; k++) {
            struct op op;

            workload_next(w, 1, k, &op);
            reads += op.kind == OP_GET;
        }
        if (percents[i] == 30)
            expect_share(reads, 0.3);
        else
            cr_assert(reads == DRAWS * percents[i] / 100);
        workload_destroy(w);
    }
}

Test(workload, appends_move_on_to_fresh_keys)
{
    struct workload_options o = options_of("append");
    struct workload *w;
    size_t longest = 0;
    size_t bytes[5][64] = {{0}};

    o.read_percent = 0;
    w = create(&o);
    for (uint64_t k = 0; k < DRAWS; k++) {
        unsigned key;
        unsigned generation;
        struct op op;
        char text[32];

        workload_next(w, 0, k, &op);
        snprintf(text, sizeof text, "%.*s", (int)op.key.len, (const char *)op.key.data);
        cr_assert(sscanf(text, "k%u.%u", &key, &generation) == 2 && key < 5 && generation < 64);
        bytes[key][generation] += op.value.len;
        if (bytes[key][generation] > longest)
            longest = bytes[key][generation];
    }
    cr_assert(longest < 2048, "a value of %zu bytes", longest);
    workload_destroy(w);
}

Test(workload, options_are_checked)
{
    struct workload_options o = options_of("registr");
    struct workload *w;
    struct err e = {0};

    cr_assert(workload_create(&o, &w, &e) == -E_INVAL);
    cr_assert_str_eq(e.text, "workload 'registr': there is none of that name");
    o = options_of("kv");
    o.keys = 0;
    cr_assert(workload_create(&o, &w, &e) == -E_INVAL);
    o = options_of("kv");
    o.read_percent = 101;
    cr_assert(workload_create(&o, &w, &e) == -E_INVAL);
    o = options_of("kv");
    o.value_range = 0;
    cr_assert(workload_create(&o, &w, &e) == -E_INVAL);
    o = options_of("kv");
    o.value_bytes = OP_VALUE_BYTES_MAX + 1;
    cr_assert(workload_create(&o, &w, &e) == -E_INVAL);
    o = options_of("kv");
    o.key_skew = NAN;
    cr_assert(workload_create(&o, &w, &e) == -E_INVAL);
    workload_destroy(NULL);
}

/* --- the heap, against looking through everything ------------------------------------------ */

enum { SLOTS = 40, STEPS = 20000 };

static bool naive_first(const int64_t times[SLOTS], uint32_t *ret)
{
    bool found = false;

    for (uint32_t i = 0; i < SLOTS; i++) {
        if (times[i] >= 0 && (!found || times[i] < times[*ret])) {
            *ret = i;
            found = true;
        }
    }
    return found;
}

Test(slot_heap, gives_the_earliest_and_of_equals_the_lowest)
{
    struct rng r = rng_make(1, 0);
    struct slot_heap h = {0};
    int64_t times[SLOTS];

    cr_assert(slot_heap_init(&h, SLOTS) == 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        times[i] = -1;
    for (int step = 0; step < STEPS; step++) {
        uint32_t slot = (uint32_t)rng_below(&r, SLOTS);
        uint32_t expected = 0;
        uint32_t first = 0;
        int64_t time_ns = 0;
        bool any;

        if (rng_chance(&r, 600000)) {
            times[slot] = (int64_t)rng_below(&r, 50);
            slot_heap_put(&h, slot, times[slot]);
        } else {
            times[slot] = -1;
            slot_heap_remove(&h, slot);
        }
        any = naive_first(times, &expected);
        cr_assert(slot_heap_first(&h, &first, &time_ns) == any);
        cr_assert(!any || (first == expected && time_ns == times[expected]));
    }
    slot_heap_free(&h);
}
