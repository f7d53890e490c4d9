#include "fixture.h"

#include "base/hash.h"
#include "base/mp.h"

#include <criterion/criterion.h>

enum { EVENTS = 60 };

/* One history that the tests of this file cut and change. */
static struct buf whole;
static size_t ends[EVENTS + 2]; /* of the header, of each event, of END */

static void make_whole(void)
{
    fixture_history(11, EVENTS, &whole, ends);
}

static void free_whole(void)
{
    buf_free(&whole);
}

TestSuite(histories_damage, .init = make_whole, .fini = free_whole);

/* Asserts that `h` holds the first `n` events of the whole history and nothing else. */
static void holds_first(const struct history *h, size_t n)
{
    struct fixture_events g;
    size_t n_ops = 0;
    size_t n_asks = 0;
    size_t n_others = 0;
    size_t n_ended = 0;
    size_t n_ended_found = 0;

    fixture_events_init(&g, 11);
    for (size_t i = 0; i < n && i < EVENTS; i++) {
        struct history_event event = fixture_events_next(&g);

        n_ops += event.kind == HISTORY_INVOKE;
        n_asks += event.kind == HISTORY_ASK;
        n_ended += event.kind == HISTORY_COMPLETE;
        n_others += event.kind > HISTORY_COMPLETE;
        if (event.kind == HISTORY_INVOKE)
            cr_assert(slice_equal(event.op.key, h->ops[n_ops - 1].key));
    }
    n_others += n > EVENTS; /* END */
    for (size_t i = 0; i < h->n_ops; i++)
        n_ended_found += h->ops[i].outcome != OUTCOME_PENDING;
    cr_assert_eq(h->n_ops, n_ops);
    cr_assert_eq(h->n_asks, n_asks);
    cr_assert_eq(h->n_events, n_others);
    cr_assert_eq(n_ended_found, n_ended);
}

/* How many records, the header not counted, lie before `offset` as a whole. */
static size_t records_before(size_t offset)
{
    size_t n = 0;

    while (n < EVENTS + 1 && ends[n + 1] <= offset)
        n++;
    return n;
}

Test(histories_damage, wherever_it_is_cut_everything_before_is_there)
{
    for (size_t cut = 0; cut < whole.len; cut++) {
        size_t n = records_before(cut);
        struct history *h = NULL;
        int rc = history_load_bytes("cut", slice_of(whole.data, cut), &h, NULL);

        if (cut < ends[0]) {
            cr_assert_eq(rc, -E_PARSE, "cut at %zu: %s", cut, err_name(rc));
            continue;
        }
        cr_assert_eq(rc, 0, "cut at %zu: %s", cut, err_name(rc));
        holds_first(h, n);
        cr_assert_eq(h->loss.tail_bytes, cut - ends[n], "cut at %zu", cut);
        cr_assert(h->loss.unfinished);
        cr_assert_not(h->loss.damaged);
        history_free(&h);
    }
}

static void check_changed(const struct buf *changed, size_t at)
{
    struct history *h = NULL;
    struct err e;
    int rc = history_load_bytes("changed", buf_slice(changed), &h, &e);
    size_t n = records_before(at);

    if (at < ends[0]) {
        cr_assert_eq(rc, -E_PARSE, "byte %zu: %s", at, err_name(rc));
        return;
    }
    cr_assert_eq(rc, 0, "byte %zu: %s", at, e.text);
    holds_first(h, n);
    /* Of the last record nobody can tell a cut from a length that is too large. */
    if (n == EVENTS && !h->loss.damaged) {
        cr_assert_eq(h->loss.tail_bytes, whole.len - ends[n]);
    } else {
        cr_assert(h->loss.damaged, "byte %zu", at);
        cr_assert_eq(h->loss.damaged_at, ends[n], "byte %zu", at);
        cr_assert_eq(h->loss.damaged_bytes, whole.len - ends[n], "byte %zu", at);
        cr_assert_eq(h->loss.tail_bytes, 0);
    }
    cr_assert(h->loss.unfinished);
    history_free(&h);
}

Test(histories_damage, a_changed_byte_is_noticed_and_costs_only_what_is_behind_it)
{
    static const uint8_t masks[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};

    for (size_t at = 0; at < whole.len; at++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            whole.data[at] ^= masks[m];
            check_changed(&whole, at);
            whole.data[at] ^= masks[m];
        }
    }
}

static void expect_damage_at(const struct buf *bytes, size_t at, size_t n)
{
    struct history *h;

    cr_assert_eq(history_load_bytes("bytes", buf_slice(bytes), &h, NULL), 0);
    holds_first(h, n);
    cr_assert(h->loss.damaged);
    cr_assert_eq(h->loss.damaged_at, at);
    cr_assert_eq(h->loss.damaged_bytes, bytes->len - at);
    history_free(&h);
}

Test(histories_damage, a_missing_record_is_damage)
{
    struct buf bytes = {0};

    buf_append(&bytes, whole.data, ends[20]);
    buf_append(&bytes, whole.data + ends[21], whole.len - ends[21]);
    expect_damage_at(&bytes, ends[20], 20);
    buf_free(&bytes);
}

Test(histories_damage, a_repeated_record_is_damage)
{
    struct buf bytes = {0};

    buf_append(&bytes, whole.data, ends[20]);
    buf_append(&bytes, whole.data + ends[19], whole.len - ends[19]);
    expect_damage_at(&bytes, ends[20], 20);
    buf_free(&bytes);
}

Test(histories_damage, bytes_behind_the_end_are_damage)
{
    struct buf bytes = {0};

    buf_append_slice(&bytes, buf_slice(&whole));
    buf_append_byte(&bytes, 0x90);
    expect_damage_at(&bytes, whole.len, EVENTS + 1);
    buf_free(&bytes);
}

Test(histories_damage, a_claim_of_four_gigabytes_is_damage_at_once)
{
    /* Notes: [6, 1, 0, str32 of 0xffffffff bytes; and an array32 of as many elements. */
    static const uint8_t claims[][9] = {{0x95, 6, 1, 0, 0xdb, 0xff, 0xff, 0xff, 0xff},
                                        {0xdd, 0xff, 0xff, 0xff, 0xff, 6, 1, 0, 0}};

    for (size_t i = 0; i < 2; i++) {
        struct buf bytes = {0};

        buf_append(&bytes, whole.data, ends[0]);
        buf_append(&bytes, claims[i], sizeof claims[i]);
        expect_damage_at(&bytes, ends[0], 0);
        buf_free(&bytes);
    }
}

Test(histories_damage, the_reader_names_the_place_and_stays_there)
{
    const char *path = fixture_path("damaged");
    FILE *file = fopen(path, "wx");
    struct history_reader *r;
    struct history_event event;
    struct err e;
    char place[64];

    whole.data[ends[7] + 3] ^= 0x55;
    fwrite(whole.data, 1, whole.len, file);
    fclose(file);
    snprintf(place, sizeof place, "offset %zu", ends[7]);
    cr_assert_eq(history_reader_open(path, &r, NULL), 0);
    for (int i = 0; i < 7; i++)
        cr_assert_eq(history_reader_next(r, &event, NULL), 1);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(history_reader_next(r, &event, &e), -E_CORRUPT);
        cr_assert_not_null(strstr(e.text, place), "%s", e.text);
        cr_assert_not_null(strstr(e.text, path), "%s", e.text);
    }
    history_reader_close(&r);
}

/* --- what is no history --------------------------------------------------------------------- */

Test(histories_damage, random_changes_never_do_harm)
{
    struct rng rng = rng_make(1, rng_stream("changes", 0));
    struct buf bytes = {0};

    for (int i = 0; i < 20000; i++) {
        struct history *h;
        uint64_t changes = rng_between(&rng, 1, 8);

        buf_clear(&bytes);
        buf_append_slice(&bytes, buf_slice(&whole));
        for (uint64_t k = 0; k < changes; k++) {
            uint64_t at = rng_below(&rng, whole.len - ends[0]);

            bytes.data[ends[0] + at] = (uint8_t)rng_next(&rng);
        }
        if (history_load_bytes("changed", buf_slice(&bytes), &h, NULL) == 0)
            history_free(&h);
    }
    buf_free(&bytes);
}

/* Texts that are no history; the first word of the error is the file's name. */
static const char *const strangers[] = {"",
                                        "\n",
                                        "hello\n",
                                        "{\"json\": 1}",
                                        "\x94\xacrift-histogram",
                                        "\x94\xacrift",
                                        "\x93\x01\x02\x03"};

Test(histories_damage, a_file_that_is_no_history_is_named_as_such)
{
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct history *h;
        struct err e;

        cr_assert_eq(history_load_bytes("stranger", slice_str(strangers[i]), &h, &e), -E_PARSE,
                     "row %zu", i);
        cr_assert_eq(strncmp(e.text, "stranger: ", 10), 0, "%s", e.text);
    }
}

/* A header by hand: [magic, version, {"model": "kv", extra: [1, {}]}, checksum]. */
static void put_header(struct buf *out, unsigned version, const char *extra)
{
    struct mp_writer w;

    mp_writer_init(&w, out);
    mp_write_array(&w, 4);
    mp_write_str(&w, "rift-history");
    mp_write_uint(&w, version);
    mp_write_map(&w, 2);
    mp_write_str(&w, "model");
    mp_write_str(&w, "kv");
    mp_write_str(&w, extra);
    mp_write_array(&w, 2);
    mp_write_uint(&w, 1);
    mp_write_map(&w, 0);
    buf_append_byte(out, 0xce);
    buf_append_u32be(out, hash_crc32(0, out->data, out->len - 1));
}

Test(histories_damage, a_later_version_is_refused_by_name)
{
    struct buf bytes = {0};
    struct history *h;
    struct err e;

    put_header(&bytes, HISTORY_FORMAT_VERSION + 1, "extra");
    cr_assert_eq(history_load_bytes("later", buf_slice(&bytes), &h, &e), -E_PARSE);
    cr_assert_not_null(strstr(e.text, "history format 3"), "%s", e.text);
    buf_free(&bytes);
}

Test(histories_damage, names_that_a_later_header_adds_are_passed_over)
{
    struct buf bytes = {0};
    struct history *h;

    put_header(&bytes, HISTORY_FORMAT_VERSION, "extra");
    cr_assert_eq(history_load_bytes("later", buf_slice(&bytes), &h, NULL), 0);
    cr_assert_str_eq(h->header.model, "kv");
    cr_assert_str_eq(h->header.cluster, "");
    cr_assert(h->loss.unfinished);
    history_free(&h);
    buf_free(&bytes);
}

/* [FAULT, 1, 5 ns, step 2, begins, "cut", six counts, and with `n` >= 0 that many ends of links].
 */
static void put_fault(struct buf *out, int n)
{
    size_t start = out->len;
    struct mp_writer w;

    mp_writer_init(&w, out);
    mp_write_array(&w, n < 0 ? 13 : 14);
    mp_write_uint(&w, HISTORY_FAULT);
    mp_write_uint(&w, 1);
    mp_write_uint(&w, 5);
    mp_write_uint(&w, 2);
    mp_write_bool(&w, true);
    mp_write_str(&w, "cut");
    for (unsigned i = 0; i < 6; i++)
        mp_write_uint(&w, 0);
    if (n >= 0)
        mp_write_array(&w, (size_t)n);
    for (int i = 0; i < n; i++)
        mp_write_int(&w, -i);
    buf_append_byte(out, 0xce);
    buf_append_u32be(out, hash_crc32(0, out->data + start, out->len - 1 - start));
}

Test(histories_damage, a_fault_of_the_first_version_names_no_links)
{
    struct buf bytes = {0};
    struct history *h;

    put_header(&bytes, 1, "extra");
    put_fault(&bytes, -1);
    cr_assert_eq(history_load_bytes("old", buf_slice(&bytes), &h, NULL), 0);
    cr_assert_eq(h->n_events, 1);
    cr_assert_str_eq(h->events[0].text, "cut");
    cr_assert_eq(h->events[0].n_cuts, 0);
    history_free(&h);
    buf_free(&bytes);
}

Test(histories_damage, links_of_a_fault_come_in_pairs_and_are_bounded)
{
    static const struct {
        int ends;
        bool good;
    } table[] = {{0, true},
                 {4, true},
                 {3, false},
                 {2 * HISTORY_CUTS_MAX, true},
                 {2 * HISTORY_CUTS_MAX + 2, false}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf bytes = {0};
        struct history *h;

        put_header(&bytes, HISTORY_FORMAT_VERSION, "extra");
        put_fault(&bytes, table[i].ends);
        cr_assert_eq(history_load_bytes("links", buf_slice(&bytes), &h, NULL), 0);
        cr_assert_eq(h->loss.damaged, !table[i].good, "%d ends", table[i].ends);
        cr_assert_eq(h->n_events, table[i].good);
        if (table[i].good && table[i].ends > 0)
            cr_assert_eq(h->events[0].cuts[1].to, -3);
        history_free(&h);
        buf_free(&bytes);
    }
}

/* --- the rules of processes ----------------------------------------------------------------- */

#define INVOKE(p)                                                                                  \
    {                                                                                              \
        .kind = HISTORY_INVOKE, .process = (p), .op = {.kind = OP_GET }                            \
    }
#define COMPLETE(p, o, s)                                                                          \
    {                                                                                              \
        .kind = HISTORY_COMPLETE, .process = (p), .outcome = OUTCOME_##o, .status = STATUS_##s     \
    }

static const struct {
    struct history_event events[3];
    unsigned n; /* of which the last one breaks the rule */
    const char *words;
} broken_rules[] = {
    {{COMPLETE(4, OK, OK)}, 1, "process 4 ends an operation that it has not begun"},
    {{INVOKE(4), INVOKE(4)}, 2, "process 4 invokes while its last operation is open"},
    {{INVOKE(4), COMPLETE(4, OK, OK), COMPLETE(4, OK, OK)}, 3, "process 4 ends an operation"},
    {{INVOKE(4), COMPLETE(4, INFO, TIMEOUT), INVOKE(4)}, 3, "process 4 invokes after"},
    {{INVOKE(4), COMPLETE(4, INFO, TIMEOUT), COMPLETE(4, OK, OK)}, 3, "process 4 ends"},
    {{INVOKE(4), COMPLETE(4, OK, BUSY)}, 2, "process 4 ends an operation as ok, busy"},
};

Test(histories_damage, a_history_that_breaks_the_rules_of_processes_is_refused)
{
    for (size_t i = 0; i < sizeof broken_rules / sizeof broken_rules[0]; i++) {
        struct buf bytes = {0};
        struct history_sink sink = fixture_sink(&bytes);
        struct history_writer *w;
        struct history *h;
        struct err e;
        char place[32];

        cr_assert_eq(history_writer_create(&sink, &fixture_header, &w, NULL), 0);
        for (unsigned k = 0; k < broken_rules[i].n; k++) {
            struct history_event event = broken_rules[i].events[k];

            cr_assert_eq(history_write(w, &event, NULL), 0);
        }
        cr_assert_eq(history_writer_close(&w, NULL), 0);
        snprintf(place, sizeof place, "rules: event %u at offset", broken_rules[i].n);
        cr_assert_eq(history_load_bytes("rules", buf_slice(&bytes), &h, &e), -E_PARSE, "row %zu",
                     i);
        cr_assert_not_null(strstr(e.text, broken_rules[i].words), "row %zu: %s", i, e.text);
        cr_assert_not_null(strstr(e.text, place), "row %zu: %s", i, e.text);
        buf_free(&bytes);
    }
}

Test(histories_damage, a_process_that_failed_or_was_answered_goes_on)
{
    static const struct history_event events[] = {INVOKE(1), COMPLETE(1, FAIL, BUSY), INVOKE(1),
                                                  COMPLETE(1, OK, NO_KEY), INVOKE(1)};
    struct history *h;

    cr_assert_eq(history_new(&fixture_header, &h, NULL), 0);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        cr_assert_eq(history_add_event(h, &events[i], NULL), 0);
    cr_assert_eq(h->n_ops, 3);
    cr_assert_eq(h->ops[0].return_seq, 2);
    cr_assert_eq(h->ops[2].return_seq, HISTORY_NEVER);
    history_free(&h);
}
