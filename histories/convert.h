#ifndef RIFT_HISTORIES_CONVERT_H
#define RIFT_HISTORIES_CONVERT_H

#include "histories/history.h"

/* From any format to any other (docs/convert.md). What a verdict depends on is carried over or
 * refused; everything else is carried over or counted here. */
struct history_left_out {
    bool times;         /* of the events */
    uint64_t answerers; /* completions that said which node had answered */
    uint64_t reasons;   /* why operations failed or their outcome is unknown */
    uint64_t asks;      /* events by their kind */
    uint64_t faults_and_nodes;
    uint64_t notes;
    uint64_t faults_as_notes; /* kept, but as sentences */
    bool header;              /* workload, cluster, seed, nodes or options */
    uint64_t less_exact; /* answers that tell less there: absent and empty, or why a cas failed */
};

/* Reads `bytes` as history_load_bytes_as does and hands the same history in the format `to` to the
 * sink, piece by piece. The header, events and loss of what was read are in *ret_history, which the
 * caller frees. Errors: those of loading; -E_UNSUPPORTED (the format cannot say something that the
 * verdict depends on; nothing was written); those of the sink. */
int history_convert(const char *name, struct slice bytes, const struct history_load_options *o,
                    enum history_format to, const struct history_sink *sink,
                    struct history_left_out *ret_left, struct history **ret_history, struct err *e);

/* "edn"; NULL when there is none such. The reverse: HISTORY_ANY_FORMAT. By the end of a file's
 * name: HISTORY_ANY_FORMAT when it is nobody's. */
const char *history_format_name(enum history_format format);
enum history_format history_format_parse(const char *name);
enum history_format history_format_of_path(const char *path);

/* All names, NULL at the end. */
const char *const *history_format_names(void);

#endif
