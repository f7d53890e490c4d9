#include "tests/unit/raft/cluster.h"

#include <stdarg.h>
#include <stdio.h>

typedef unsigned long long ull;

void trace_line(struct cluster *c, const char *format, ...)
{
    char line[4096];
    va_list args;

    if (c->trace == NULL)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buf_printf(c->trace, "%s\n", line);
}

static void put_entries(struct buf *b, const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct entry *e = &entries[i];

        buf_printf(b, "%s%llu/%llu", i == 0 ? " " : ", ", (ull)e->index, (ull)e->term);
        if (e->kind == ENTRY_NOOP)
            buf_printf(b, " noop");
        else if (e->data.len > 0)
            buf_printf(b, " %.*s", (int)e->data.len, (const char *)e->data.data);
    }
}

static void put_message(struct buf *b, const struct raft_message *m)
{
    buf_printf(b, "%llu>%llu %s t%llu", (ull)m->from, (ull)m->to, raft_message_type_name(m->type),
               (ull)m->term);
    switch (m->type) {
    case RAFT_PRE_VOTE:
    case RAFT_VOTE: buf_printf(b, " last %llu/%llu", (ull)m->log_index, (ull)m->log_term); break;
    case RAFT_PRE_VOTE_REPLY:
    case RAFT_VOTE_REPLY: buf_printf(b, m->reject ? " refused" : " granted"); break;
    case RAFT_APPEND:
        buf_printf(b, " commit %llu after %llu/%llu:", (ull)m->commit, (ull)m->log_index,
                   (ull)m->log_term);
        put_entries(b, m->entries, m->n_entries);
        if (m->n_entries == 0)
            buf_printf(b, " nothing");
        break;
    case RAFT_APPEND_REPLY:
        if (m->reject)
            buf_printf(b, " refused %llu, hint %llu/%llu", (ull)m->log_index, (ull)m->hint_index,
                       (ull)m->hint_term);
        else
            buf_printf(b, " match %llu", (ull)m->log_index);
        break;
    case RAFT_HEARTBEAT: buf_printf(b, " commit %llu", (ull)m->commit); break;
    default: break;
    }
    if (m->context != 0)
        buf_printf(b, " round %llu", (ull)m->context);
}

void trace_message(struct cluster *c, const char *what, const struct raft_message *m)
{
    struct buf b = {0};

    if (c->trace == NULL || c->quiet)
        return;
    put_message(&b, m);
    trace_line(c, "%s%.*s", what, (int)b.len, (const char *)b.data);
    buf_free(&b);
}

void trace_save(struct cluster *c, uint64_t id, const struct raft_ready *rd)
{
    struct buf b = {0};

    if (c->trace == NULL || c->quiet)
        return;
    buf_printf(&b, "%llu saves #%llu", (ull)id, (ull)rd->seq);
    if (rd->truncate_from != 0)
        buf_printf(&b, " drop %llu...", (ull)rd->truncate_from);
    if (rd->n_entries > 0)
        buf_printf(&b, " append");
    put_entries(&b, rd->entries, rd->n_entries);
    if (rd->hard_changed)
        buf_printf(&b, " term %llu vote %llu", (ull)rd->hard.term, (ull)rd->hard.vote);
    trace_line(c, "%.*s", (int)b.len, (const char *)b.data);
    buf_free(&b);
}

void trace_changes(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];
    enum raft_role role = raft_role(node->raft);
    uint64_t term = raft_term(node->raft);
    uint64_t commit = raft_commit_index(node->raft);

    if (role != node->role || (term != node->term && !c->quiet))
        trace_line(c, "%llu %s t%llu", (ull)id, raft_role_name(role), (ull)term);
    if (commit != node->commit)
        trace_line(c, "%llu commits %llu", (ull)id, (ull)commit);
    node->role = role;
    node->term = term;
}
