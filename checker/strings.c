#include "checker/strings.h"

#include "base/check.h"
#include "base/err.h"
#include "base/pages.h"

#include <stdlib.h>

/* A string is the end of a path: the last `len` bytes of its parent's path followed by its own
 * piece. So what is left when a beginning is taken away is one more node beside the old one.
 *
 * Each node has a jump to an ancestor, chosen so that any place of a path is found in logarithmic
 * time (Myers, "An applicative random-access stack", Information Processing Letters 1983). */
struct node {
    const uint8_t *piece;
    uint64_t hash;
    uint64_t shift; /* BASE to the power of len: what appending this does to a hash */
    uint32_t piece_len;
    uint32_t len;
    uint32_t end; /* bytes of the path, down to the end of this piece */
    uint32_t parent;
    uint32_t jump;
    uint32_t depth : 31;
    uint32_t owned : 1;
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

enum { FIRST_CAP = 64, BYTES_MAX = INT32_MAX };

/* Polynomial hash modulo the Mersenne prime 2^61 - 1 (Karp & Rabin, "Efficient randomized
 * pattern-matching algorithms", 1987): hash(ab) = hash(a) * BASE^|b| + hash(b). A collision only
 * costs a comparison. */
#define PRIME ((UINT64_C(1) << 61) - 1)
#define BASE UINT64_C(0x1b873593cc9e2d51)
#define INVERSE UINT64_C(0x16b16b088a7398d8) /* of BASE: their product is 1 */

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

static uint64_t power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;

    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0)
            result = mul_mod(result, base);
        base = mul_mod(base, base);
    }
    return result;
}

enum { CHUNK = 8 };

/* BASE to the power of 0, 1, 2... */
static const uint64_t POWERS[CHUNK + 1] = {

    UINT64_C(0x1),
    UINT64_C(0x1b873593cc9e2d51),
    UINT64_C(0x191474b0e20f3729),
    UINT64_C(0x15a60d572b629318),
    UINT64_C(0x1a97e213ce893671),
    UINT64_C(0x621ff8ff9c03d72),
    UINT64_C(0x90ffcdbd9c7d2ba),
    UINT64_C(0xfd96dee480260b),
    UINT64_C(0x168656333449d6df)};

/* The hash of CHUNK bytes: their products do not wait for each other. */
static uint64_t hash_chunk(const uint8_t *bytes)
{
    unsigned __int128 sum = 0;

    for (size_t i = 0; i < CHUNK; i++)
        sum += (unsigned __int128)POWERS[CHUNK - 1 - i] * (UINT64_C(1) + bytes[i]);
    return add_mod((uint64_t)(sum & PRIME), (uint64_t)(sum >> 61));
}

/* 1 + byte, so that leading zero bytes count. */
static uint64_t hash_bytes_of(struct slice bytes)
{
    uint64_t hash = 0;
    size_t i = 0;

    for (; i + CHUNK <= bytes.len; i += CHUNK)
        hash = add_mod(mul_mod(hash, POWERS[CHUNK]), hash_chunk(bytes.data + i));
    for (; i < bytes.len; i++)
        hash = add_mod(mul_mod(hash, BASE), UINT64_C(1) + bytes.data[i]);
    return hash;
}

static void hash_piece(struct node *node)
{
    node->hash = hash_bytes_of(slice_of(node->piece, node->piece_len));
    node->shift = node->piece_len <= CHUNK ? POWERS[node->piece_len] : power(BASE, node->piece_len);
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

/* Whether the last `count` bytes before two places are the same. Compares from the end; once both
 * stand in the same place, the rest is the same. */
static bool same_before(const struct strings *s, struct cursor a, struct cursor b, size_t count)
{
    while (count > 0 && (a.node != b.node || a.left != b.left)) {
        size_t n = a.left < b.left ? a.left : b.left;

        if (n > count)
            n = count;
        count -= n;
        if (n > 0 && a.node->piece + a.left != b.node->piece + b.left &&
            memcmp(a.node->piece + a.left - n, b.node->piece + b.left - n, n) != 0)
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
            same_before(s, at_end(other), at_end(node), node->len))
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

/* Completes a node that has its piece, its length and its parent. */
static void place_on_path(const struct strings *s, struct node *node)
{
    const struct node *parent = &s->nodes[node->parent];
    const struct node *jump = &s->nodes[parent->jump];

    node->end = parent->end + node->piece_len;
    node->depth = parent->depth + 1;
    node->jump = parent->depth - jump->depth == jump->depth - s->nodes[jump->jump].depth
                     ? jump->jump
                     : node->parent;
}

/* The place behind the first `end` bytes of the path of `node`, which has as many. */
static struct cursor place_of(const struct strings *s, const struct node *node, uint32_t end)
{
    while (node->end - node->piece_len >= end && node->parent != STRING_ABSENT) {
        const struct node *jump = &s->nodes[node->jump];

        node = jump->end >= end ? jump : &s->nodes[node->parent];
    }
    return (struct cursor){.node = node, .left = end - (node->end - node->piece_len)};
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
    s->nodes[STRING_EMPTY] =
        (struct node){.shift = 1, .parent = STRING_ABSENT, .jump = STRING_EMPTY};
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

/* A string of one piece. Longer ones than 2^31 bytes are none of a history's. */
static int make_flat(const struct strings *s, struct slice bytes, struct node *ret)
{
    if (bytes.len > BYTES_MAX)
        return -E_LIMIT;
    *ret = (struct node){.piece = bytes.data,
                         .piece_len = (uint32_t)bytes.len,
                         .len = (uint32_t)bytes.len,
                         .parent = STRING_EMPTY};
    place_on_path(s, ret);
    hash_piece(ret);
    return 0;
}

int strings_lend(struct strings *s, struct slice bytes, uint32_t *ret)
{
    struct node node;
    bool known = false;
    int rc = make_flat(s, bytes, &node);

    return rc < 0 ? rc : intern(s, &node, ret, &known);
}

bool strings_find(const struct strings *s, struct slice bytes, uint32_t *ret)
{
    struct node node;

    if (make_flat(s, bytes, &node) < 0)
        return false;
    *ret = find(s, &node)->id;
    return *ret != 0;
}

int strings_copy(struct strings *s, struct slice bytes, uint32_t *ret)
{
    struct node node;
    bool known = false;
    uint32_t found;
    uint8_t *copy;
    int rc = make_flat(s, bytes, &node);

    if (rc < 0)
        return rc;
    found = find(s, &node)->id;
    if (found != 0) {
        *ret = found;
        return 0;
    }
    copy = slice_dup(bytes);
    if (copy == NULL)
        return -E_NOMEM;
    node.piece = copy;
    node.owned = true;
    rc = intern(s, &node, ret, &known);
    if (rc < 0) {
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
    const struct node *head = &s->nodes[left];
    struct node node = {.piece = tail->piece,
                        .piece_len = tail->len,
                        .len = head->len + tail->len,
                        .hash = add_mod(mul_mod(head->hash, tail->shift), tail->hash),
                        .shift = mul_mod(head->shift, tail->shift),
                        .parent = left};
    struct buf flat = {0};
    bool known = false;
    int rc = 0;

    if ((uint64_t)head->end + tail->len > BYTES_MAX)
        return -E_LIMIT;
    place_on_path(s, &node);
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
    const struct node *whole = &s->nodes[of];
    const struct node *part = &s->nodes[id];

    if (id == STRING_ABSENT || of == STRING_ABSENT || part->len > whole->len)
        return false;
    return same_before(s, at_end(part), place_of(s, whole, whole->end - whole->len + part->len),
                       part->len);
}

/* Interns the last `len` bytes in front of a place; `node` brings their hash. */
static int intern_before(struct strings *s, struct cursor place, uint32_t len, struct node *node,
                         uint32_t *ret)
{
    bool known;

    node->piece = place.node->piece;
    node->piece_len = (uint32_t)place.left;
    node->parent = place.node->parent;
    node->len = len;
    if (len <= node->piece_len) {
        node->piece += node->piece_len - len;
        node->piece_len = len;
        node->parent = STRING_EMPTY;
    }
    node->shift = power(BASE, len);
    place_on_path(s, node);
    return intern(s, node, ret, &known);
}

int strings_behind(struct strings *s, uint32_t id, uint32_t front, uint32_t *ret)
{
    const struct node *whole = &s->nodes[id];
    struct node rest = {0};
    int rc;

    if (!strings_is_prefix(s, front, id))
        return 0;
    if (s->nodes[front].len == whole->len) {
        *ret = STRING_EMPTY;
        return 1;
    }
    rest.hash = mul_mod(s->nodes[front].hash, power(BASE, whole->len - s->nodes[front].len));
    rest.hash = add_mod(whole->hash, PRIME - rest.hash);
    rc = intern_before(s, at_end(whole), whole->len - s->nodes[front].len, &rest, ret);
    return rc < 0 ? rc : 1;
}

int strings_before(struct strings *s, uint32_t id, uint32_t back, uint32_t *ret)
{
    const struct node *whole = &s->nodes[id];
    const struct node *end = &s->nodes[back];
    struct node rest = {0};
    struct cursor place;
    uint32_t len;
    int rc;

    if (id == STRING_ABSENT || back == STRING_ABSENT || end->len > whole->len ||
        !same_before(s, at_end(end), at_end(whole), end->len))
        return 0;
    len = whole->len - end->len;
    place = place_of(s, whole, whole->end - end->len);
    if (len == 0 || (place.left == place.node->piece_len && place.node->len == len)) {
        *ret = len == 0 ? STRING_EMPTY : (uint32_t)(place.node - s->nodes);
        return 1;
    }
    rest.hash = mul_mod(add_mod(whole->hash, PRIME - end->hash), power(INVERSE, end->len));
    rc = intern_before(s, place, len, &rest, ret);
    return rc < 0 ? rc : 1;
}

struct slice strings_first_piece(const struct strings *s, uint32_t id)
{
    const struct node *whole = &s->nodes[id];
    uint32_t start = whole->end - whole->len;
    struct cursor c;
    size_t skipped;

    if (whole->len == 0)
        return (struct slice){0};
    c = place_of(s, whole, start + 1);
    skipped = c.left - 1;
    return slice_of(c.node->piece + skipped, c.node->piece_len - skipped);
}

struct slice strings_last_piece(const struct strings *s, uint32_t id)
{
    const struct node *n = &s->nodes[id];

    return slice_of(n->piece, n->piece_len);
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
    size_t left = strings_length(s, id);
    int rc = buf_reserve(out, left);
    uint8_t *end;

    if (rc < 0)
        return rc;
    out->len += left;
    end = out->data + out->len;
    while (left > 0) {
        const struct node *node = &s->nodes[id];
        size_t n = node->piece_len < left ? node->piece_len : left;

        end -= n;
        memcpy(end, node->piece + node->piece_len - n, n);
        left -= n;
        id = node->parent;
    }
    return 0;
}

size_t strings_memory_bytes(const struct strings *s)
{
    return s->cap * sizeof *s->nodes + s->table_cap * sizeof *s->table +
           s->joints_cap * sizeof *s->joints + s->owned_bytes;
}
