#ifndef RIFT_HISTORIES_EDN_H
#define RIFT_HISTORIES_EDN_H

#include "base/buf.h"
#include "base/err.h"

/* The notation that Clojure prints (github.com/edn-format/edn), read token by token: no tree is
 * built and nothing is copied, so a text takes no memory whatever it claims. Errors: -E_PARSE with
 * `file:line:column: expected ...`. Nesting is bounded by EDN_DEPTH_MAX. */

enum { EDN_DEPTH_MAX = 64 };

/* A cursor. Plain data: a copy is a second cursor, and `text.len` may be lowered to end it sooner.
 * Lines are counted from the start of `text` when an error names one. */
struct edn {
    const char *name; /* of the file */
    struct slice text;
    size_t at;
};

enum edn_kind {
    EDN_END, /* of the text */
    EDN_NIL,
    EDN_TRUE,
    EDN_FALSE,
    EDN_NUMBER,
    EDN_STRING,  /* text: with its quotes and escapes */
    EDN_CHAR,    /* text: with its backslash */
    EDN_KEYWORD, /* text: with its colon */
    EDN_SYMBOL,
    EDN_TAG,     /* text: with its #; the form that it marks follows */
    EDN_DISCARD, /* #_, which edn_next passes over */
    EDN_VECTOR,  /* [ and so on: elements follow, up to EDN_CLOSE */
    EDN_LIST,
    EDN_MAP,
    EDN_SET,
    EDN_CLOSE,
};

struct edn_token {
    enum edn_kind kind;
    size_t at; /* offset of its first byte */
    struct slice text;
};

/* The next token that counts: comments, commas and discarded forms are passed over. */
int edn_next(struct edn *r, struct edn_token *ret, struct err *e);

/* Passes over the rest of the form that `first` begins. */
int edn_skip(struct edn *r, struct edn_token first, struct err *e);

/* Appends the form that `first` begins as EDN in one way for equal forms: one space between
 * elements, sets and maps sorted, lists as vectors, numbers by their value. */
int edn_print(struct edn *r, struct edn_token first, struct buf *out, struct err *e);

/* Appends the bytes that stand for the form in a history: those of edn_print, but
 *   - a string is its own bytes, unless these are what another form would be: then
 *     it keeps its quotes, so that 1 and "1" stay two values;
 *   - a symbol has a ' in front, so that foo and "foo" do, and so has nil.
 * Different forms have different bytes, equal ones the same. */
int edn_value(struct edn *r, struct edn_token first, struct buf *out, struct err *e);

/* The same the other way round: appends the form whose edn_value are these bytes. Every byte string
 * is that of one form. Errors: -E_NOMEM, -E_LIMIT. */
int edn_write(struct slice bytes, struct buf *out);

/* 1: the bytes are the value of a form that is no bare string. 0: they are a string's own. Errors:
 * -E_NOMEM, -E_LIMIT. */
int edn_stands_for_form(struct slice bytes);

/* Appends a string's bytes, quotes and escapes resolved. \u escapes become UTF-8; \udc80 to \udcff
 * without a partner become the single bytes 80 to ff, which UTF-8 never holds alone (edn_quote
 * writes them so). */
int edn_string(const struct edn *r, struct edn_token string, struct buf *out, struct err *e);

/* Sets e to `file:line:column: expected WHAT` for the place `at`; returns -E_PARSE. */
int edn_expected(const struct edn *r, size_t at, const char *what, struct err *e);

/* `file:line:column`, for other complaints. */
int edn_blame(const struct edn *r, size_t at, int rc, struct err *e);

#endif
