#include "node/server_impl.h"

/* --- answers -------------------------------------------------------------------------------- */

static struct wire_reply reply_of(const struct server *s, const struct server_client *client,
                                  enum wire_request_kind kind, enum op_status status)
{
    return (struct wire_reply){
        .request = client->request,
        .kind = kind,
        .status = status,
        .node = s->id,
        .term = raft_term(s->raft),
        .leader = raft_leader(s->raft),
        .from_leader = raft_role(s->raft) == RAFT_LEADER,
    };
}

void server_answer(struct server *s, const struct server_client *client,
                   const struct op_result *result)
{
    struct wire_reply m = reply_of(s, client, WIRE_REQUEST_COMMAND, result->status);

    m.value = result->value;
    m.number = result->number;
    s->sink.reply(s->sink.context, client, &m);
}

void server_answer_status(struct server *s, const struct server_client *client,
                          enum op_status status)
{
    server_answer(s, client, &(struct op_result){.status = status});
}

static void refuse_busy(struct server *s, const struct server_client *client)
{
    s->refused_busy++;
    server_answer_status(s, client, STATUS_BUSY);
}

/* Raft's reason for not taking a request. Out of memory is a reason to back off, too. */
static void refuse(struct server *s, const struct server_client *client, int rc)
{
    if (rc == -E_NOT_LEADER)
        server_answer_status(s, client, STATUS_NOT_LEADER);
    else
        refuse_busy(s, client);
}

void server_drop_lost_commands(struct server *s)
{
    struct command_waiting *c;
    bool leads = raft_role(s->raft) == RAFT_LEADER;

    while ((c = fifo_front(&s->commands)) != NULL && (!leads || c->term != raft_term(s->raft))) {
        struct server_client client = c->client;

        fifo_pop(&s->commands);
        server_answer_status(s, &client,
                             BUG(REFUSED_AFTER_PROPOSING) ? STATUS_NOT_LEADER : STATUS_TIMEOUT);
    }
}

/* --- questions ------------------------------------------------------------------------------ */

static void propose(struct server *s, const struct server_client *client,
                    const struct command *command)
{
    struct command_waiting c = {.client = *client};
    int rc;

    if (fifo_count(&s->commands) == s->commands.max || server_overloaded(s)) {
        refuse_busy(s, client);
        return;
    }
    buf_clear(&s->encoded);
    rc = wire_encode_command(command, &s->encoded);
    if (rc == 0)
        rc = raft_propose(s->raft, buf_slice(&s->encoded), &c.index, &c.term);
    if (rc < 0) {
        refuse(s, client, rc);
        return;
    }
    s->taken_bytes += s->encoded.len;
    if (BUG(ANSWER_BEFORE_COMMIT) && command->op.kind == OP_PUT)
        server_answer_status(s, client, STATUS_OK);
    /* It is proposed: without a place to remember the clerk, all that is left to say is that. */
    if (fifo_push(&s->commands, &c) < 0)
        server_answer_status(s, client, STATUS_TIMEOUT);
}

/* Unsafe on purpose: nobody else is asked whether this node still leads. */
static void read_local(struct server *s, const struct server_client *client, const struct op *op)
{
    struct op_result result;
    int rc;

    if (raft_role(s->raft) != RAFT_LEADER) {
        server_answer_status(s, client, STATUS_NOT_LEADER);
        return;
    }
    rc = kv_get(s->kv, op, &result);
    if (rc == 0)
        server_answer(s, client, &result);
    else
        s->failed = err_set(&s->failure, rc, "reading the state: %s", err_text(rc));
}

static void read_index(struct server *s, const struct server_client *client, const struct op *op)
{
    uint64_t token;
    int rc;

    if (raft_role(s->raft) != RAFT_LEADER) {
        server_answer_status(s, client, STATUS_NOT_LEADER);
        return;
    }
    rc = read_table_add(s->reads, client, op, &token);
    if (rc < 0) {
        refuse_busy(s, client);
        return;
    }
    rc = raft_read(s->raft, token);
    if (rc < 0) {
        read_table_remove(s->reads, token);
        refuse(s, client, rc);
    }
}

static void take_command(struct server *s, const struct server_client *client,
                         const struct command *command)
{
    if (!op_valid(&command->op))
        server_answer_status(s, client, STATUS_BAD_REQUEST);
    else if (op_is_read(command->op.kind) && (s->read_mode == READ_LOCAL || BUG(LOCAL_READS)))
        read_local(s, client, &command->op);
    else if (op_is_read(command->op.kind) && s->read_mode == READ_INDEX)
        read_index(s, client, &command->op);
    else
        propose(s, client, command);
}

/* Of two copies of a request for a write one must not be refused and the other proposed; see
 * node/attempts.h. */
static bool is_first_copy(struct server *s, const struct server_client *client,
                          const struct wire_request *m)
{
    if (m->command.session == 0 || op_is_read(m->command.op.kind))
        return true; /* reads, and the opening of a session: no refusal of them says anything */
    switch (
        attempts_take(s->attempts, m->command.session, m->request, raft_commit_index(s->raft))) {
    case ATTEMPT_NEW: return true;
    case ATTEMPT_SEEN: s->dropped_client++; return false;
    case ATTEMPT_FORGOTTEN: server_answer_status(s, client, STATUS_SESSION_EXPIRED); return false;
    }
    return false;
}

void server_request(struct server *s, const struct server_client *client,
                    const struct wire_request *m)
{
    struct server_client whole = *client;
    struct wire_reply reply;

    whole.request = m->request;
    if (m->kind == WIRE_REQUEST_COMMAND) {
        if (is_first_copy(s, &whole, m))
            take_command(s, &whole, &m->command);
        return;
    }
    reply = reply_of(s, &whole, WIRE_REQUEST_STATUS, STATUS_OK);
    server_status(s, &reply.node_status);
    s->sink.reply(s->sink.context, &whole, &reply);
}
