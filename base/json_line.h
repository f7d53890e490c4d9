#ifndef RIFT_BASE_JSON_LINE_H
#define RIFT_BASE_JSON_LINE_H

#include "base/buf.h"

/* The line (from 1) on which the value at `path` begins, in a JSON text that is known to be
 * valid. jansson keeps no positions, and a mistake should be reported with its line. A path is
 * made of keys and indexes: "nodes[2].dial.3". Where the path ends early (a missing field), the
 * line of the innermost value that does exist. */
size_t json_line_of(struct slice text, const char *path);

#endif
