#include "base/bug.h"

#include <criterion/criterion.h>
#include <string.h>

enum { BUGS_MIN = 24, NAME_BYTES_MAX = 24 };

static bool is_kebab_case(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= NAME_BYTES_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len && name[0] != '-' &&
           name[len - 1] != '-';
}

Test(bugs_catalogue, has_at_least_24)
{
    cr_assert_geq(BUG_COUNT - 1, BUGS_MIN);
}

Test(bugs_catalogue, each_has_a_name_what_is_broken_and_the_rule_against_it)
{
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        const struct bug_info *info = bug_info((enum bug)i);

        cr_assert(is_kebab_case(info->name), "'%s'", info->name);
        cr_assert(strlen(info->what) > 0, "%s", info->name);
        cr_assert(info->rule[0] >= '0' && strpbrk(info->rule, "0123456789") != NULL,
                  "%s: the rule names no section or figure", info->name);
    }
}

Test(bugs_catalogue, names_are_unique_and_listed_in_order)
{
    const char *const *names = bug_names();

    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        cr_assert_str_eq(names[i - 1], bug_info((enum bug)i)->name);
        for (int k = BUG_NONE + 1; k < i; k++)
            cr_assert_str_neq(names[i - 1], names[k - 1]);
    }
    cr_assert_null(names[BUG_COUNT - 1]);
}

Test(bugs_catalogue, no_bug_is_planted_by_default)
{
#define X(NAME, name, what, rule) cr_assert_not(BUG(NAME));
    BUGS(X)
#undef X
}

Test(bugs_catalogue, an_unknown_name_plants_nothing)
{
    struct err e = {0};

    cr_assert_eq(bug_select("no-such-bug", &e), -E_NOT_FOUND);
    cr_assert_str_eq(e.text, "there is no planted bug 'no-such-bug'");
    cr_assert_eq(bug_select("", &e), -E_NOT_FOUND);
#define X(NAME, name, what, rule) cr_assert_not(BUG(NAME));
    BUGS(X)
#undef X
}

#ifdef RIFT_NO_BUGS

Test(bugs_catalogue, a_build_without_them_says_so)
{
    struct err e = {0};

    cr_assert_eq(bug_select("two-votes", &e), -E_UNSUPPORTED);
    cr_assert_eq(bug_select(NULL, &e), 0);
    cr_assert_not(BUG(TWO_VOTES));
}

#else

Test(bugs_catalogue, exactly_the_selected_one_is_planted)
{
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        int planted = 0;

        cr_assert_eq(bug_select(bug_info((enum bug)i)->name, NULL), 0);
#define X(NAME, name, what, rule) planted += BUG(NAME) ? BUG_##NAME : 0;
        BUGS(X)
#undef X
        cr_assert_eq(planted, i);
    }
    cr_assert_eq(bug_select(NULL, NULL), 0);
    cr_assert_not(BUG(TWO_VOTES));
}

#endif
