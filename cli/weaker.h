#ifndef RIFT_CLI_WEAKER_H
#define RIFT_CLI_WEAKER_H

#include "cli/judge.h"

/* `rift check --consistency sequential`: a history measured against less than linearizability. */

/* "linearizable", "sequential"; ends with NULL. */
const char *const *weaker_names(void);

/* Whether the name asks for less. NULL does not. */
bool weaker_is(const char *name);

/* Judges a file and prints that, or with `files` adds it there as JSON. Returns the exit code. */
enum exit_code weaker_check(const char *path, const struct judge_options *o, json_t *files);

#endif
