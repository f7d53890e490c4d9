#ifndef RIFT_TESTS_KV_MODEL_H
#define RIFT_TESTS_KV_MODEL_H

#include "base/op.h"

/* The state machine said over in the plainest way: keys and sessions are small numbers or
 * scanned arrays, nothing is batched, nothing survives. Values are texts. */
enum { MODEL_KEYS = 4, MODEL_SESSIONS_MAX = 3, MODEL_TEXT_MAX = 4096 };

struct model_session {
    uint64_t id, last_id, last_index;
    enum op_status status;
};

struct model {
    bool present[MODEL_KEYS];
    char text[MODEL_KEYS][MODEL_TEXT_MAX];
    struct model_session sessions[MODEL_SESSIONS_MAX];
    size_t n_sessions;
};

/* A command as the tests draw it; small and fixed, so that a whole log is one array. */
struct model_command {
    uint64_t session, id;
    enum op_kind kind;
    unsigned key;
    char value[4];
    char expected[4];
    bool expects_absent;
};

enum op_status model_apply(struct model *m, uint64_t index, const struct model_command *c);

#endif
