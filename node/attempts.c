#include "node/attempts.h"

#include "node/kv/hash_table.h"

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

static void forget_oldest(struct attempts *a, uint64_t newest_session)
{
    struct session_seen *oldest = a->sessions;
    uint64_t gone = oldest->session < newest_session ? oldest->session : newest_session;

    if (gone > a->floor)
        a->floor = gone;
    HASH_DEL(a->sessions, oldest);
    free(oldest);
}

void attempts_destroy(struct attempts *a)
{
    if (a == NULL)
        return;
    while (a->sessions != NULL)
        forget_oldest(a, 0);
    free(a);
}

static enum attempt_verdict take_first(struct attempts *a, uint64_t session, uint64_t request,
                                       uint64_t newest_session)
{
    struct session_seen *seen;

    if (session <= a->floor)
        return ATTEMPT_FORGOTTEN;
    if (HASH_COUNT(a->sessions) >= a->max)
        forget_oldest(a, newest_session);
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
