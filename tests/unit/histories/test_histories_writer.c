#include "fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct history_event note(const char *text)
{
    return (struct history_event){.kind = HISTORY_NOTE, .text = text};
}

Test(histories_writer, does_not_overwrite_a_file)
{
    const char *path = fixture_path("there");
    struct history_writer *w;
    struct err e;

    cr_assert_eq(history_writer_open(path, &fixture_header, &w, NULL), 0);
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    cr_assert_eq(history_writer_open(path, &fixture_header, &w, &e), -E_EXISTS);
    cr_assert_not_null(strstr(e.text, path), "%s", e.text);
}

Test(histories_writer, raises_a_time_that_falls)
{
    struct buf bytes = {0};
    struct history_sink sink = fixture_sink(&bytes);
    struct history_writer *w;
    struct history_event first = note("first");
    struct history_event second = note("second");

    first.time_ns = 100;
    second.time_ns = 99;
    cr_assert_eq(history_writer_create(&sink, &fixture_header, &w, NULL), 0);
    cr_assert_eq(history_write(w, &first, NULL), 0);
    cr_assert_eq(history_write(w, &second, NULL), 0);
    cr_assert_eq(first.seq, 1);
    cr_assert_eq(second.seq, 2);
    cr_assert_eq(second.time_ns, 100);
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    buf_free(&bytes);
}

/* Loads after each write of the sink: nothing may ever be cut off. */
struct whole_records {
    struct buf bytes;
    unsigned n_writes;
};

static int check_whole(void *context, struct slice bytes)
{
    struct whole_records *s = context;
    struct history *h;

    buf_append_slice(&s->bytes, bytes);
    s->n_writes++;
    cr_assert_eq(history_load_bytes("memory", buf_slice(&s->bytes), &h, NULL), 0);
    cr_assert_eq(h->loss.tail_bytes, 0);
    history_free(&h);
    return 0;
}

Test(histories_writer, gives_the_sink_whole_records_when_its_buffer_is_full)
{
    struct whole_records s = {0};
    struct history_sink sink = {check_whole, &s};
    struct history_writer *w;
    static char text[9999];

    memset(text, 'x', sizeof text - 1);
    cr_assert_eq(history_writer_create(&sink, &fixture_header, &w, NULL), 0);
    cr_assert_eq(s.n_writes, 1, "the header leaves at once");
    for (size_t written = 0; written < 3 * HISTORY_BUFFER_BYTES; written += sizeof text) {
        struct history_event event = note(text);

        cr_assert_eq(history_write(w, &event, NULL), 0);
    }
    cr_assert_eq(s.n_writes, 4, "%u", s.n_writes);
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    buf_free(&s.bytes);
}

Test(histories_writer, refuses_what_a_reader_would_not_take_and_goes_on)
{
    static uint8_t long_value[OP_VALUE_BYTES_MAX + 1];
    struct buf bytes = {0};
    struct history_sink sink = fixture_sink(&bytes);
    struct history_writer *w;
    struct history *h;
    struct history_event events[] = {
        {.kind = HISTORY_INVOKE,
         .op = {.kind = OP_PUT, .value = slice_of(long_value, sizeof long_value)}},
        {.kind = HISTORY_INVOKE, .op = {.kind = OP_REGISTER}},
        {.kind = HISTORY_COMPLETE, .outcome = OUTCOME_PENDING},
        {.kind = 0},
        {.kind = HISTORY_END + 1},
    };

    cr_assert_eq(history_writer_create(&sink, &fixture_header, &w, NULL), 0);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        cr_assert_lt(history_write(w, &events[i], NULL), 0, "event %zu", i);
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    cr_assert_eq(history_load_bytes("memory", buf_slice(&bytes), &h, NULL), 0);
    cr_assert_not(h->loss.unfinished || h->loss.damaged);
    history_free(&h);
    buf_free(&bytes);
}

/* The disk is full: played by the limit on the size of a file. */
Test(histories_writer, a_full_disk_is_named_and_leaves_what_was_written)
{
    enum { DISK_BYTES = 10000 };
    struct rlimit limit = {DISK_BYTES, DISK_BYTES};
    char path[160];
    struct history_writer *w;
    struct history *h;
    struct err e = {0};
    int rc = 0;
    unsigned n = 0;

    strcpy(path, fixture_path("full"));
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(history_writer_open(path, &fixture_header, &w, NULL), 0);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    while (rc == 0 && n < DISK_BYTES) {
        struct history_event event = note("a sentence of some length");

        rc = history_write(w, &event, &e);
        if (rc == 0)
            rc = history_flush(w, &e);
        n += rc == 0;
    }
    cr_assert_eq(rc, -E_IO);
    cr_assert_not_null(strstr(e.text, path), "%s", e.text);
    cr_assert_eq(history_flush(w, &e), -E_IO, "it stays failed");
    cr_assert_eq(history_writer_close(&w, &e), -E_IO);
    cr_assert_null(w);

    cr_assert_eq(history_load(path, &h, NULL), 0);
    cr_assert_eq(h->n_events, n);
    cr_assert_not(h->loss.damaged);
    cr_assert(h->loss.unfinished);
    cr_assert_gt(h->loss.tail_bytes, 0);
    history_free(&h);
}

Test(histories_writer, a_reader_follows_while_the_file_grows)
{
    const char *path = fixture_path("growing");
    struct history_writer *w;
    struct history_reader *r;
    struct fixture_events g;
    struct fixture_events again;
    struct history_event seen;
    uint64_t seq = 0;

    cr_assert_eq(history_writer_open(path, &fixture_header, &w, NULL), 0);
    cr_assert_eq(history_reader_open(path, &r, NULL), 0);
    fixture_events_init(&g, 5);
    fixture_events_init(&again, 5);
    for (int round = 0; round < 200; round++) {
        cr_assert_eq(history_reader_next(r, &seen, NULL), 0);
        for (int i = 0; i < round % 5; i++) {
            struct history_event event = fixture_events_next(&g);

            cr_assert_eq(history_write(w, &event, NULL), 0);
        }
        cr_assert_eq(history_reader_next(r, &seen, NULL), 0, "what is not flushed is not there");
        cr_assert_eq(history_flush(w, NULL), 0);
        for (int i = 0; i < round % 5; i++) {
            struct history_event event = fixture_events_next(&again);

            event.seq = ++seq;
            cr_assert_eq(history_reader_next(r, &seen, NULL), 1);
            fixture_same_event(&event, &seen);
        }
    }
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    cr_assert_eq(history_reader_next(r, &seen, NULL), 1);
    cr_assert_eq(seen.kind, HISTORY_END);
    history_reader_close(&r);
}

/* A write may arrive in pieces: half a record is not damage, and the rest may come. */
Test(histories_writer, a_reader_waits_for_the_rest_of_a_record)
{
    enum { N = 40 };
    struct buf bytes = {0};
    size_t ends[N + 2];
    const char *path = fixture_path("pieces");
    struct history_reader *r;
    struct history_event event;
    unsigned n_read = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    fixture_history(9, N, &bytes, ends);
    cr_assert_eq(write(fd, bytes.data, ends[0]), (ssize_t)ends[0]);
    cr_assert_eq(history_reader_open(path, &r, NULL), 0);
    for (size_t i = ends[0]; i < bytes.len; i++) {
        cr_assert_eq(write(fd, bytes.data + i, 1), 1);
        if (i + 1 == ends[n_read + 1]) {
            cr_assert_eq(history_reader_next(r, &event, NULL), 1);
            n_read++;
        }
        cr_assert_eq(history_reader_next(r, &event, NULL), 0);
    }
    cr_assert_eq(n_read, N + 1);
    history_reader_close(&r);
    close(fd);
    buf_free(&bytes);
}
