#ifndef RIFT_HISTORIES_EXPORT_H
#define RIFT_HISTORIES_EXPORT_H

#include "histories/convert.h"
#include "histories/edn_models.h"
#include "histories/processes.h"

/* A history on its way out, event by event, in a format of text. */
struct exporter {
    const struct history *h; /* the whole, loaded before: operations in the order of their calls */
    const struct edn_model *model; /* EDN only */
    bool keyed;                    /* EDN only: values are [key value] */
    bool transactions;             /* EDN only: every operation is one of one step */
    bool joins;                    /* EDN only: values are appended to, so each is a string */
    struct buf out;                /* what the sink has not taken yet */
    struct buf scratch;
    const struct history_sink *sink;
    struct history_left_out *left;
    struct processes processes; /* `op` is the number of the operation that each is at */
    size_t n_ops;               /* that have begun */
    uint64_t n_lines;
};

/* One format. Each appends to x->out. Errors: -E_NOMEM, -E_LIMIT. */
struct export_format {
    /* Whether every operation can be said. Errors: -E_UNSUPPORTED, which names the operation. */
    int (*admits)(struct exporter *x, struct err *e);
    int (*header)(struct exporter *x, const struct history_header *header);
    int (*invoke)(struct exporter *x, const struct history_op *op,
                  const struct history_event *event);
    int (*complete)(struct exporter *x, const struct history_op *op,
                    const struct history_event *event);
    int (*other)(struct exporter *x, const struct history_event *event);
};

extern const struct export_format export_edn;
extern const struct export_format export_jsonl;
extern const struct export_format export_etcd;
extern const struct export_format export_porcupine;

/* -E_UNSUPPORTED: `operation 12 (process 3: put(x, 1) = ok): WHY`. */
int export_refuse(const struct exporter *x, size_t op, const char *why, struct err *e);

/* Counts what a format that holds operations only leaves out of an event. */
void export_count_event(struct exporter *x, const struct history_event *event);

#endif
