#ifndef RIFT_MODEL_H
#define RIFT_MODEL_H

#include "rift/checker.h"

/* An object of one's own: what it answers when nobody else is there. Everything that rift_check
 * does, it then does with that object; examples/model has one that compiles.
 *
 * A state is bytes, and equal states have equal bytes: a set is its elements in order. The search
 * asks about any state in any order and as often as it likes, so the functions depend on nothing
 * but their arguments, and keep nothing.
 *
 * An object that may choose by itself (a cache that evicts, a queue that may lose an element) is
 * written as all the states that it may be in: the bytes then hold that set, in order. A step maps
 * each of them and leaves those in which the answer is possible; when none is left, the operation
 * does not fit. Take care with `observes` then: an answer that rules states out changes the set.
 *
 * The values and results of operations are whatever bytes the history has. Which answers an
 * operation may have (RIFT_NO_KEY for a dequeue, RIFT_MISMATCH for a cas) is fixed by its kind. */

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that are being put together: a state, or a text. */
struct rift_output;

/* Returns 0, RIFT_OUT_OF_MEMORY or RIFT_LIMIT; a function of a model hands an error on. */
RIFT_API int rift_output_append(struct rift_output *out, const void *data, size_t len);

/* Bits of rift_model.kinds. */
#define RIFT_KIND_BIT(kind) (UINT32_C(1) << (kind))

struct rift_model {
    size_t size;
    const char *name; /* in results and explanations: "cache" */
    uint32_t kinds;   /* of operations that it has */
    void *context;    /* handed to each function */

    /* The state at the start. Returns 0 or a negative code. */
    int (*initial)(void *context, struct rift_output *state);

    /* 1: in `state` the object can answer as `op` says, and `after` is the state behind it. 0: it
     * cannot. Else a negative code. With outcome RIFT_INFO any answer is right, and what the
     * operation does when it happens is asked for; 0 when it cannot happen there.
     * Of *op are set: kind, outcome (RIFT_OK or RIFT_INFO), answer, value, expected,
     * expects_absent and result. The answers that its kind has not are never asked about. */
    int (*step)(void *context, struct rift_bytes state, const struct rift_operation *op,
                struct rift_output *after);

    /* May be NULL: none does. Not 0: wherever `op` fits, it leaves the state as it was. It is then
     * put into an order as soon as it fits, which saves much time; and makes wrong verdicts when
     * it is said of an operation that does change some state. */
    int (*observes)(void *context, const struct rift_operation *op);

    /* May be NULL: the bytes are shown. What a person calls the state. */
    int (*describe)(void *context, struct rift_bytes state, struct rift_output *text);
};

#ifdef __cplusplus
}
#endif

#endif
