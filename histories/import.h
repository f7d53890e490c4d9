#ifndef RIFT_HISTORIES_IMPORT_H
#define RIFT_HISTORIES_IMPORT_H

#include "histories/history.h"

/* Histories that other tools have written, as text. `name` stands for the file in errors.
 * Errors: -E_PARSE (`file:line:column: expected ...`), -E_LIMIT, -E_NOMEM, those of the visitor. */
typedef int import_text(const char *name, struct slice text, const struct history_load_options *o,
                        struct history **ret, struct err *e);

import_text import_edn;       /* Jepsen's op maps, of any model */
import_text import_jsonl;     /* one JSON object a line */
import_text import_etcd;      /* the log lines of Jepsen's etcd tests: one cas-register */
import_text import_porcupine; /* the key-value logs of Porcupine's test data */

/* Which one it is, told by how the file begins; HISTORY_ANY_FORMAT when it is none. */
enum history_format import_sniff(struct slice start_of_file);

/* A new history with this header, but for the model where the options name one; the visitor is told
 * and will be told of the events. */
int import_new(const char *name, const struct history_header *header,
               const struct history_load_options *o, struct history **ret, struct err *e);

/* How the formats of lines begin: `header`, then the lines through `add`, each naming its own place
 * in errors. */
struct line;
typedef int import_add(struct history *h, struct line *l, struct err *e);
int import_lines(const char *name, struct slice text, const struct history_header *header,
                 const struct history_load_options *o, import_add *add, struct history **ret,
                 struct err *e);

/* Adds an event of a line; what is wrong with it gets the line's name. */
int import_event(struct history *h, const struct history_event *event, const struct line *l,
                 struct err *e);

#endif
