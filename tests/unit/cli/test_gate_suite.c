#include "base/rng.h"
#include "cli/files.h"
#include "cli/gate_suite.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

/* Tests run side by side, each as a process. */
static char path[64];

static void name_file(void)
{
    snprintf(path, sizeof path, "gate-suite-%d.json", (int)getpid());
}

static int load(const char *text, struct gate_suite *ret, struct err *e)
{
    cr_assert_eq(files_write(path, slice_str(text), NULL), 0);
    return gate_suite_load(path, ret, e);
}

static void forget(void)
{
    unlink(path);
}

static const char whole[] =
    "{\"suite\": 1, \"name\": \"s\",\n"
    " \"defaults\": {\"budget_s\": 7.5, \"unknown_passes\": true},\n"
    " \"cases\": [\n"
    "  {\"name\": \"a\", \"run\": {\"time\": 3, \"rate\": 0.5, \"online\": true, \"sync\": false,\n"
    "    \"nemesis\": \"kill\"}},\n"
    "  {\"name\": \"b\", \"sim\": {\"seeds\": 7, \"plain\": false, \"check-quorum\": true}, "
    "\"budget_s\": 1},\n"
    "  {\"name\": \"c\", \"replay\": {\"file\": \"x.json\", \"bug\": \"local-reads\"}},\n"
    "  {\"name\": \"d\", \"check\": {\"file\": \"/y\"}, \"expect\": \"not linearizable\",\n"
    "   \"unknown_passes\": false}]}";

static void expect_words(const struct gate_case *c, const char *expected)
{
    char text[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < c->n_words; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %s", c->words[i]);
    cr_assert_str_eq(text, expected);
}

Test(gate_suite, options_become_words_and_terms_come_from_the_defaults, .init = name_file,
     .fini = forget)
{
    struct gate_suite s;
    struct err e = {0};

    cr_assert_eq(load(whole, &s, &e), 0, "%s", e.text);
    cr_assert_eq(s.n_cases, 4);
    expect_words(&s.cases[0], " --time 3 --rate 0.5 --online --sync off --nemesis kill");
    expect_words(&s.cases[1], " --seeds 7 --check-quorum on");
    expect_words(&s.cases[2], " --bug local-reads");
    cr_assert_eq(s.cases[2].kind, GATE_REPLAY);
    cr_assert_str_eq(s.cases[2].file, "./x.json", "from the folder of the suite");
    cr_assert_str_eq(s.cases[3].file, "/y");
    cr_assert_float_eq(s.cases[0].budget_s, 7.5, 0);
    cr_assert_float_eq(s.cases[1].budget_s, 1, 0);
    cr_assert(s.cases[0].unknown_passes && !s.cases[3].unknown_passes);
    cr_assert_eq(s.cases[0].expect, GATE_GOOD);
    cr_assert_eq(s.cases[3].expect, GATE_BAD);
    gate_suite_free(&s);
}

Test(gate_suite, what_is_given_to_all_does_not_replace_a_case_s_own, .init = name_file,
     .fini = forget)
{
    enum { RUNS_AND_REPLAYS = 1u << GATE_RUN | 1u << GATE_REPLAY };
    struct gate_suite s;

    cr_assert_eq(load(whole, &s, NULL), 0);
    cr_assert_eq(gate_suite_give(&s, RUNS_AND_REPLAYS, "bug", "two-votes", NULL), 0);
    cr_assert_str_eq(gate_case_option(&s.cases[0], "bug"), "two-votes");
    cr_assert_null(gate_case_option(&s.cases[1], "bug"), "not of that kind");
    cr_assert_str_eq(gate_case_option(&s.cases[2], "bug"), "local-reads");
    gate_suite_free(&s);
}

Test(gate_suite, more_cases_than_the_bound_are_refused, .init = name_file, .fini = forget)
{
    struct buf text = {0};
    struct gate_suite s;
    struct err e = {0};

    buf_printf(&text, "{\"suite\": 1, \"name\": \"s\", \"cases\": [");
    for (int i = 0; i <= GATE_CASES_MAX; i++)
        buf_printf(&text, "%s{\"name\": \"%d\", \"run\": {}}", i == 0 ? "" : ",", i);
    buf_printf(&text, "]}");
    cr_assert_eq(load((char *)text.data, &s, &e), -E_PARSE);
    cr_assert_not_null(strstr(e.text, "1 to 1000 cases"), "%s", e.text);
    buf_free(&text);
}

/* Any change of a good suite is read or refused, and never anything else. */
Test(gate_suite, changed_bytes_are_read_or_refused, .init = name_file, .fini = forget)
{
    struct rng r = rng_make(1, 1);
    size_t refused = 0;

    for (int round = 0; round < 3000; round++) {
        char text[sizeof whole];
        struct gate_suite s;
        struct err e = {0};
        size_t changes = (size_t)rng_between(&r, 1, 3);

        memcpy(text, whole, sizeof whole);
        for (size_t i = 0; i < changes; i++) {
            size_t at = (size_t)rng_below(&r, sizeof whole - 1);

            text[at] = (char)rng_between(&r, 1, 255);
        }
        if (load(text, &s, &e) == 0) {
            gate_suite_free(&s);
        } else {
            refused++;
            cr_assert_eq(strncmp(e.text, path, strlen(path)), 0, "%s", e.text);
        }
    }
    cr_assert_gt(refused, 2000);
}
