#ifndef RIFT_HISTORIES_IMPORT_H
#define RIFT_HISTORIES_IMPORT_H

#include "histories/history.h"

/* Histories that other tools have written, as text. `name` stands for the file in errors.
 * Errors: -E_PARSE (`file:line:column: expected ...`), -E_NOMEM. */

/* The log lines of Jepsen's etcd tests: one cas-register. */
bool import_is_etcd(struct slice start_of_file);
int import_etcd(const char *name, struct slice text, struct history **ret, struct err *e);

/* The key-value logs of Porcupine's test data: get, put and append. */
bool import_is_porcupine(struct slice start_of_file);
int import_porcupine(const char *name, struct slice text, struct history **ret, struct err *e);

/* How both begin: `header`, then the lines through `add`, each naming its own place in errors. */
struct line;
typedef int import_add(struct history *h, struct line *l, struct err *e);
int import_lines(const char *name, struct slice text, const struct history_header *header,
                 import_add *add, struct history **ret, struct err *e);

/* Adds an event of a line; what is wrong with it gets the line's name. */
int import_event(struct history *h, const struct history_event *event, const struct line *l,
                 struct err *e);

#endif
