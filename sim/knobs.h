#ifndef RIFT_SIM_KNOBS_H
#define RIFT_SIM_KNOBS_H

#include "sim/sim.h"

/* The fields of a configuration by name: one table from which the options of the command line,
 * the replay file and its error messages are made. */
struct sim_knob {
    const char *name; /* with dashes, as an option */
    enum sim_knob_kind {
        SIM_KNOB_NUMBER, /* uint32_t within [min, max] */
        SIM_KNOB_MS,     /* int64_t within [min, max] */
        SIM_KNOB_REAL,   /* double within [min, max] */
        SIM_KNOB_SWITCH, /* bool; "on" or "off" */
        SIM_KNOB_READS,  /* enum read_mode, by its name */
        SIM_KNOB_TEXT,   /* char[size] */
    } kind;
    size_t offset; /* in struct sim_config */
    size_t size;   /* TEXT */
    uint64_t min, max;
    const char *value; /* what stands for the value in a help text */
    const char *help;
    const char *absent; /* what a replay file means that was written before there was such a knob;
                           NULL: it has to say */
};

enum { SIM_KNOB_TEXT_MAX = 128 };

const struct sim_knob *sim_knobs(size_t *ret_n);

/* Small letters, digits, spaces, commas and dashes: what names are made of, and what needs no
 * quoting in a file or on a command line. */
bool sim_is_plain(const char *text);

/* Errors: -E_INVAL, which says what was expected: "nodes: expected a number from 1 to 7, not ..."
 */
int sim_knob_set(struct sim_config *c, const struct sim_knob *k, const char *text, struct err *e);

/* The inverse: what sim_knob_set would take. */
void sim_knob_text(const struct sim_config *c, const struct sim_knob *k,
                   char ret[SIM_KNOB_TEXT_MAX]);

/* Whether the knobs go together. Errors: -E_INVAL. */
int sim_config_check(const struct sim_config *c, struct err *e);

#endif
