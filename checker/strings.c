#include "checker/strings.h"

#include "base/check.h"
#include "base/err.h"
#include "base/pages.h"

#include <stdlib.h>

/* A string is its parent's bytes followed by its own piece. */
struct node {
    const uint8_t *piece;
    size_t piece_len;
    size_t len;
    uint64_t hash;
    uint64_t shift; /* BASE to the power of len: what appending this does to a hash */
    uint32_t parent;
    bool owned;
};

/* What an append led to, so that doing it again compares no bytes. */
struct joint {
    uint32_t left;
    uint32_t right;
    uint32_t whole;
};

/* Part of the hash stands beside the number, so that the node is looked at only where it is likely
 * to be the one. */
struct slot {
    uint32_t tag;
    uint32_t id; /* 0 (ABSENT has no bytes): free */
};

struct strings {
    struct node *nodes;
    size_t n;
    size_t cap;
    struct slot *table; /* open addressing by hash */
    size_t table_cap;
    struct joint *joints; /* open addressing; whole == 0 is a free slot */
    size_t n_joints;
    size_t joints_cap;
    size_t n_owned;
    size_t owned_bytes;
};

enum { FIRST_CAP = 64 };

/* Polynomial hash modulo the Mersenne prime 2^61 - 1 (Karp & Rabin, "Efficient randomized
 * pattern-matching algorithms", 1987): hash(ab) = hash(a) * BASE^|b| + hash(b). A collision only
 * costs a comparison. */
#define PRIME ((UINT64_C(1) << 61) - 1)
#define BASE UINT64_C(0x1b873593cc9e2d51)

static uint64_t add_mod(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;

    return sum >= PRIME ? sum - PRIME : sum;
}

static uint64_t mul_mod(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return add_mod((uint64_t)(product & PRIME), (uint64_t)(product >> 61));
}

static void hash_piece(struct node *node)
{
    node->hash = 0;
    node->shift = 1;
    for (size_t i = 0; i < node->piece_len; i++) {
        /* 1 + byte, so that leading zero bytes count. */
        node->hash = add_mod(mul_mod(node->hash, BASE), UINT64_C(1) + node->piece[i]);
        node->shift = mul_mod(node->shift, BASE);
    }
}

/* Spreads numbers that are close together over a table of a power of two. */
static size_t spread(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(x ^ (x >> 31));
}

/* A place in a rope: behind `left` bytes of the piece of `node`. */
struct cursor {
    const struct node *node;
    size_t left;
};

static struct cursor at_end(const struct node *node)
{
    return (struct cursor){.node = node, .left = node->piece_len};
}

static void move_back(const struct strings *s, struct cursor *c, size_t n)
{
    c->left -= n;
    if (c->left == 0 && c->node->parent != STRING_ABSENT)
        *c = at_end(&s->nodes[c->node->parent]);
}

/* Whether the bytes before two places are the same, as many before the one as before the other.
 * Compares from the end; once both stand in the same place, the rest is the same. */
static bool same_before(const struct strings *s, struct cursor a, struct cursor b)
{
    while (a.node != b.node || a.left != b.left) {
        size_t n = a.left < b.left ? a.left : b.left;

        if (n > 0 && memcmp(a.node->piece + a.left - n, b.node->piece + b.left - n, n) != 0)
            return false;
        move_back(s, &a, n);
        move_back(s, &b, n);
    }
    return true;
}

/* Tables have at most 2^32 slots, so the tag has all the bits that say where a string belongs. */
static uint32_t tag_of(const struct node *node)
{
    return (uint32_t)spread(node->hash);
}

/* The slot of an equal string, or the free one where it belongs. */
static struct slot *find(const struct strings *s, const struct node *node)
{
    size_t mask = s->table_cap - 1;
    uint32_t tag = tag_of(node);
    size_t i = tag & mask;

    for (; s->table[i].id != 0; i = (i + 1) & mask) {
        const struct node *other = &s->nodes[s->table[i].id];

        if (s->table[i].tag == tag && other->hash == node->hash && other->len == node->len &&
            same_before(s, at_end(other), at_end(node)))
            break;
    }
    return &s->table[i];
}

static int grow(struct strings *s)
{
    size_t cap = s->cap * 2;
    struct node *nodes = pages_grow(s->nodes, cap * sizeof *nodes);
    struct slot *table;

    if (nodes == NULL)
        return -E_NOMEM;
    s->nodes = nodes;
    table = pages_calloc(cap * 2, sizeof *table);
    if (table == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < s->table_cap; i++) {
        size_t to = s->table[i].tag & (cap * 2 - 1);

        if (s->table[i].id == 0)
            continue;
        while (table[to].id != 0)
            to = (to + 1) & (cap * 2 - 1);
        table[to] = s->table[i];
    }
    free(s->table);
    s->table = table;
    s->table_cap = cap * 2;
    s->cap = cap;
    return 0;
}

/* The number of the string that `node` describes; *known tells whether it was there before. */
static int intern(struct strings *s, const struct node *node, uint32_t *ret, bool *known)
{
    struct slot *slot = find(s, node);

    *known = slot->id != 0;
    if (*known) {
        *ret = slot->id;
        return 0;
    }
    if (s->n == s->cap) {
        int rc = s->n >= UINT32_MAX / 2 ? -E_LIMIT : grow(s);

        if (rc < 0)
            return rc;
        slot = find(s, node);
    }
    s->nodes[s->n] = *node;
    *slot = (struct slot){.tag = tag_of(node), .id = (uint32_t)s->n};
    *ret = (uint32_t)s->n++;
    return 0;
}

int strings_create(struct strings **ret)
{
    struct strings *s = calloc(1, sizeof *s);

    if (s == NULL)
        return -E_NOMEM;
    s->cap = FIRST_CAP;
    s->table_cap = FIRST_CAP * 2;
    s->joints_cap = FIRST_CAP;
    s->nodes = calloc(s->cap, sizeof *s->nodes);
    s->table = calloc(s->table_cap, sizeof *s->table);
    s->joints = calloc(s->joints_cap, sizeof *s->joints);
    if (s->nodes == NULL || s->table == NULL || s->joints == NULL) {
        strings_destroy(s);
        return -E_NOMEM;
    }
    s->nodes[STRING_EMPTY] = (struct node){.shift = 1, .parent = STRING_ABSENT};
    s->n = STRING_EMPTY + 1;
    *find(s, &s->nodes[STRING_EMPTY]) =
        (struct slot){.tag = tag_of(&s->nodes[STRING_EMPTY]), .id = STRING_EMPTY};
    *ret = s;
    return 0;
}

void strings_destroy(struct strings *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; s->n_owned > 0 && i < s->n; i++) {
        if (s->nodes[i].owned)
            free((void *)s->nodes[i].piece);
    }
    free(s->nodes);
    free(s->table);
    free(s->joints);
    free(s);
}

int strings_lend(struct strings *s, struct slice bytes, uint32_t *ret)
{
    struct node node = {
        .piece = bytes.data, .piece_len = bytes.len, .len = bytes.len, .parent = STRING_EMPTY};
    bool known = false;

    hash_piece(&node);
    return intern(s, &node, ret, &known);
}

int strings_copy(struct strings *s, struct slice bytes, uint32_t *ret)
{
    struct node node = {
        .piece_len = bytes.len, .len = bytes.len, .parent = STRING_EMPTY, .owned = true};
    uint8_t *copy = slice_dup(bytes);
    bool known = false;
    int rc;

    if (copy == NULL)
        return -E_NOMEM;
    node.piece = copy;
    hash_piece(&node);
    rc = intern(s, &node, ret, &known);
    if (rc < 0 || known) {
        free(copy);
        return rc;
    }
    s->n_owned++;
    s->owned_bytes += bytes.len;
    return 0;
}

static struct joint *find_joint(const struct strings *s, uint32_t left, uint32_t right)
{
    size_t mask = s->joints_cap - 1;
    size_t i = spread((uint64_t)left << 32 | right) & mask;

    while (s->joints[i].whole != 0 && (s->joints[i].left != left || s->joints[i].right != right))
        i = (i + 1) & mask;
    return &s->joints[i];
}

static int remember_joint(struct strings *s, struct joint joint)
{
    if (s->n_joints * 2 >= s->joints_cap) {
        struct joint *old = s->joints;
        size_t old_cap = s->joints_cap;
        struct joint *grown = calloc(old_cap * 2, sizeof *grown);

        if (grown == NULL)
            return -E_NOMEM;
        s->joints = grown;
        s->joints_cap = old_cap * 2;
        for (size_t i = 0; i < old_cap; i++) {
            if (old[i].whole != 0)
                *find_joint(s, old[i].left, old[i].right) = old[i];
        }
        free(old);
    }
    *find_joint(s, joint.left, joint.right) = joint;
    s->n_joints++;
    return 0;
}

/* A new node for `right` behind `left`. A right side that is a rope itself is copied flat, so that
 * every node has one piece. */
static int join(struct strings *s, uint32_t left, uint32_t right, uint32_t *ret)
{
    const struct node *tail = &s->nodes[right];
    struct node node = {.piece = tail->piece,
                        .piece_len = tail->len,
                        .len = s->nodes[left].len + tail->len,
                        .hash = add_mod(mul_mod(s->nodes[left].hash, tail->shift), tail->hash),
                        .shift = mul_mod(s->nodes[left].shift, tail->shift),
                        .parent = left};
    struct buf flat = {0};
    bool known = false;
    int rc = 0;

    if (tail->piece_len != tail->len) {
        rc = strings_bytes(s, right, &flat);
        node.piece = flat.data;
        node.owned = true;
    }
    if (rc == 0)
        rc = intern(s, &node, ret, &known);
    if (rc < 0 || known) {
        buf_free(&flat);
        return rc;
    }
    s->n_owned += node.owned;
    s->owned_bytes += flat.len;
    return 0;
}

int strings_append(struct strings *s, uint32_t left, uint32_t right, uint32_t *ret)
{
    struct joint joint = {.left = left, .right = right};
    const struct joint *known;
    int rc;

    CHECK_THAT(left < s->n && right < s->n && right != STRING_ABSENT, "left=%u right=%u n=%zu",
               left, right, s->n);
    if (right == STRING_EMPTY || left <= STRING_EMPTY) {
        *ret = left <= STRING_EMPTY ? right : left;
        return 0;
    }
    known = find_joint(s, left, right);
    if (known->whole != 0) {
        *ret = known->whole;
        return 0;
    }
    rc = join(s, left, right, &joint.whole);
    if (rc == 0)
        rc = remember_joint(s, joint);
    if (rc == 0)
        *ret = joint.whole;
    return rc;
}

bool strings_is_prefix(const struct strings *s, uint32_t id, uint32_t of)
{
    struct cursor c = at_end(&s->nodes[of]);
    size_t skip;

    if (id == STRING_ABSENT || of == STRING_ABSENT || s->nodes[id].len > s->nodes[of].len)
        return false;
    skip = s->nodes[of].len - s->nodes[id].len;
    while (skip > 0) {
        size_t n = skip < c.left ? skip : c.left;

        move_back(s, &c, n);
        skip -= n;
    }
    return same_before(s, at_end(&s->nodes[id]), c);
}

struct slice strings_slice(const struct strings *s, uint32_t id)
{
    CHECK_THAT(id < s->n && s->nodes[id].piece_len == s->nodes[id].len, "id=%u", id);
    return slice_of(s->nodes[id].piece, s->nodes[id].len);
}

size_t strings_count(const struct strings *s)
{
    return s->n;
}

size_t strings_length(const struct strings *s, uint32_t id)
{
    CHECK_THAT(id < s->n, "id=%u n=%zu", id, s->n);
    return s->nodes[id].len;
}

int strings_bytes(const struct strings *s, uint32_t id, struct buf *out)
{
    size_t len = strings_length(s, id);
    int rc = buf_reserve(out, len);
    uint8_t *end;

    if (rc < 0)
        return rc;
    out->len += len;
    end = out->data + out->len;
    for (; id > STRING_EMPTY; id = s->nodes[id].parent) {
        end -= s->nodes[id].piece_len;
        memcpy(end, s->nodes[id].piece, s->nodes[id].piece_len);
    }
    return 0;
}

size_t strings_memory_bytes(const struct strings *s)
{
    return s->cap * sizeof *s->nodes + s->table_cap * sizeof *s->table +
           s->joints_cap * sizeof *s->joints + s->owned_bytes;
}
