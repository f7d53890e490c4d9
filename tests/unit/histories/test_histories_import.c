#include "fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>

#define ETCD "INFO  jepsen.util - "

static struct history *load(const char *text)
{
    struct history *h;
    struct err e;
    int rc = history_load_bytes("log", slice_str(text), &h, &e);

    cr_assert_eq(rc, 0, "%s", e.text);
    return h;
}

static void described_as(const struct history *h, size_t i, const char *words)
{
    struct buf out = {0};

    cr_assert_lt(i, h->n_ops);
    cr_assert_eq(history_describe_op(h, &h->ops[i], &out), 0);
    cr_assert(slice_equal(buf_slice(&out), slice_str(words)), "%.*s", (int)out.len, out.data);
    buf_free(&out);
}

/* --- Jepsen's etcd -------------------------------------------------------------------------- */

static const char etcd_log[] =
    "INFO  jepsen.core - Worker 0 starting\n" ETCD "0\t:invoke\t:read\tnil\n" ETCD
    "1\t:invoke\t:write\t4\r\n" ETCD ":nemesis\t:info\t:start\tnil\n" ETCD
    "0\t:ok\t:read\tnil\n" ETCD "0\t:invoke\t:read\tnil\n" ETCD "2\t:invoke\t:cas\t[4 -1]\n"
    "\n" ETCD "1\t:ok\t:write\t4\n" ETCD "0\t:ok\t:read\t4\n" ETCD "2\t:fail\t:cas\t[4 -1]\n" ETCD
    "1\t:invoke\t:read\tnil\n" ETCD "1\t:fail\t:read\t:timed-out\n" ETCD
    "2\t:invoke\t:cas\t[4 5]\n" ETCD "2\t:info\t:cas\t:timed-out\n" ETCD
    "3\t:invoke\t:cas\t[4 5]\n" ETCD "3\t:ok\t:cas\t[4 5]\n" ETCD "4\t:invoke\t:cas\t[4 5]\n" ETCD
    "4\t:fail\t:cas\t:timed-out\n" ETCD "Run complete, writing\n" ETCD "5\t:invoke\t:write\t7";

Test(histories_import, etcd_logs_are_one_cas_register)
{
    struct history *h = load(etcd_log);

    cr_assert_str_eq(h->header.model, "cas-register");
    cr_assert_eq(h->header.dialect, HISTORY_CAS_FAILS_PLAINLY);
    cr_assert_eq(h->n_ops, 9);
    described_as(h, 0, "process 0: get() = no-key");
    described_as(h, 1, "process 1: put(4) = ok");
    described_as(h, 2, "process 0: get() = 4");
    described_as(h, 3, "process 2: cas(4 -> \"-1\") = mismatch");
    described_as(h, 4, "process 1: get() = failed (timeout)");
    described_as(h, 5, "process 2: cas(4 -> 5) = unknown (timeout)");
    described_as(h, 6, "process 3: cas(4 -> 5) = ok");
    described_as(h, 7, "process 4: cas(4 -> 5) = failed (timeout)");
    described_as(h, 8, "process 5: put(7) = pending");
    cr_assert_eq(h->ops[0].key.len, 0);
    cr_assert_not(h->loss.unfinished || h->loss.damaged || h->loss.tail_bytes > 0);
    history_free(&h);
}

Test(histories_import, the_order_of_lines_is_the_order_of_events)
{
    struct history *h = load(etcd_log);

    cr_assert_eq(h->ops[0].call_seq, 1);
    cr_assert_eq(h->ops[1].call_seq, 2);
    cr_assert_eq(h->ops[0].return_seq, 3);
    cr_assert_eq(h->ops[0].call_ns, 0);
    cr_assert_eq(h->duration_ns, 0);
    cr_assert_eq(h->ops[5].return_seq, HISTORY_NEVER, "info may happen at any later time");
    cr_assert_eq(h->ops[8].return_seq, HISTORY_NEVER);
    history_free(&h);
}

/* --- Porcupine's key-value logs ------------------------------------------------------------- */

static const char porcupine_log[] =
    "{:process 0, :type :invoke, :f :append, :key \"7\", :value \"x 0 0 y\"}\n"
    "{:process 1, :type :invoke, :f :get, :key \"7\", :value nil}\n"
    "{:process 1, :type :ok, :f :get, :key \"7\", :value \"\"}\n"
    "{:process 0, :type :ok, :f :append, :key \"7\", :value \"x 0 0 y\"}\n"
    "{:process 1, :type :invoke, :f :get, :key \"7\", :value nil}\n"
    "{:process 1, :type :ok, :f :get, :key \"7\", :value \"x 0 0 y\"}\n"
    "\n"
    "{:process 0, :type :invoke, :f :put, :key \"\", :value \"\"}\n"
    "{:process 0, :type :info, :f :put, :key \"\", :value nil}\n";

Test(histories_import, porcupine_logs_are_keys_that_start_empty)
{
    struct history *h = load(porcupine_log);

    cr_assert_str_eq(h->header.model, "kv");
    cr_assert_eq(h->header.dialect, HISTORY_ABSENT_IS_EMPTY);
    cr_assert_eq(h->n_ops, 4);
    described_as(h, 0, "process 0: append(7, \"x 0 0 y\") = ok");
    described_as(h, 1, "process 1: get(7) = no-key");
    described_as(h, 2, "process 1: get(7) = \"x 0 0 y\"");
    described_as(h, 3, "process 0: put(\"\", \"\") = unknown (timeout)");
    cr_assert_eq(h->ops[1].return_seq, 3);
    history_free(&h);
}

/* --- mistakes ------------------------------------------------------------------------------- */

#define KV0 "{:process 0, :type :invoke, :f :get, :key \"7\", :value nil}\n"

/* A log and how its error begins: the file, the line, and the column where it says one. */
static const struct {
    const char *log;
    const char *words;
} mistakes[] = {
    {ETCD "x\t:invoke\t:read\tnil\n", "log:1:21: expected the number of a process"},
    {ETCD "99999999999\t:invoke\t:read\tnil", "log:1:21: expected the number of a process"},
    {ETCD "1\t:begin\t:read\tnil\n", "log:1:23: expected :invoke"},
    {"\n" ETCD "1\t:invoke\t:reads\tnil\n", "log:2:31: expected :read"},
    {ETCD "1\t:invoke\t:write\tnil\n", "log:1:38: expected a number"},
    {ETCD "1\t:invoke\t:write\t4x\n", "log:1:38: expected a number"},
    {ETCD "1\t:invoke\t:cas\t[4]\n", "log:1:38: expected a space"},
    {ETCD "1\t:invoke\t:cas\t[4 5\n", "log:1:40: expected ']'"},
    {ETCD "1\t:invoke\t:write\t4 5\n", "log:1:39: expected the end of the line"},
    {ETCD "1\t:invoke\t:write", "log:1:37: expected a value"},
    {ETCD "1\t:ok\t:write\t4\n", "log:1: process 1 ends an operation that it has not begun"},
    {ETCD "1\t:invoke\t:write\t4\n" ETCD "1\t:ok\t:write\t5\n",
     "log:2:34: expected what the operation was invoked with"},
    {ETCD "1\t:invoke\t:write\t4\n" ETCD "1\t:ok\t:read\t5\n",
     "log:2:33: expected the function that the process invoked"},
    {ETCD "1\t:invoke\t:write\t4\n" ETCD "1\t:info\t:write\t:x\n" ETCD "1\t:invoke\t:read\tnil\n",
     "log:3: process 1 invokes after"},
    {KV0 "hello\n", "log:2:1: expected {:process"},
    {KV0 "{:process 1, :type :invoke, :f :cas, :key \"7\", :value nil}",
     "log:2:32: expected the function :f"},
    {KV0 "{:process 1, :type :invoke, :f :put, :key \"7\", :value nil}",
     "log:2:59: expected a string to write"},
    {KV0 "{:process 1, :type :invoke, :f :put, :key \"7\", :value \"a",
     "log:2:56: expected a string that ends on its line"},
    {KV0 "{:process 1, :type :invoke, :f :put, :key \"7\", :value \"a\\\"\"}",
     "log:2:59: expected a string without backslashes"},
    {KV0 "{:process 1, :type :invoke, :f :put, :key 7, :value \"a\"}",
     "log:2:43: expected a string"},
    {KV0 "{:process 0, :type :ok, :f :get, :key \"8\", :value \"a\"}",
     "log:2:55: expected the function and key that the process invoked"},
    {KV0 KV0, "log:2: process 0 invokes while"},
};

Test(histories_import, a_mistake_is_named_by_line_and_column)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct history *h;
        struct err e = {0};
        int rc = history_load_bytes("log", slice_str(mistakes[i].log), &h, &e);

        cr_expect_eq(rc, -E_PARSE, "row %zu: %s", i, err_name(rc));
        cr_expect_eq(strncmp(e.text, mistakes[i].words, strlen(mistakes[i].words)), 0,
                     "row %zu: %s", i, e.text);
    }
}

/* --- recordings from elsewhere, where there are any ----------------------------------------- */

static unsigned count_lines(const char *path, const char *with)
{
    FILE *file = fopen(path, "r");
    char line[512];
    unsigned n = 0;

    cr_assert_not_null(file, "%s", path);
    while (fgets(line, sizeof line, file) != NULL)
        n += strstr(line, with) != NULL;
    fclose(file);
    return n;
}

static void check_recording(const char *path)
{
    struct history *h;
    struct err e;
    unsigned n_ended = 0;
    int rc = history_load(path, &h, &e);

    cr_assert_eq(rc, 0, "%s", e.text);
    for (size_t i = 0; i < h->n_ops; i++)
        n_ended += h->ops[i].outcome != OUTCOME_PENDING;
    cr_assert_eq(h->n_ops, count_lines(path, ":invoke"), "%s", path);
    cr_assert_eq(n_ended,
                 count_lines(path, ":ok") + count_lines(path, ":fail") + count_lines(path, ":info"),
                 "%s", path);
    history_free(&h);
}

static unsigned check_folder(const char *folder, const char *ending)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[1024];
    unsigned n = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot == NULL || strcmp(dot, ending) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        check_recording(path);
        n++;
    }
    closedir(dir);
    return n;
}

Test(histories_import, every_line_of_a_recording_is_taken)
{
    static const char shared[] = RIFT_SOURCE_DIR "/../shared/histories";

    if (check_folder(RIFT_SOURCE_DIR "/../shared/histories/etcd-register", ".log") == 0)
        cr_skip_test("%s is not here", shared);
    cr_assert_gt(check_folder(RIFT_SOURCE_DIR "/../shared/histories/kv-append", ".txt"), 0);
}
