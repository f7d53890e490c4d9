#ifndef RIFT_CLI_TERMINAL_H
#define RIFT_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* What can be shown on one of our outputs. */
struct terminal {
    bool live;    /* lines can be rewritten: it is a terminal, and not TERM=dumb */
    bool color;   /* live, and NO_COLOR is not set (no-color.org) */
    bool utf8;    /* as the locale says, also of a file */
    size_t width; /* in characters; TERMINAL_WIDTH_DEFAULT where there is none */
};

enum { TERMINAL_WIDTH_DEFAULT = 80 };

struct terminal terminal_of(int fd);

/* SGR sequences (ECMA-48, 8.3.117); "" where there is no color. */
enum terminal_color { COLOR_NONE, COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_DIM };
const char *terminal_color(const struct terminal *t, enum terminal_color color);

#endif
