#include "report/parts.h"

enum { NS_PER_US = 1000 };

bool clock_is_order(const struct history *h)
{
    return h->duration_ns == 0;
}

int64_t clock_at(const struct history *h, int64_t time_ns, uint64_t seq)
{
    return clock_is_order(h) ? (int64_t)seq : time_ns / NS_PER_US;
}

int64_t clock_end(const struct history *h)
{
    uint64_t last = 1;

    if (!clock_is_order(h))
        return h->duration_ns / NS_PER_US + 1;
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];
        uint64_t seq = op->return_seq == HISTORY_NEVER ? op->call_seq : op->return_seq;

        last = seq > last ? seq : last;
    }
    return (int64_t)last + 1;
}
