#include "node/server_impl.h"

#include <stdlib.h>

/* --- committed entries ---------------------------------------------------------------------- */

int server_take_committed(struct server *s, const struct entry *entries, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct entry copy = entries[i];
        uint8_t *data = slice_dup(copy.data);
        int rc = -E_NOMEM;

        copy.data = slice_of(data, copy.data.len);
        if (data != NULL)
            rc = fifo_push(&s->unapplied, &copy);
        if (rc < 0) {
            free(data);
            return err_set(e, rc, "%zu entries to apply: %s", fifo_count(&s->unapplied),
                           err_text(rc));
        }
    }
    return 0;
}

static void pop_unapplied(struct server *s)
{
    const struct entry *front = fifo_front(&s->unapplied);

    free((void *)front->data.data);
    fifo_pop(&s->unapplied);
}

void server_free_unapplied(struct server *s)
{
    while (fifo_count(&s->unapplied) > 0)
        pop_unapplied(s);
    fifo_free(&s->unapplied);
}

/* Only the proposal with the entry's very index and term is the one that was committed; what
 * waited for an index that another leader has filled was lost, though nobody can rule out that
 * some node still holds it. */
static void answer_proposals(struct server *s, const struct entry *entry,
                             const struct op_result *result)
{
    struct command_waiting *c;

    while ((c = fifo_front(&s->commands)) != NULL && c->index <= entry->index) {
        struct server_client client = c->client;
        bool ours = c->index == entry->index && c->term == entry->term;

        fifo_pop(&s->commands);
        if (ours)
            server_answer(s, &client, result);
        else
            server_answer_status(s, &client, STATUS_TIMEOUT);
    }
}

static int apply_entry(struct server *s, const struct entry *entry, struct err *e)
{
    struct command command;
    struct op_result result = {.status = STATUS_OK};
    int rc;

    if (s->sink.applied != NULL)
        s->sink.applied(s->sink.context, entry);
    if (entry->kind == ENTRY_COMMAND) {
        rc = wire_decode_command(entry->data, &command, e);
        if (rc < 0)
            return err_prefix(e, rc, "log entry %ju", (uintmax_t)entry->index);
        rc = kv_apply(s->kv, entry->index, &command, &result);
        if (rc < 0)
            return err_set(e, rc, "applying entry %ju: %s", (uintmax_t)entry->index, err_text(rc));
    }
    s->applied_index = entry->index;
    answer_proposals(s, entry, &result);
    return 0;
}

/* --- reads ---------------------------------------------------------------------------------- */

int server_take_reads(struct server *s, const struct raft_read_result *reads, size_t n,
                      struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct read_confirmed c = {.index = reads[i].index, .token = reads[i].token};
        int rc;

        if (reads[i].refused) {
            server_answer_status(s, &read_table_find(s->reads, c.token)->client, STATUS_NOT_LEADER);
            read_table_remove(s->reads, c.token);
            continue;
        }
        rc = fifo_push(&s->confirmed, &c);
        if (rc < 0)
            return err_set(e, rc, "confirmed reads");
    }
    return 0;
}

/* Dissertation 6.4, steps 4 and 5. Raft confirms in the order of the indexes. */
static int serve_reads(struct server *s, struct err *e)
{
    const struct read_confirmed *c;

    while ((c = fifo_front(&s->confirmed)) != NULL &&
           (c->index <= s->applied_index || BUG(READ_BEFORE_APPLY))) {
        const struct read_waiting *read = read_table_find(s->reads, c->token);
        struct op_result result;
        int rc = kv_get(s->kv, &read->op, &result);

        if (rc < 0)
            return err_set(e, rc, "reading the state: %s", err_text(rc));
        server_answer(s, &read->client, &result);
        read_table_remove(s->reads, c->token);
        fifo_pop(&s->confirmed);
    }
    return 0;
}

/* --- writes --------------------------------------------------------------------------------- */

static int convert_writes(struct server *s, const struct kv_write *writes, size_t n)
{
    if (n > s->cap_writes) {
        struct store_write *grown = reallocarray(s->writes, n, sizeof *grown);

        if (grown == NULL)
            return -E_NOMEM;
        s->writes = grown;
        s->cap_writes = n;
    }
    for (size_t i = 0; i < n; i++)
        s->writes[i] = (struct store_write){.family = writes[i].family,
                                            .key = writes[i].key,
                                            .value = writes[i].value,
                                            .erase = writes[i].erase};
    return 0;
}

int server_submit_writes(struct server *s, struct err *e)
{
    struct store_batch batch = {.applied_index = s->applied_index};
    const struct kv_write *writes;
    uint64_t seq;
    int rc;

    s->writes_due = false;
    s->writes_age_ticks = 0;
    if (s->applied_index == s->submitted_index)
        return 0;
    writes = kv_writes(s->kv, &batch.n_writes);
    rc = convert_writes(s, writes, batch.n_writes);
    if (rc < 0)
        return err_set(e, rc, "%zu writes", batch.n_writes);
    batch.writes = s->writes;
    rc = store_submit(s->store, &batch, STORE_ORDERED, &seq, e);
    if (rc < 0)
        return err_prefix(e, rc, "submitting the state's writes");
    kv_submitted(s->kv, seq);
    s->submitted_index = s->applied_index;
    return 0;
}

int server_apply(struct server *s, struct err *e)
{
    const struct entry *entry;
    uint64_t before = s->applied_index;
    int rc;

    while ((entry = fifo_front(&s->unapplied)) != NULL &&
           kv_unsubmitted_bytes(s->kv) < SERVER_APPLY_BYTES_MAX) {
        rc = apply_entry(s, entry, e);
        if (rc < 0)
            return rc;
        pop_unapplied(s);
    }
    if (s->applied_index != before)
        raft_applied(s->raft, s->applied_index);
    if (kv_unsubmitted_bytes(s->kv) >= SERVER_WRITES_BYTES_MAX)
        s->writes_due = true;
    return serve_reads(s, e);
}
