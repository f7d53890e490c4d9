#ifndef RIFT_HISTORIES_JSONL_H
#define RIFT_HISTORIES_JSONL_H

#include "histories/arena.h"
#include "histories/history.h"
#include "histories/json.h"
#include "histories/sorter.h"

/* The fields of JSON lines (docs/convert.md), for the two ways to write a history: an object an
 * event, or an object an operation. */

/* What stands in a line's "type". */
#define JSONL_TYPES(X)                                                                             \
    X(INVOKE, "invoke")                                                                            \
    X(OK, "ok")                                                                                    \
    X(FAIL, "fail")                                                                                \
    X(INFO, "info")                                                                                \
    X(ASK, "ask")                                                                                  \
    X(FAULT, "fault")                                                                              \
    X(NODE, "node")                                                                                \
    X(NOTE, "note")

enum jsonl_type {
#define X(NAME, name) JSONL_##NAME,
    JSONL_TYPES(X)
#undef X
        JSONL_TYPE_COUNT
};

const char *jsonl_type_name(enum jsonl_type type);

/* The line that is read, and room for what it holds: slices that the functions below return are
 * lent until the same field of the next line is read. */
struct jsonl {
    struct line line;
    struct json_object object;
    struct buf family;
    struct buf key;
    struct buf value;
    struct buf expected;
    struct buf text;
    struct buf item;
    struct buf cuts; /* of struct history_link */
    struct sorter sorter;
};

void jsonl_free(struct jsonl *j);

/* Each: -E_PARSE (with the place), -E_NOMEM, -E_LIMIT. A number or text that is missing is 0, NULL.
 */
int jsonl_header(struct jsonl *j, struct arena *arena, struct history_header *ret, struct err *e);
int jsonl_type(const struct jsonl *j, enum jsonl_type *ret, struct err *e);
int jsonl_uint(const struct jsonl *j, const char *field, uint64_t max, uint64_t *ret,
               struct err *e);
int jsonl_process(const struct jsonl *j, uint32_t *ret, struct err *e); /* has to be there */
int jsonl_text(struct jsonl *j, const char *field, const char **ret, struct err *e);
/* The links that a fault cuts: numbers, from and to in turn. */
int jsonl_cuts(struct jsonl *j, struct history_event *event, struct err *e);
int jsonl_node_what(const struct jsonl *j, enum history_node_what *ret, struct err *e);

/* What is asked: f, family, key, value, expected. */
int jsonl_question(struct jsonl *j, struct op *ret, struct err *e);

/* What is answered to an operation that ended so: the status, which may be left out, and the field
 * `found` with what was found. */
int jsonl_answer(struct jsonl *j, enum op_kind kind, const char *found, struct history_event *event,
                 struct err *e);

/* Every line from the current one on as a whole operation, with the times "call" and "return".
 * Adds them in the order of these; see docs/convert.md on equal ones. */
int jsonl_operations(struct jsonl *j, struct history *h, struct err *e);

#endif
