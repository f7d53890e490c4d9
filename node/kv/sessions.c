#include "node/kv/sessions.h"

#include "base/bug.h"
#include "node/kv/hash_table.h"

#include <stdlib.h>
#include <utlist.h>

struct member {
    UT_hash_handle hh; /* by session.id */
    struct member *prev, *next;
    struct session session;
};

struct sessions {
    struct member *by_id;
    struct member *oldest; /* list by last_index, rising */
    bool sorted;           /* false while rows were loaded in another order */
};

int sessions_create(struct sessions **ret)
{
    struct sessions *s = calloc(1, sizeof *s);

    if (s == NULL)
        return -E_NOMEM;
    s->sorted = true;
    *ret = s;
    return 0;
}

static struct member *find_member(const struct sessions *s, uint64_t id)
{
    struct member *m;

    HASH_FIND(hh, s->by_id, &id, sizeof id, m);
    return m;
}

static void remove_member(struct sessions *s, struct member *m)
{
    DL_DELETE(s->oldest, m);
    HASH_DEL(s->by_id, m);
    free(m);
}

void sessions_destroy(struct sessions *s)
{
    if (s == NULL)
        return;
    while (s->oldest != NULL)
        remove_member(s, s->oldest);
    free(s);
}

size_t sessions_count(const struct sessions *s)
{
    return HASH_COUNT(s->by_id);
}

bool sessions_find(const struct sessions *s, uint64_t id, struct session *ret)
{
    const struct member *m = find_member(s, id);

    if (m == NULL)
        return false;
    *ret = m->session;
    return true;
}

static int by_last_index(const struct member *a, const struct member *b)
{
    return (a->session.last_index > b->session.last_index) -
           (a->session.last_index < b->session.last_index);
}

bool sessions_oldest(struct sessions *s, struct session *ret)
{
    if (s->oldest == NULL)
        return false;
    if (!s->sorted && !BUG(EXPIRY_BY_LOCAL_ORDER))
        DL_SORT(s->oldest, by_last_index);
    s->sorted = true;
    *ret = s->oldest->session;
    return true;
}

static struct member *add_member(struct sessions *s, uint64_t id)
{
    struct member *m = calloc(1, sizeof *m);

    if (m == NULL)
        return NULL;
    m->session.id = id;
    HASH_ADD(hh, s->by_id, session.id, sizeof m->session.id, m);
    if (m->hh.tbl == NULL) {
        free(m);
        return NULL;
    }
    return m;
}

int sessions_put(struct sessions *s, const struct session *session)
{
    struct member *m = find_member(s, session->id);

    if (m != NULL)
        DL_DELETE(s->oldest, m);
    else
        m = add_member(s, session->id);
    if (m == NULL)
        return -E_NOMEM;
    m->session = *session;
    if (s->oldest != NULL && s->oldest->prev->session.last_index > session->last_index)
        s->sorted = false;
    DL_APPEND(s->oldest, m);
    return 0;
}

void sessions_remove(struct sessions *s, uint64_t id)
{
    struct member *m = find_member(s, id);

    if (m != NULL)
        remove_member(s, m);
}

static void store_u64be(uint8_t *p, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        p[i] = (uint8_t)value;
}

void session_encode_key(uint64_t id, uint8_t key[SESSION_KEY_BYTES])
{
    store_u64be(key, id);
}

void session_encode_row(const struct session *session, uint8_t row[SESSION_ROW_BYTES])
{
    row[0] = SESSION_ROW_VERSION;
    store_u64be(row + 1, session->last_id);
    store_u64be(row + 9, session->last_index);
    row[17] = (uint8_t)session->last_status;
}

int session_decode(struct slice key, struct slice row, struct session *ret, struct err *e)
{
    struct session found;

    if (key.len != SESSION_KEY_BYTES || row.len != SESSION_ROW_BYTES)
        return err_set(e, -E_CORRUPT, "session row of %zu and %zu bytes, expected %d and %d",
                       key.len, row.len, SESSION_KEY_BYTES, SESSION_ROW_BYTES);
    if (row.data[0] != SESSION_ROW_VERSION)
        return err_set(e, -E_CORRUPT, "session row of version %u, expected %d", row.data[0],
                       SESSION_ROW_VERSION);
    found.id = load_u64be(key.data);
    found.last_id = load_u64be(row.data + 1);
    found.last_index = load_u64be(row.data + 9);
    if (row.data[17] >= STATUS_COUNT || found.id == 0 || found.last_index < found.id)
        return err_set(e, -E_CORRUPT, "session %ju: last index %ju, status %u", (uintmax_t)found.id,
                       (uintmax_t)found.last_index, row.data[17]);
    found.last_status = (enum op_status)row.data[17];
    *ret = found;
    return 0;
}
