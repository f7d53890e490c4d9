#include "node/attempts.h"

#include "node/kv/hash_table.h"

#include <stdbool.h>
#include <stdlib.h>

struct session_seen {
    uint64_t session;
    uint64_t request; /* the highest that was taken in */
    UT_hash_handle hh;
};

struct attempts {
    size_t max;
    struct session_seen *sessions; /* in the order in which they came */
    uint64_t floor;
};

int attempts_create(size_t max, struct attempts **ret)
{
    struct attempts *a = calloc(1, sizeof *a);

    if (a == NULL)
        return -E_NOMEM;
    a->max = max;
    *ret = a;
    return 0;
}

static void forget(struct attempts *a, struct session_seen *seen)
{
    HASH_DEL(a->sessions, seen);
    free(seen);
}

/* The oldest that the floor may rise to. False when there is none: all that are remembered are
 * above `newest_session`, made up, or ahead of a node that lags. */
static bool forget_oldest(struct attempts *a, uint64_t newest_session)
{
    for (struct session_seen *s = a->sessions; s != NULL; s = s->hh.next) {
        if (s->session > newest_session)
            continue;
        if (s->session > a->floor)
            a->floor = s->session;
        forget(a, s);
        return true;
    }
    return false;
}

void attempts_destroy(struct attempts *a)
{
    if (a == NULL)
        return;
    while (a->sessions != NULL)
        forget(a, a->sessions);
    free(a);
}

static enum attempt_verdict take_first(struct attempts *a, uint64_t session, uint64_t request,
                                       uint64_t newest_session)
{
    struct session_seen *seen;

    if (session <= a->floor)
        return ATTEMPT_FORGOTTEN;
    if (HASH_COUNT(a->sessions) >= a->max && !forget_oldest(a, newest_session))
        return ATTEMPT_SEEN;
    seen = malloc(sizeof *seen);
    if (seen == NULL)
        return ATTEMPT_SEEN;
    *seen = (struct session_seen){.session = session, .request = request};
    HASH_ADD(hh, a->sessions, session, sizeof seen->session, seen);
    if (seen->hh.tbl == NULL) {
        free(seen);
        return ATTEMPT_SEEN;
    }
    return ATTEMPT_NEW;
}

enum attempt_verdict attempts_take(struct attempts *a, uint64_t session, uint64_t request,
                                   uint64_t newest_session)
{
    struct session_seen *seen;

    HASH_FIND(hh, a->sessions, &session, sizeof session, seen);
    if (seen == NULL)
        return take_first(a, session, request, newest_session);
    if (request <= seen->request)
        return ATTEMPT_SEEN;
    seen->request = request;
    return ATTEMPT_NEW;
}
