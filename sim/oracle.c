#include "sim/oracle.h"

#include "base/check.h"
#include "base/hash.h"

#include <inttypes.h>
#include <stdlib.h>

/* A vector of numbers indexed by term or log index; what was never set reads as 0. */
struct numbers {
    uint64_t *at;
    size_t cap;
};

/* An entry that some node has saved under (index, term): every other node's has to be the same,
 * behind the same term (log matching). */
struct seen_entry {
    uint64_t index, term; /* index 0: a free slot */
    uint64_t hash;
    uint64_t term_before;
};

/* What a node holds under a key: hashes of both; 0: a free slot, or an absent value. */
struct held {
    uint64_t key, value;
};

struct oracle_node {
    struct numbers terms; /* of its log, by index */
    uint64_t last_index;
    uint64_t applied;
    struct held *held;
    size_t n_held, cap_held; /* a power of two */
    uint64_t state;          /* XOR over all keys and values held: says the same in any order */
};

struct oracle {
    struct oracle_node *nodes;
    size_t n_nodes;
    struct numbers leaders; /* by term: index of the node + 1 */
    struct seen_entry *seen;
    size_t n_seen, cap_seen; /* a power of two */
    struct numbers committed_terms, committed_hashes;
    uint64_t committed;
    uint64_t committed_by_term; /* no leader of a later one was known when that was committed */
    uint64_t leader_term;       /* highest so far */
    struct numbers states;      /* by applied index */
};

static uint64_t number_get(const struct numbers *v, uint64_t i)
{
    return i < v->cap ? v->at[i] : 0;
}

static void number_set(struct numbers *v, uint64_t i, uint64_t value)
{
    if (i >= v->cap) {
        size_t cap = v->cap == 0 ? 256 : v->cap;

        while (cap <= i)
            cap *= 2;
        v->at = realloc(v->at, cap * sizeof *v->at);
        CHECK(v->at != NULL);
        memset(v->at + v->cap, 0, (cap - v->cap) * sizeof *v->at);
        v->cap = cap;
    }
    v->at[i] = value;
}

static uint64_t combine(uint64_t a, uint64_t b)
{
    uint64_t both[2] = {a, b};

    return hash_bytes(both, sizeof both, 0);
}

static uint64_t hash_entry(const struct entry *entry)
{
    return hash_bytes(entry->data.data, entry->data.len, (uint64_t)entry->kind + 1) | 1;
}

int oracle_create(size_t n_nodes, struct oracle **ret, struct err *e)
{
    struct oracle *o = calloc(1, sizeof *o);

    if (o == NULL)
        return err_set(e, -E_NOMEM, "oracle");
    o->n_nodes = n_nodes;
    o->nodes = calloc(n_nodes, sizeof *o->nodes);
    o->cap_seen = 1024;
    o->seen = calloc(o->cap_seen, sizeof *o->seen);
    if (o->nodes == NULL || o->seen == NULL) {
        oracle_destroy(o);
        return err_set(e, -E_NOMEM, "oracle");
    }
    *ret = o;
    return 0;
}

void oracle_destroy(struct oracle *o)
{
    if (o == NULL)
        return;
    for (size_t i = 0; o->nodes != NULL && i < o->n_nodes; i++) {
        free(o->nodes[i].terms.at);
        free(o->nodes[i].held);
    }
    free(o->nodes);
    free(o->leaders.at);
    free(o->seen);
    free(o->committed_terms.at);
    free(o->committed_hashes.at);
    free(o->states.at);
    free(o);
}

int oracle_leader(struct oracle *o, size_t node, uint64_t term, struct err *e)
{
    uint64_t known = number_get(&o->leaders, term);
    uint64_t want = number_get(&o->committed_terms, o->committed);

    if (known != 0 && known != node + 1)
        return err_set(e, -E_INVAL, "election safety: nodes %zu and %zu both lead in term %" PRIu64,
                       (size_t)known, node + 1, term);
    number_set(&o->leaders, term, node + 1);
    if (term > o->leader_term)
        o->leader_term = term;
    /* A candidate that slept on its votes may take over late, in a term that others have left
     * behind: completeness is asked of later terms than that of the commitment (3.6.3). */
    if (o->committed > 0 && term > o->committed_by_term &&
        number_get(&o->nodes[node].terms, o->committed) != want)
        return err_set(e, -E_INVAL,
                       "leader completeness: node %zu leads in term %" PRIu64
                       " without the committed entry %" PRIu64 " of term %" PRIu64,
                       node + 1, term, o->committed, want);
    return 0;
}

/* --- what nodes save ------------------------------------------------------------------------ */

static struct seen_entry *slot_of(struct seen_entry *seen, size_t cap, uint64_t index,
                                  uint64_t term)
{
    size_t at = (size_t)combine(index, term) & (cap - 1);

    while (seen[at].index != 0 && (seen[at].index != index || seen[at].term != term))
        at = (at + 1) & (cap - 1);
    return &seen[at];
}

static void grow_seen(struct oracle *o)
{
    size_t cap = o->cap_seen * 2;
    struct seen_entry *grown = calloc(cap, sizeof *grown);

    CHECK(grown != NULL);
    for (size_t i = 0; i < o->cap_seen; i++)
        if (o->seen[i].index != 0)
            *slot_of(grown, cap, o->seen[i].index, o->seen[i].term) = o->seen[i];
    free(o->seen);
    o->seen = grown;
    o->cap_seen = cap;
}

static int saved_entry(struct oracle *o, size_t node, const struct entry *entry, struct err *e)
{
    struct oracle_node *n = &o->nodes[node];
    uint64_t term_before = number_get(&n->terms, entry->index - 1);
    uint64_t hash = hash_entry(entry);
    struct seen_entry *slot = slot_of(o->seen, o->cap_seen, entry->index, entry->term);

    if (slot->index == 0) {
        *slot = (struct seen_entry){entry->index, entry->term, hash, term_before};
        if (++o->n_seen * 2 > o->cap_seen)
            grow_seen(o);
    } else if (slot->hash != hash || slot->term_before != term_before) {
        return err_set(e, -E_INVAL,
                       "log matching: node %zu holds another entry %" PRIu64 " of term %" PRIu64
                       " than some other node, or another one before it",
                       node + 1, entry->index, entry->term);
    }
    number_set(&n->terms, entry->index, entry->term);
    n->last_index = entry->index;
    return 0;
}

static struct held *held_slot(struct held *held, size_t cap, uint64_t key)
{
    size_t at = (size_t)key & (cap - 1);

    while (held[at].key != 0 && held[at].key != key)
        at = (at + 1) & (cap - 1);
    return &held[at];
}

static void grow_held(struct oracle_node *n)
{
    size_t cap = n->cap_held == 0 ? 256 : n->cap_held * 2;
    struct held *grown = calloc(cap, sizeof *grown);

    CHECK(grown != NULL);
    for (size_t i = 0; i < n->cap_held; i++)
        if (n->held[i].key != 0)
            *held_slot(grown, cap, n->held[i].key) = n->held[i];
    free(n->held);
    n->held = grown;
    n->cap_held = cap;
}

static void hold(struct oracle_node *n, uint32_t family, struct slice key, struct slice value,
                 bool erase)
{
    uint64_t name = hash_bytes(key.data, key.len, (uint64_t)family + 1) | 1;
    uint64_t now = erase ? 0 : hash_bytes(value.data, value.len, name) | 1;
    struct held *slot;

    if (n->n_held * 2 >= n->cap_held)
        grow_held(n);
    slot = held_slot(n->held, n->cap_held, name);
    if (slot->key == 0) {
        slot->key = name;
        n->n_held++;
    }
    n->state ^= slot->value ^ now;
    slot->value = now;
}

static int saved_state(struct oracle *o, size_t node, const struct store_batch *b, struct err *e)
{
    struct oracle_node *n = &o->nodes[node];
    uint64_t known;

    for (size_t i = 0; i < b->n_writes; i++)
        hold(n, b->writes[i].family, b->writes[i].key, b->writes[i].value, b->writes[i].erase);
    if (b->applied_index == 0)
        return 0;
    known = number_get(&o->states, b->applied_index);
    if (known != 0 && known != n->state)
        return err_set(e, -E_INVAL,
                       "state machine safety: node %zu came to another state than some other "
                       "node after entry %" PRIu64,
                       node + 1, b->applied_index);
    number_set(&o->states, b->applied_index, n->state);
    return 0;
}

int oracle_saved(struct oracle *o, size_t node, const struct store_batch *b, struct err *e)
{
    struct oracle_node *n = &o->nodes[node];
    int rc = 0;

    if (b->truncate_from != 0) {
        for (uint64_t i = b->truncate_from; i <= n->last_index; i++)
            number_set(&n->terms, i, 0);
        if (b->truncate_from <= n->last_index)
            n->last_index = b->truncate_from - 1;
    }
    for (size_t i = 0; i < b->n_entries && rc == 0; i++)
        rc = saved_entry(o, node, &b->entries[i], e);
    return rc < 0 ? rc : saved_state(o, node, b, e);
}

/* --- what nodes apply ----------------------------------------------------------------------- */

int oracle_applied(struct oracle *o, size_t node, const struct entry *entry, size_t durable,
                   struct err *e)
{
    struct oracle_node *n = &o->nodes[node];
    uint64_t hash = hash_entry(entry);

    if (entry->index != n->applied + 1)
        return err_set(e, -E_INVAL, "order: node %zu applies entry %" PRIu64 " after %" PRIu64,
                       node + 1, entry->index, n->applied);
    n->applied = entry->index;
    if (entry->index <= o->committed) {
        if (number_get(&o->committed_terms, entry->index) == entry->term &&
            number_get(&o->committed_hashes, entry->index) == hash)
            return 0;
        return err_set(e, -E_INVAL,
                       "state machine safety: node %zu applies another entry %" PRIu64
                       " (term %" PRIu64 ") than was applied before (term %" PRIu64 ")",
                       node + 1, entry->index, entry->term,
                       number_get(&o->committed_terms, entry->index));
    }
    if (durable <= o->n_nodes / 2)
        return err_set(e, -E_INVAL,
                       "durability: node %zu applies entry %" PRIu64 " that is durable on %zu of "
                       "%zu nodes",
                       node + 1, entry->index, durable, o->n_nodes);
    number_set(&o->committed_terms, entry->index, entry->term);
    number_set(&o->committed_hashes, entry->index, hash);
    o->committed = entry->index;
    o->committed_by_term = o->leader_term;
    return 0;
}

static void reread_log(struct oracle_node *n, const struct store_recovered *recovered)
{
    for (uint64_t i = 1; i <= n->last_index; i++)
        number_set(&n->terms, i, 0);
    for (size_t i = 0; i < recovered->n_runs; i++) {
        uint64_t to = i + 1 < recovered->n_runs ? recovered->runs[i + 1].first - 1
                                                : recovered->last_index;

        for (uint64_t k = recovered->runs[i].first; k <= to; k++)
            number_set(&n->terms, k, recovered->runs[i].term);
    }
    n->last_index = recovered->last_index;
}

static void reread_state(struct oracle_node *n, struct store *store, size_t n_families)
{
    struct store_cursor *cursor;
    struct slice key, value;

    if (n->held != NULL)
        memset(n->held, 0, n->cap_held * sizeof *n->held);
    n->n_held = 0;
    n->state = 0;
    for (uint32_t family = 0; family < n_families; family++) {
        CHECK(store_cursor_open(store, family, slice_of(NULL, 0), &cursor) == 0);
        for (; store_cursor_get(store, cursor, &key, &value); store_cursor_next(store, cursor))
            hold(n, family, key, value, false);
        store_cursor_close(store, cursor);
    }
}

void oracle_restarted(struct oracle *o, size_t node, struct store *store, size_t n_families)
{
    struct oracle_node *n = &o->nodes[node];
    struct store_recovered recovered;

    store_recovered(store, &recovered);
    reread_log(n, &recovered);
    reread_state(n, store, n_families);
    n->applied = recovered.applied_index;
}

uint64_t oracle_committed(const struct oracle *o)
{
    return o->committed;
}
