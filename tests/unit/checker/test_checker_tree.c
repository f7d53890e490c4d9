#include "base/rng.h"
#include "checker/models/tree.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { KEYS = 40 };

struct bench {
    struct tree tree;
    uint32_t keys[KEYS]; /* ascending */
};

static struct bench fresh(void)
{
    struct bench b = {.tree = {.compare = slice_compare}};

    cr_assert_eq(strings_create(&b.tree.strings), 0);
    for (int i = 0; i < KEYS; i++) {
        char name[8];

        snprintf(name, sizeof name, "%02d", i * 7 % KEYS);
        cr_assert_eq(strings_copy(b.tree.strings, slice_str(name), &b.keys[i * 7 % KEYS]), 0);
    }
    return b;
}

static uint32_t set(const struct bench *b, uint32_t root, int key, uint32_t value)
{
    cr_assert_eq(tree_set(&b->tree, root, b->keys[key], value, &root), 0);
    return root;
}

struct walk {
    const struct bench *bench;
    uint32_t expected[KEYS];
    int at;
};

static int compare_entry(void *context, uint32_t key, uint32_t value)
{
    struct walk *w = context;

    while (w->at < KEYS && w->expected[w->at] == 0)
        w->at++;
    cr_assert_lt(w->at, KEYS);
    cr_expect_eq(key, w->bench->keys[w->at]);
    cr_expect_eq(value, w->expected[w->at]);
    w->at++;
    return 0;
}

Test(checker_tree, it_is_the_map_that_an_array_is)
{
    struct bench b = fresh();
    struct rng r = rng_make(1, rng_stream("tree", 0));
    struct walk w = {.bench = &b};
    uint32_t root = TREE_EMPTY;

    for (int i = 0; i < 3000; i++) {
        int key = (int)rng_below(&r, KEYS);

        w.expected[key] = (uint32_t)rng_below(&r, 3);
        root = set(&b, root, key, w.expected[key]);
        w.at = 0;
        tree_walk(&b.tree, root, compare_entry, &w);
        key = (int)rng_below(&r, KEYS);
        cr_assert_eq(tree_get(&b.tree, root, b.keys[key]), w.expected[key]);
        for (key = KEYS - 1; key > 0 && w.expected[key] == 0; key--)
            ;
        if (root != TREE_EMPTY)
            cr_assert_eq(tree_last(&b.tree, root), b.keys[key]);
    }
    strings_destroy(b.tree.strings);
}

Test(checker_tree, equal_maps_have_equal_numbers_whatever_led_to_them)
{
    struct bench b = fresh();
    struct rng r = rng_make(2, rng_stream("tree", 0));

    for (int i = 0; i < 300; i++) {
        uint32_t keys[KEYS];
        uint32_t values[KEYS];
        uint32_t forth = TREE_EMPTY;
        uint32_t back = TREE_EMPTY;
        uint32_t built;
        size_t n = 0;

        for (int k = 0; k < KEYS; k++) {
            if (!rng_chance(&r, 500000))
                continue;
            keys[n] = b.keys[k];
            values[n++] = (uint32_t)k + 1;
            forth = set(&b, forth, k, (uint32_t)k + 1);
        }
        for (int k = KEYS - 1; k >= 0; k--)
            back = set(&b, back, k, (uint32_t)k + 1);
        for (int k = 0; k < KEYS; k++)
            back = tree_get(&b.tree, forth, b.keys[k]) == 0 ? set(&b, back, k, 0) : back;
        cr_assert_eq(tree_build(&b.tree, keys, values, n, &built), 0);
        cr_expect_eq(forth, back);
        cr_expect_eq(forth, built);
    }
    strings_destroy(b.tree.strings);
}

Test(checker_tree, a_change_of_a_large_map_makes_few_nodes)
{
    struct tree t = {.compare = slice_compare};
    uint32_t root = TREE_EMPTY;
    size_t before;

    cr_assert_eq(strings_create(&t.strings), 0);
    for (int i = 0; i < 10000; i++) {
        char name[8];
        uint32_t key;

        snprintf(name, sizeof name, "%d", i);
        cr_assert_eq(strings_copy(t.strings, slice_str(name), &key), 0);
        cr_assert_eq(tree_set(&t, root, key, 1, &root), 0);
    }
    before = strings_count(t.strings);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(tree_set(&t, root, tree_last(&t, root), 0, &root), 0);
    cr_expect_lt(strings_count(t.strings) - before, 100 * 40);
    strings_destroy(t.strings);
}
