#include "node/raft/internal.h"

/* The receiving end of AppendEntries: Raft 3.5, figure 3.1 "receiver implementation". */

/* Messages from the past. Whoever still leads or campaigns there learns of the present. */
void raft_refuse_stale(struct raft *r, const struct raft_message *m)
{
    struct raft_message reply = {.term = r->hard.term, .reject = true};

    switch (m->type) {
    case RAFT_PRE_VOTE: reply.type = RAFT_PRE_VOTE_REPLY; break;
    case RAFT_VOTE: reply.type = RAFT_VOTE_REPLY; break;
    case RAFT_HEARTBEAT: reply.type = RAFT_HEARTBEAT_REPLY; break;
    case RAFT_APPEND:
        reply.type = RAFT_APPEND_REPLY;
        reply.log_index = m->log_index;
        break;
    default: return;
    }
    raft_send(r, m->from, &reply, raft_save_of_hard(r));
}

static void refuse(struct raft *r, const struct raft_message *m)
{
    struct raft_message reply = {
        .type = RAFT_APPEND_REPLY,
        .term = r->hard.term,
        .log_index = m->log_index,
        .reject = true,
    };

    /* End of 3.5: not the next index down, but the last place where the logs may agree: of the
     * refused entry's term or an older one. */
    reply.hint_index = entry_log_back_off(&r->log, m->log_index, m->log_term);
    (void)entry_log_term(&r->log, reply.hint_index, &reply.hint_term);
    raft_send(r, m->from, &reply, raft_save_of_hard(r));
}

/* Figure 3.1, steps 3 and 4. The log is cut only where an entry really
 * differs: a late, shorter message must not undo what a newer one brought. */
static int take_entries(struct raft *r, const struct raft_message *m)
{
    for (size_t i = 0; i < m->n_entries; i++) {
        const struct entry *e = &m->entries[i];
        int rc;

        if (entry_log_matches(&r->log, e->index, e->term) && !BUG(TRUNCATE_ON_OLD_APPEND))
            continue;
        if (BUG(KEEP_ON_CONFLICT) && e->index <= r->log.last_index)
            continue;
        if (e->index <= r->log.last_index) {
            CHECK_THAT(e->index > r->commit_index, "conflict at %llu, committed %llu",
                       (unsigned long long)e->index, (unsigned long long)r->commit_index);
            entry_log_truncate(&r->log, e->index);
            raft_save_truncated(r, e->index);
        }
        rc = entry_log_append(&r->log, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The part of a message that goes beyond what is committed here. Committed entries stand in the
 * leader's log as in ours (leader completeness, 3.6.3): what lies before them need not be
 * compared, nor may its term be known any more. */
static struct raft_message skip_committed(const struct raft *r, const struct raft_message *m)
{
    struct raft_message rest = *m;
    uint64_t behind = r->commit_index - m->log_index;
    size_t n = behind < m->n_entries ? (size_t)behind : m->n_entries;

    rest.log_index = r->commit_index;
    if (n == 0)
        return rest;
    CHECK_THAT(m->entries[n - 1].index < r->log.first_index ||
                   entry_log_matches(&r->log, m->entries[n - 1].index, m->entries[n - 1].term),
               "conflict at %llu, committed %llu", (unsigned long long)m->entries[n - 1].index,
               (unsigned long long)r->commit_index);
    rest.entries += n;
    rest.n_entries -= n;
    return rest;
}

int raft_take_append(struct raft *r, const struct raft_message *m)
{
    struct raft_message reply = {.type = RAFT_APPEND_REPLY, .term = r->hard.term};
    struct raft_message rest;
    uint64_t compared;
    int rc;

    if (m->log_index < r->commit_index) {
        rest = skip_committed(r, m);
        m = &rest;
    } else if (!entry_log_matches(&r->log, m->log_index, m->log_term)) {
        refuse(r, m);
        return 0;
    }
    rc = take_entries(r, m);
    if (rc < 0)
        return rc;
    reply.log_index = m->log_index + m->n_entries;
    compared = BUG(COMMIT_PAST_MATCH) ? r->log.last_index : reply.log_index;
    raft_set_commit(r, m->commit < compared ? m->commit : compared);
    raft_send(r, m->from, &reply, BUG(ACK_BEFORE_SAVE) ? 0 : raft_save_of_log(r));
    return 0;
}

/* Its answer rests on the term alone, so that a slow sync of the log never holds it up. */
void raft_take_heartbeat(struct raft *r, const struct raft_message *m)
{
    struct raft_message reply = {
        .type = RAFT_HEARTBEAT_REPLY,
        .term = r->hard.term,
        .context = m->context,
    };

    raft_set_commit(r, m->commit < r->log.last_index ? m->commit : r->log.last_index);
    raft_send(r, m->from, &reply, raft_save_of_hard(r));
}
