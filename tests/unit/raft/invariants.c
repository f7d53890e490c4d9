#include "tests/unit/raft/cluster.h"

#include "base/check.h"

/* What Raft promises (dissertation, figure 3.2), checked from outside: by what nodes saved, sent
 * and applied, not by what they say of themselves. */

static bool same_entry(const struct stored_entry *a, const struct stored_entry *b)
{
    return a->term == b->term && a->kind == b->kind && strcmp(a->text, b->text) == 0;
}

/* Election safety; leader completeness. */
void invariants_leader(struct cluster *c, uint64_t id)
{
    const struct disk_image *log = &c->nodes[id].disk.newest;
    uint64_t term = raft_term(c->nodes[id].raft);

    if (c->by_hand || raft_role(c->nodes[id].raft) != RAFT_LEADER)
        return;
    CHECK(term < CLUSTER_TERMS_MAX);
    if (c->leader_of_term[term] == id)
        return;
    CHECK_THAT(c->leader_of_term[term] == 0, "term %llu: %llu and %llu", (unsigned long long)term,
               (unsigned long long)c->leader_of_term[term], (unsigned long long)id);
    c->leader_of_term[term] = id;
    /* Entries that a later leader committed need not be known to one who is late. */
    for (uint64_t i = 1; i <= c->n_committed; i++) {
        if (c->committed_in_term[i] < term)
            CHECK_THAT(i <= log->last && same_entry(&c->committed[i], &log->log[i]),
                       "leader %llu of term %llu lacks %llu", (unsigned long long)id,
                       (unsigned long long)term, (unsigned long long)i);
    }
}

static size_t count_durable(const struct cluster *c, uint64_t index, const struct stored_entry *e)
{
    size_t n = 0;

    for (uint64_t id = 1; id <= c->n; id++) {
        const struct disk_image *image = &c->nodes[id].disk.durable;

        if (index <= image->last && same_entry(&image->log[index], e))
            n++;
    }
    return n;
}

/* What is committed is on the disks of a quorum, and is the same for ever. */
void invariants_commit(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];
    uint64_t commit = raft_commit_index(node->raft);

    CHECK(commit >= node->commit);
    for (uint64_t i = node->commit + 1; i <= commit; i++) {
        const struct stored_entry *e = &node->disk.newest.log[i];

        CHECK(i <= node->disk.newest.last);
        if (i <= c->n_committed) {
            CHECK_THAT(same_entry(&c->committed[i], e), "node %llu committed another %llu",
                       (unsigned long long)id, (unsigned long long)i);
            continue;
        }
        CHECK_THAT(c->by_hand || count_durable(c, i, e) > c->n / 2,
                   "%llu is committed but not durable", (unsigned long long)i);
        c->committed[i] = *e;
        c->committed_in_term[i] = raft_term(node->raft);
        c->n_committed = i;
    }
}

/* State machine safety: in order, without gaps, the same everywhere. */
void invariants_apply(struct cluster *c, uint64_t id, const struct entry *e)
{
    const struct stored_entry *expected = &c->committed[e->index];

    CHECK_THAT(e->index == c->nodes[id].applied + 1, "node %llu applied %llu after %llu",
               (unsigned long long)id, (unsigned long long)e->index,
               (unsigned long long)c->nodes[id].applied);
    CHECK(e->index <= c->n_committed && e->term == expected->term && e->kind == expected->kind);
    CHECK(slice_equal(e->data, slice_str(expected->text)));
}

/* Nobody is answered on the strength of what a crash could take back. */
void invariants_send(struct cluster *c, const struct raft_message *m)
{
    const struct disk_image *image = &c->nodes[m->from].disk.durable;
    bool pre_grant = m->type == RAFT_PRE_VOTE_REPLY && !m->reject;

    if (m->type == RAFT_PRE_VOTE || pre_grant)
        return;
    CHECK_THAT(m->term <= image->hard.term, "%s of term %llu, on disk %llu",
               raft_message_type_name(m->type), (unsigned long long)m->term,
               (unsigned long long)image->hard.term);
    if (m->term < image->hard.term)
        return;
    if (m->type == RAFT_VOTE)
        CHECK(image->hard.vote == m->from);
    if (m->type == RAFT_VOTE_REPLY && !m->reject)
        CHECK(image->hard.vote == m->to);
    if (m->type == RAFT_APPEND_REPLY && !m->reject)
        CHECK_THAT(m->log_index <= image->last, "answered %llu, on disk %llu",
                   (unsigned long long)m->log_index, (unsigned long long)image->last);
}

/* Log matching: the same index and term means the same entry and the same before it. */
void invariants_logs_match(struct cluster *c)
{
    for (uint64_t a = 1; a <= c->n; a++) {
        for (uint64_t b = a + 1; b <= c->n; b++) {
            const struct disk_image *x = &c->nodes[a].disk.newest;
            const struct disk_image *y = &c->nodes[b].disk.newest;
            bool matched = false;

            for (uint64_t i = x->last < y->last ? x->last : y->last; i > 0; i--) {
                matched = matched || x->log[i].term == y->log[i].term;
                CHECK_THAT(!matched || same_entry(&x->log[i], &y->log[i]),
                           "logs of %llu and %llu differ at %llu", (unsigned long long)a,
                           (unsigned long long)b, (unsigned long long)i);
            }
        }
    }
}
