#ifndef RIFT_HISTORIES_JSON_H
#define RIFT_HISTORIES_JSON_H

#include "histories/lines.h"

/* Objects on lines of their own (RFC 8259), taken apart without a tree: the fields of one object,
 * with what their values are and where. Nothing is copied. */

enum { JSON_FIELDS_MAX = 32, JSON_DEPTH_MAX = 8 };

enum json_kind {
    JSON_NONE, /* there is no such field */
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_value {
    enum json_kind kind;
    size_t at;         /* in the line */
    struct slice text; /* as it stands there; of a string, without its quotes */
};

struct json_object {
    const struct line *line;
    size_t n;
    struct slice names[JSON_FIELDS_MAX]; /* escapes and all */
    struct json_value values[JSON_FIELDS_MAX];
};

/* Reads the object that is the whole line. Errors: -E_PARSE with the place. */
int json_read_line(struct line *l, struct json_object *ret, struct err *e);

/* The value of a field; kind JSON_NONE when it is missing. */
struct json_value json_field(const struct json_object *o, const char *name);

/* Takes the next value off an array (names: false) or the next name or value off an object, in
 * turn. `inside` starts as json_inside of it. 1: *ret is set. 0: there is no more. */
struct json_value json_inside(struct json_value v);
int json_next(struct json_value *inside, struct json_value *ret);

/* Appends the bytes of a string, or a number as it is written. */
int json_bytes(const struct line *l, struct json_value v, struct buf *out, struct err *e);

/* A whole number within [0, max]. */
int json_uint(const struct line *l, struct json_value v, uint64_t max, uint64_t *ret,
              struct err *e);

/* As line_expected, for the place of a value. */
int json_expected(const struct line *l, size_t at, const char *what, struct err *e);

#endif
