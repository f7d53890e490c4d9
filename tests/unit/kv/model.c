#include "tests/unit/kv/model.h"

#include "base/check.h"

static enum op_status do_op(struct model *m, const struct model_command *c)
{
    bool *present = &m->present[c->key];
    char *text = m->text[c->key];
    bool was = *present;

    switch (c->kind) {
    case OP_PUT:
        *present = true;
        strcpy(text, c->value);
        return STATUS_OK;
    case OP_APPEND:
        if (!was)
            text[0] = '\0';
        CHECK(strlen(text) + strlen(c->value) < MODEL_TEXT_MAX);
        *present = true;
        strcat(text, c->value);
        return STATUS_OK;
    case OP_CAS:
        if (!was && !c->expects_absent)
            return STATUS_NO_KEY;
        if (was && (c->expects_absent || strcmp(text, c->expected) != 0))
            return STATUS_MISMATCH;
        *present = true;
        strcpy(text, c->value);
        return STATUS_OK;
    case OP_DELETE: *present = false; return was ? STATUS_OK : STATUS_NO_KEY;
    default: return was ? STATUS_OK : STATUS_NO_KEY;
    }
}

static void open_session(struct model *m, uint64_t index)
{
    size_t place = m->n_sessions;

    if (m->n_sessions == MODEL_SESSIONS_MAX) {
        place = 0;
        for (size_t i = 1; i < m->n_sessions; i++) {
            if (m->sessions[i].last_index < m->sessions[place].last_index)
                place = i;
        }
    } else {
        m->n_sessions++;
    }
    m->sessions[place] = (struct model_session){.id = index, .last_index = index};
}

enum op_status model_apply(struct model *m, uint64_t index, const struct model_command *c)
{
    if (c->kind == OP_GET)
        return do_op(m, c);
    if (c->kind == OP_REGISTER) {
        open_session(m, index);
        return STATUS_OK;
    }
    for (size_t i = 0; i < m->n_sessions; i++) {
        struct model_session *s = &m->sessions[i];

        if (s->id != c->session)
            continue;
        s->last_index = index;
        if (c->id == s->last_id && c->id > 0)
            return s->status;
        if (c->id <= s->last_id)
            return STATUS_BAD_REQUEST;
        s->last_id = c->id;
        return s->status = do_op(m, c);
    }
    return STATUS_SESSION_EXPIRED;
}
