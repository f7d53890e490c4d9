#include "node/kv/overlay.h"

#include "base/check.h"
#include "node/kv/hash_table.h"

#include <stdlib.h>
#include <sys/queue.h>

/* A key's place in the table is its family and its bytes in one run. */
enum { NODE_KEY_BYTES_MAX = sizeof(uint32_t) + OP_KEY_BYTES_MAX };

/* Of a write that has not been submitted: behind every batch. */
#define SEQ_NONE UINT64_MAX

struct node {
    UT_hash_handle hh;
    TAILQ_ENTRY(node) queue;
    uint64_t seq;
    size_t slot; /* in overlay.writes, while seq is SEQ_NONE */
    uint8_t *value;
    struct kv_write write; /* its slices point to `value` and into `key` */
    size_t key_len;
    uint8_t key[]; /* family, then the key's bytes */
};

TAILQ_HEAD(node_queue, node);

struct overlay {
    struct node *table;
    struct node_queue queue; /* by seq: what becomes visible first stands first */
    struct kv_write *writes; /* of the nodes at the queue's end with SEQ_NONE */
    size_t n_writes;
    size_t cap_writes;
    size_t bytes;
};

static size_t make_key(uint32_t family, struct slice key, uint8_t out[NODE_KEY_BYTES_MAX])
{
    CHECK_THAT(key.len <= OP_KEY_BYTES_MAX, "%zu bytes", key.len);
    memcpy(out, &family, sizeof family);
    if (key.len > 0)
        memcpy(out + sizeof family, key.data, key.len);
    return sizeof family + key.len;
}

static size_t node_bytes(const struct node *n)
{
    return sizeof *n + n->key_len + n->write.value.len;
}

static void free_node(struct overlay *o, struct node *n)
{
    o->bytes -= node_bytes(n);
    TAILQ_REMOVE(&o->queue, n, queue);
    HASH_DEL(o->table, n);
    free(n->value);
    free(n);
}

int overlay_create(struct overlay **ret)
{
    struct overlay *o = calloc(1, sizeof *o);

    if (o == NULL)
        return -E_NOMEM;
    TAILQ_INIT(&o->queue);
    *ret = o;
    return 0;
}

void overlay_destroy(struct overlay *o)
{
    struct node *n;

    if (o == NULL)
        return;
    while ((n = TAILQ_FIRST(&o->queue)) != NULL)
        free_node(o, n);
    free(o->writes);
    free(o);
}

static struct node *find_node(const struct overlay *o, const uint8_t *key, size_t len)
{
    struct node *n;

    HASH_FIND(hh, o->table, key, len, n);
    return n;
}

static struct node *add_node(struct overlay *o, uint32_t family, const uint8_t *key, size_t len)
{
    struct node *n = calloc(1, sizeof *n + len);

    if (n == NULL)
        return NULL;
    n->key_len = len;
    memcpy(n->key, key, len);
    n->write.family = family;
    n->write.key = slice_of(n->key + sizeof family, len - sizeof family);
    n->seq = 0; /* not among the writes yet */
    HASH_ADD_KEYPTR(hh, o->table, n->key, n->key_len, n);
    if (n->hh.tbl == NULL) {
        free(n);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&o->queue, n, queue);
    o->bytes += node_bytes(n);
    return n;
}

static int reserve_write(struct overlay *o)
{
    size_t cap = o->cap_writes == 0 ? 64 : o->cap_writes * 2;
    struct kv_write *grown;

    if (o->n_writes < o->cap_writes)
        return 0;
    grown = reallocarray(o->writes, cap, sizeof *grown);
    if (grown == NULL)
        return -E_NOMEM;
    o->writes = grown;
    o->cap_writes = cap;
    return 0;
}

/* The node joins the writes to submit, at the end of the queue; it may be there already. */
static void enlist(struct overlay *o, struct node *n)
{
    if (n->seq != SEQ_NONE) {
        n->seq = SEQ_NONE;
        n->slot = o->n_writes++;
        TAILQ_REMOVE(&o->queue, n, queue);
        TAILQ_INSERT_TAIL(&o->queue, n, queue);
    }
    o->writes[n->slot] = n->write;
}

int overlay_put(struct overlay *o, const struct kv_write *w)
{
    uint8_t key[NODE_KEY_BYTES_MAX];
    size_t key_len = make_key(w->family, w->key, key);
    uint8_t *value = w->erase ? NULL : slice_dup(w->value);
    struct node *n;

    if ((value == NULL && !w->erase) || reserve_write(o) < 0)
        goto fail;
    n = find_node(o, key, key_len);
    if (n == NULL)
        n = add_node(o, w->family, key, key_len);
    if (n == NULL)
        goto fail;
    o->bytes -= node_bytes(n);
    free(n->value);
    n->value = value;
    n->write.value = slice_of(value, w->erase ? 0 : w->value.len);
    n->write.erase = w->erase;
    o->bytes += node_bytes(n);
    enlist(o, n);
    return 0;

fail:
    free(value);
    return -E_NOMEM;
}

const struct kv_write *overlay_find(const struct overlay *o, uint32_t family, struct slice key)
{
    uint8_t bytes[NODE_KEY_BYTES_MAX];
    size_t len = make_key(family, key, bytes);
    const struct node *n = find_node(o, bytes, len);

    return n == NULL ? NULL : &n->write;
}

const struct kv_write *overlay_writes(const struct overlay *o, size_t *ret_n)
{
    *ret_n = o->n_writes;
    return o->writes;
}

void overlay_submitted(struct overlay *o, uint64_t seq)
{
    struct node *n;

    TAILQ_FOREACH_REVERSE(n, &o->queue, node_queue, queue)
    {
        if (n->seq != SEQ_NONE)
            break;
        n->seq = seq;
    }
    CHECK_THAT(n == NULL || n->seq <= seq, "batch %ju after %ju", (uintmax_t)seq,
               (uintmax_t)n->seq);
    o->n_writes = 0;
}

void overlay_visible(struct overlay *o, uint64_t seq)
{
    struct node *n;

    while ((n = TAILQ_FIRST(&o->queue)) != NULL && n->seq <= seq)
        free_node(o, n);
}

size_t overlay_bytes(const struct overlay *o)
{
    return o->bytes;
}
