#include "checker/checker.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Histories that were recorded elsewhere, with verdicts that are known. They are not part of the
 * project: without the folder beside it, this test says so and is skipped. */

#define FOLDER RIFT_SOURCE_DIR "/../shared/histories/"

static void check_file(const char *folder, const char *name, const char *expected)
{
    static const char *const engines[] = {NULL, "jit", "porcupine"};
    char path[1024];
    struct history *h;
    struct err e;

    snprintf(path, sizeof path, FOLDER "%s/%s", folder, name);
    cr_assert_eq(history_load(path, &h, &e), 0, "%s", e.text);
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        struct check_options o = {.engine = engines[i]};
        struct check_result *r;

        cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s: %s", name, e.text);
        cr_expect_eq(r->verdict,
                     strcmp(expected, "linearizable") == 0 ? VERDICT_LINEARIZABLE
                                                           : VERDICT_NOT_LINEARIZABLE,
                     "%s: engine %zu says %s", name, i, verdict_name(r->verdict));
        check_result_free(&r);
    }
    history_free(&h);
}

static void check_folder(const char *folder)
{
    char path[1024];
    char name[256];
    char verdict[64];
    size_t n = 0;
    FILE *list;

    snprintf(path, sizeof path, FOLDER "%s/verdicts.tsv", folder);
    list = fopen(path, "r");
    if (list == NULL)
        cr_skip_test("skipped: there is no %s", path);
    while (fscanf(list, "%255s %63s", name, verdict) == 2) {
        check_file(folder, name, verdict);
        n++;
    }
    fclose(list);
    cr_expect_gt(n, 0, "no verdicts in %s", path);
}

Test(checker_recorded, etcd_registers_have_their_known_verdicts)
{
    check_folder("etcd-register");
}

Test(checker_recorded, append_stores_have_their_known_verdicts)
{
    check_folder("kv-append");
}
