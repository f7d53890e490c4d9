#include "checker/models/tree.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/rng.h"

struct node {
    uint32_t key;
    uint32_t value;
    uint32_t left;
    uint32_t right;
};

static struct node node_at(const struct tree *t, uint32_t root)
{
    struct node n;

    memcpy(&n, strings_slice(t->strings, root).data, sizeof n);
    return n;
}

static int make(const struct tree *t, struct node n, uint32_t *ret)
{
    return strings_copy(t->strings, slice_of(&n, sizeof n), ret);
}

static int compare(const struct tree *t, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    return t->compare(strings_slice(t->strings, a), strings_slice(t->strings, b));
}

/* Whether the node of key `a` stands above that of key `b`. */
static bool is_above(uint32_t a, uint32_t b)
{
    uint64_t of_a = rng_at(0, 0, a);
    uint64_t of_b = rng_at(0, 0, b);

    return of_a != of_b ? of_a > of_b : a < b;
}

uint32_t tree_get(const struct tree *t, uint32_t root, uint32_t key)
{
    while (root != TREE_EMPTY) {
        struct node n = node_at(t, root);
        int order = compare(t, key, n.key);

        if (order == 0)
            return n.value;
        root = order < 0 ? n.left : n.right;
    }
    return 0;
}

/* What is below `key`, which is not in the map, and what is above. */
static int split(const struct tree *t, uint32_t root, uint32_t key, int depth, uint32_t *below,
                 uint32_t *above)
{
    struct node n;
    int rc;

    *below = *above = TREE_EMPTY;
    if (root == TREE_EMPTY || depth == TREE_DEPTH_MAX)
        return root == TREE_EMPTY ? 0 : -E_LIMIT;
    n = node_at(t, root);
    if (compare(t, n.key, key) < 0) {
        rc = split(t, n.right, key, depth + 1, &n.right, above);
        return rc < 0 ? rc : make(t, n, below);
    }
    rc = split(t, n.left, key, depth + 1, below, &n.left);
    return rc < 0 ? rc : make(t, n, above);
}

/* The reverse: all of `below` is below all of `above`. */
static int join(const struct tree *t, uint32_t below, uint32_t above, int depth, uint32_t *ret)
{
    struct node low;
    struct node high;
    int rc;

    if (below == TREE_EMPTY || above == TREE_EMPTY) {
        *ret = below == TREE_EMPTY ? above : below;
        return 0;
    }
    if (depth == TREE_DEPTH_MAX)
        return -E_LIMIT;
    low = node_at(t, below);
    high = node_at(t, above);
    if (is_above(low.key, high.key)) {
        rc = join(t, low.right, above, depth + 1, &low.right);
        return rc < 0 ? rc : make(t, low, ret);
    }
    rc = join(t, below, high.left, depth + 1, &high.left);
    return rc < 0 ? rc : make(t, high, ret);
}

static int set(const struct tree *t, uint32_t root, struct node new, int depth, uint32_t *ret)
{
    struct node n;
    uint32_t *side;
    int rc;

    if (root == TREE_EMPTY && new.value == 0) {
        *ret = TREE_EMPTY;
        return 0;
    }
    if (root == TREE_EMPTY)
        return make(t, new, ret);
    if (depth == TREE_DEPTH_MAX)
        return -E_LIMIT;
    n = node_at(t, root);
    if (n.key == new.key &&new.value == 0)
        return join(t, n.left, n.right, depth, ret);
    if (n.key == new.key) {
        n.value = new.value;
        return make(t, n, ret);
    }
    /* A key that belongs above this node is not below it. */
    if (is_above(new.key, n.key)) {
        if (new.value == 0) {
            *ret = root;
            return 0;
        }
        rc = split(t, root, new.key, depth, &new.left, &new.right);
        return rc < 0 ? rc : make(t, new, ret);
    }
    side = compare(t, new.key, n.key) < 0 ? &n.left : &n.right;
    rc = set(t, *side, new, depth + 1, side);
    return rc < 0 ? rc : make(t, n, ret);
}

int tree_set(const struct tree *t, uint32_t root, uint32_t key, uint32_t value, uint32_t *ret)
{
    struct node new = {.key = key, .value = value, .left = TREE_EMPTY, .right = TREE_EMPTY};

    return set(t, root, new, 0, ret);
}

static int build(const struct tree *t, const uint32_t *keys, const uint32_t *values, size_t n,
                 int depth, uint32_t *ret)
{
    struct node node;
    size_t top = 0;
    int rc;

    *ret = TREE_EMPTY;
    if (n == 0 || depth == TREE_DEPTH_MAX)
        return n == 0 ? 0 : -E_LIMIT;
    for (size_t i = 1; i < n; i++) {
        if (is_above(keys[i], keys[top]))
            top = i;
    }
    node = (struct node){.key = keys[top], .value = values[top]};
    rc = build(t, keys, values, top, depth + 1, &node.left);
    if (rc == 0)
        rc = build(t, keys + top + 1, values + top + 1, n - top - 1, depth + 1, &node.right);
    return rc < 0 ? rc : make(t, node, ret);
}

int tree_build(const struct tree *t, const uint32_t *keys, const uint32_t *values, size_t n,
               uint32_t *ret)
{
    return build(t, keys, values, n, 0, ret);
}

uint32_t tree_last(const struct tree *t, uint32_t root)
{
    struct node n = node_at(t, root);

    while (n.right != TREE_EMPTY)
        n = node_at(t, n.right);
    return n.key;
}

int tree_walk(const struct tree *t, uint32_t root,
              int (*visit)(void *context, uint32_t key, uint32_t value), void *context)
{
    struct node n;
    int rc;

    if (root == TREE_EMPTY)
        return 0;
    n = node_at(t, root);
    rc = tree_walk(t, n.left, visit, context);
    if (rc == 0)
        rc = visit(context, n.key, n.value);
    return rc == 0 ? tree_walk(t, n.right, visit, context) : rc;
}

struct carried {
    const struct tree *from;
    const struct tree *to;
    int (*value_of)(const struct strings *from, uint32_t value, struct strings *to, uint32_t *ret);
    struct buf pairs; /* struct pair */
};

struct pair {
    uint32_t key;
    uint32_t value;
};

static int carry_pair(void *context, uint32_t key, uint32_t value)
{
    struct carried *c = context;
    struct pair pair = {.value = value};
    int rc = strings_copy(c->to->strings, strings_slice(c->from->strings, key), &pair.key);

    if (rc == 0 && c->value_of != NULL)
        rc = c->value_of(c->from->strings, value, c->to->strings, &pair.value);
    return rc < 0 ? rc : buf_append(&c->pairs, &pair, sizeof pair);
}

/* Keys come in their order, so the map is built in one go. */
static int build_pairs(const struct carried *c, uint32_t *ret)
{
    size_t n = c->pairs.len / sizeof(struct pair);
    uint32_t *keys = calloc(n + 1, sizeof *keys);
    uint32_t *values = calloc(n + 1, sizeof *values);
    int rc = keys == NULL || values == NULL ? -E_NOMEM : 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct pair pair;

        memcpy(&pair, c->pairs.data + i * sizeof pair, sizeof pair);
        keys[i] = pair.key;
        values[i] = pair.value;
    }
    if (rc == 0)
        rc = tree_build(c->to, keys, values, n, ret);
    free(keys);
    free(values);
    return rc;
}

int tree_carry(const struct tree *from, uint32_t root, const struct tree *to,
               int (*value_of)(const struct strings *from, uint32_t value, struct strings *to,
                               uint32_t *ret),
               uint32_t *ret)
{
    struct carried c = {.from = from, .to = to, .value_of = value_of};
    int rc = tree_walk(from, root, carry_pair, &c);

    if (rc == 0)
        rc = build_pairs(&c, ret);
    buf_free(&c.pairs);
    return rc;
}
