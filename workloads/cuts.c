#include "workloads/cuts.h"

_Static_assert((int)HISTORY_CUTS_MAX >= (int)WIRE_LINKS_MAX,
               "a history holds the links of any fault");

static int64_t end_of(struct wire_end end)
{
    return end.site ? -(int64_t)end.id : (int64_t)end.id;
}

size_t cuts_of(const struct wire_nemesis_link *links, size_t n, struct history_link *ret)
{
    size_t cuts = 0;

    for (size_t i = 0; i < n && cuts < HISTORY_CUTS_MAX; i++) {
        const struct wire_link *link = &links[i].link;

        if (links[i].rule.cut)
            ret[cuts++] = (struct history_link){end_of(link->from), end_of(link->to)};
    }
    return cuts;
}
