#include "node/raft/internal.h"

/* What has to be on disk, and what is. The driver saves in numbered batches and says later up to
 * which number they survive a crash; sends and further saves go on meanwhile. */

static bool log_is_dirty(const struct raft *r)
{
    return r->saves.truncate_from != 0 || r->saves.handed_index < r->log.last_index;
}

uint64_t raft_save_of_hard(const struct raft *r)
{
    return r->saves.hard_dirty ? r->saves.seq + 1 : r->saves.hard_seq;
}

uint64_t raft_save_of_log(const struct raft *r)
{
    uint64_t hard = raft_save_of_hard(r);
    uint64_t log = log_is_dirty(r) ? r->saves.seq + 1 : r->saves.log_seq;

    return log > hard ? log : hard;
}

/* The log was cut. A save that is on its way counts only for what still stands: comparing
 * (index, term) when it comes back would not do, since the same entry may have been cut and
 * written again in later saves, which a crash could separate. */
void raft_save_truncated(struct raft *r, uint64_t from)
{
    struct saves *s = &r->saves;

    if (from <= s->handed_index) {
        if (s->truncate_from == 0 || from < s->truncate_from)
            s->truncate_from = from;
        s->handed_index = from - 1;
    }
    if (s->durable_index >= from)
        s->durable_index = from - 1;
    for (size_t i = 0; i < s->n_marks; i++) {
        struct save_mark *mark = &s->marks[(s->marks_head + i) % SAVES_MAX];

        if (mark->last_index >= from)
            mark->last_index = from - 1;
    }
}

static void note_save(struct raft *r)
{
    struct saves *s = &r->saves;
    struct save_mark mark = {.seq = s->seq, .last_index = s->handed_index};

    if (s->n_marks == SAVES_MAX) {
        s->marks[(s->marks_head + s->n_marks - 1) % SAVES_MAX] = mark;
        return;
    }
    s->marks[(s->marks_head + s->n_marks++) % SAVES_MAX] = mark;
}

void raft_fill_save(struct raft *r, struct raft_ready *ret)
{
    struct saves *s = &r->saves;
    bool log = log_is_dirty(r);

    ret->seq = s->seq;
    if (!log && !s->hard_dirty)
        return;
    ret->save = true;
    ret->seq = ++s->seq;
    ret->truncate_from = s->truncate_from;
    if (s->handed_index < r->log.last_index) {
        ret->entries = entry_log_at(&r->log, s->handed_index + 1);
        ret->n_entries = (size_t)(r->log.last_index - s->handed_index);
    }
    ret->hard_changed = s->hard_dirty;
    ret->hard = r->hard;
    if (BUG(VOTE_NOT_SAVED))
        ret->hard.vote = 0;
    if (BUG(TERM_NOT_SAVED)) {
        ret->hard.term = entry_log_last_term(&r->log);
        ret->hard_changed = true;
    }
    if (s->hard_dirty)
        s->hard_seq = s->seq;
    if (log)
        s->log_seq = s->seq;
    s->hard_dirty = false;
    s->truncate_from = 0;
    s->handed_index = r->log.last_index;
    note_save(r);
}

void raft_take_durable(struct raft *r, uint64_t seq)
{
    struct saves *s = &r->saves;

    if (seq <= s->durable_seq)
        return;
    s->durable_seq = seq;
    while (s->n_marks > 0 && s->marks[s->marks_head].seq <= seq) {
        if (s->marks[s->marks_head].last_index > s->durable_index)
            s->durable_index = s->marks[s->marks_head].last_index;
        s->marks_head = (s->marks_head + 1) % SAVES_MAX;
        s->n_marks--;
    }
    if (r->role == RAFT_CANDIDATE && r->own_vote_seq != 0 && r->own_vote_seq <= seq)
        raft_own_vote_durable(r);
    if (r->role == RAFT_LEADER)
        raft_count_commit(r);
    raft_settle(r);
}
