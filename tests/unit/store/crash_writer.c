/* The victim of test_crash: `crash_writer FOLDER` goes on from what it finds and saves batch after
 * batch until it is killed, and writes the index of each batch that became durable to its standard
 * output, as 8 bytes. Batch i holds log entry i, the key "slot-(i mod 50)" = i and the applied
 * index i. */
#include "tests/unit/store/fixture.h"

#include "base/check.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { AHEAD_MAX = 64, SLOTS = 50 };

static void submit(struct fixture *f, uint64_t i)
{
    char key[32];
    char text[32];
    struct entry entry;
    struct store_write write = {.family = FIXTURE_KV};

    snprintf(text, sizeof text, "%" PRIu64, i);
    snprintf(key, sizeof key, "slot-%" PRIu64, i % SLOTS);
    entry = fixture_entry(i, 1 + i / 100, text);
    write.key = slice_str(key);
    write.value = slice_str(text);
    fixture_submit(
        f,
        &(struct store_batch){
            .entries = &entry, .n_entries = 1, .writes = &write, .n_writes = 1, .applied_index = i},
        i % 3 == 0 ? STORE_ORDERED : STORE_SYNCED);
}

int main(int argc, char **argv)
{
    struct fixture f = {.kind = FIXTURE_ROCKS};
    struct store_recovered r;
    uint64_t submitted = 0;
    uint64_t reported = 0;

    CHECK(argc == 2);
    CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
    snprintf(f.path, sizeof f.path, "%s", argv[1]);
    fixture_open(&f);
    store_recovered(f.store, &r);
    for (;;) {
        struct pollfd p = {.fd = store_fd(f.store), .events = POLLIN};

        while (submitted < reported + AHEAD_MAX)
            submit(&f, r.last_index + ++submitted);
        poll(&p, 1, 1000);
        store_poll(f.store, &f.progress);
        CHECK_THAT(!f.progress.failed, "%s", f.progress.reason);
        if (f.progress.durable_seq > reported) {
            uint64_t index = r.last_index + f.progress.durable_seq;

            CHECK(write(STDOUT_FILENO, &index, sizeof index) == sizeof index);
            reported = f.progress.durable_seq;
        }
    }
}
