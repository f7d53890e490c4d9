#ifndef RIFT_CHECKER_H
#define RIFT_CHECKER_H

#include "rift/history.h"

/* Is a history linearizable (Herlihy & Wing, TOPLAS 1990)? The rules of rift/history.h hold. */

#ifdef __cplusplus
extern "C" {
#endif

struct rift_model;

enum rift_verdict { RIFT_LINEARIZABLE = 0, RIFT_NOT_LINEARIZABLE = 1, RIFT_UNKNOWN = 2 };

struct rift_check_options {
    size_t size;
    const char *model;  /* NULL: what the history names */
    const char *engine; /* NULL: chosen by itself, for each key */
    int whole;          /* check all keys together instead of one by one */
    int all;            /* a verdict for every key, instead of stopping at a violation */

    /* The budget. Asked now and then; not 0 ends the search with RIFT_UNKNOWN. NULL: no bound. */
    int (*spent)(void *context);
    void *spent_context;
    size_t memory_bytes_max; /* 0: no bound; past it RIFT_UNKNOWN */

    /* Instead of `model`: an object of one's own (rift/model.h), which is copied. Its strings and
     * its context have to last as long as the result. */
    const struct rift_model *custom_model;
};

/* What came of one key. */
struct rift_partition {
    size_t size;
    struct rift_bytes key;
    enum rift_verdict verdict;
    size_t n_operations;
    uint64_t configurations; /* visited */
    const char *engine;      /* that decided or tried; NULL: not reached */
    const char *reason;      /* of RIFT_UNKNOWN, else NULL */

    /* RIFT_LINEARIZABLE: an order that proves it. Else the longest that was found. Numbers of
     * operations, as in rift_history_operation. */
    const size_t *order;
    size_t n_order;

    /* data NULL: all of the key. Else one element of a set alone, whose operations have nothing to
     * do with those of the others. */
    struct rift_bytes element;
};

struct rift_result;

/* `options` may be NULL. The history has to stay as it is as long as the result is used. Out of
 * memory in the search of a key is RIFT_UNKNOWN of that key; RIFT_OUT_OF_MEMORY means that there
 * is no result at all. */
RIFT_API int rift_check(const struct rift_history *h, const struct rift_check_options *options,
                        struct rift_result **ret, struct rift_error *error);
RIFT_API void rift_result_free(struct rift_result *r); /* NULL is fine */

/* The worst of all keys: not linearizable, then unknown, then linearizable. */
RIFT_API enum rift_verdict rift_result_verdict(const struct rift_result *r);

RIFT_API size_t rift_result_count(const struct rift_result *r); /* partitions */

/* Set ret->size. RIFT_INVALID: there is none. */
RIFT_API int rift_result_partition(const struct rift_result *r, size_t i,
                                   struct rift_partition *ret);

/* The verdict in some lines of words, ended by NUL. Free *ret with free(). */
RIFT_API int rift_result_explain(const struct rift_result *r, char **ret);

RIFT_API const char *rift_verdict_name(enum rift_verdict v);

/* End with NULL. */
RIFT_API const char *const *rift_model_names(void);
RIFT_API const char *const *rift_engine_names(void);

/* Of the library that runs, as "0.1.0". */
RIFT_API const char *rift_version(void);

#ifdef __cplusplus
}
#endif

#endif
