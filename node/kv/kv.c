#include "node/kv/kv.h"

#include "base/bug.h"
#include "base/check.h"
#include "node/kv/overlay.h"
#include "node/kv/sessions.h"

#include <stdlib.h>

struct kv {
    size_t sessions_max;
    struct kv_reader reader;
    char *families[KV_FAMILIES_MAX]; /* besides "default"; family number - 2 */
    size_t n_families;
    struct overlay *overlay;
    struct sessions *sessions;
    uint64_t last_index; /* of the last entry applied here */
    struct buf found;    /* a value read from the store */
    struct buf joined;   /* a value built by APPEND */
};

/* --- families ------------------------------------------------------------------------------- */

static const char default_name[] = "default";
static const char sessions_name[] = "sessions";

static int add_family(struct kv *kv, const char *name, struct err *e)
{
    if (name[0] == '\0' || strlen(name) > OP_FAMILY_BYTES_MAX)
        return err_set(e, -E_INVAL, "family '%s': expected 1 to %d bytes", name,
                       OP_FAMILY_BYTES_MAX);
    if (strcmp(name, default_name) == 0 || strcmp(name, sessions_name) == 0)
        return err_set(e, -E_INVAL, "family '%s': the name is reserved", name);
    for (size_t i = 0; i < kv->n_families; i++) {
        if (strcmp(kv->families[i], name) == 0)
            return err_set(e, -E_INVAL, "family '%s': named twice", name);
    }
    kv->families[kv->n_families] = strdup(name);
    if (kv->families[kv->n_families] == NULL)
        return err_set(e, -E_NOMEM, "family '%s'", name);
    kv->n_families++;
    return 0;
}

static int add_families(struct kv *kv, const struct kv_options *o, struct err *e)
{
    int rc = 0;

    if (o->n_families > KV_FAMILIES_MAX - 1)
        return err_set(e, -E_INVAL, "%zu families besides 'default', at most %d", o->n_families,
                       KV_FAMILIES_MAX - 1);
    for (size_t i = 0; i < o->n_families && rc == 0; i++)
        rc = add_family(kv, o->families[i], e);
    return rc;
}

static bool find_family(const struct kv *kv, struct slice name, uint32_t *ret)
{
    if (name.len == 0 || slice_equal(name, slice_str(default_name))) {
        *ret = KV_FAMILY_DEFAULT;
        return true;
    }
    for (size_t i = 0; i < kv->n_families; i++) {
        if (slice_equal(name, slice_str(kv->families[i]))) {
            *ret = (uint32_t)(KV_FAMILY_DEFAULT + 1 + i);
            return true;
        }
    }
    return false;
}

/* --- life ----------------------------------------------------------------------------------- */

int kv_create(const struct kv_options *o, struct kv **ret, struct err *e)
{
    struct kv *kv = calloc(1, sizeof *kv);
    int rc;

    if (kv == NULL)
        return err_set(e, -E_NOMEM, "state machine");
    kv->sessions_max = o->sessions_max == 0 ? KV_SESSIONS_MAX_DEFAULT : o->sessions_max;
    kv->reader = o->reader;
    rc = add_families(kv, o, e);
    if (rc < 0)
        goto fail;
    rc = overlay_create(&kv->overlay);
    if (rc == 0)
        rc = sessions_create(&kv->sessions);
    if (rc < 0) {
        err_set(e, rc, "state machine");
        goto fail;
    }
    *ret = kv;
    return 0;

fail:
    kv_destroy(kv);
    return rc;
}

void kv_destroy(struct kv *kv)
{
    if (kv == NULL)
        return;
    buf_free(&kv->joined);
    buf_free(&kv->found);
    sessions_destroy(kv->sessions);
    overlay_destroy(kv->overlay);
    for (size_t i = 0; i < kv->n_families; i++)
        free(kv->families[i]);
    free(kv);
}

/* --- reading and writing one key ------------------------------------------------------------ */

static int look_in_store(struct kv *kv, uint32_t family, struct slice key, bool *present,
                         struct slice *value)
{
    int rc;

    buf_clear(&kv->found);
    rc = kv->reader.get(kv->reader.context, family, key, &kv->found);
    if (rc < 0)
        return rc;
    *present = rc > 0;
    *value = buf_slice(&kv->found);
    return 0;
}

/* The value as of the last command applied; lent until the next look or write. */
static int look(struct kv *kv, uint32_t family, struct slice key, bool *present,
                struct slice *value)
{
    const struct kv_write *w = overlay_find(kv->overlay, family, key);

    if (w == NULL)
        return look_in_store(kv, family, key, present, value);
    *present = !w->erase;
    *value = w->value;
    return 0;
}

static int put(struct kv *kv, uint32_t family, struct slice key, struct slice value)
{
    return overlay_put(kv->overlay,
                       &(struct kv_write){.family = family, .key = key, .value = value});
}

static int erase(struct kv *kv, uint32_t family, struct slice key)
{
    return overlay_put(kv->overlay,
                       &(struct kv_write){.family = family, .key = key, .erase = true});
}

/* --- operations ----------------------------------------------------------------------------- */

static int do_append(struct kv *kv, uint32_t family, const struct op *op, bool present,
                     struct slice old, enum op_status *ret)
{
    int rc = 0;

    if (present && old.len + op->value.len > OP_VALUE_BYTES_MAX) {
        *ret = STATUS_BAD_REQUEST;
        return 0;
    }
    buf_clear(&kv->joined);
    if (present)
        rc = buf_append_slice(&kv->joined, old);
    if (rc == 0)
        rc = buf_append_slice(&kv->joined, op->value);
    if (rc == 0)
        rc = put(kv, family, op->key, buf_slice(&kv->joined));
    *ret = STATUS_OK;
    return rc;
}

static int do_cas(struct kv *kv, uint32_t family, const struct op *op, bool present,
                  struct slice old, enum op_status *ret)
{
    if (!present && !op->expects_absent) {
        *ret = STATUS_NO_KEY;
        return 0;
    }
    if (present && (op->expects_absent || !slice_equal(old, op->expected))) {
        *ret = STATUS_MISMATCH;
        return 0;
    }
    *ret = STATUS_OK;
    return put(kv, family, op->key, op->value);
}

/* Executes a write of a live session. The log is not trusted to hold valid operations. */
static int execute(struct kv *kv, const struct op *op, enum op_status *ret)
{
    struct slice old;
    uint32_t family;
    bool present;
    int rc;

    *ret = STATUS_BAD_REQUEST;
    if (!op_valid(op) || !find_family(kv, op->family, &family))
        return 0;
    if (op->kind == OP_PUT) {
        *ret = STATUS_OK;
        return put(kv, family, op->key, op->value);
    }
    rc = look(kv, family, op->key, &present, &old);
    if ((BUG(CAS_COMPARES_STALE) && op->kind == OP_CAS) ||
        (BUG(APPEND_TO_STALE) && op->kind == OP_APPEND))
        rc = look_in_store(kv, family, op->key, &present, &old);
    if (rc < 0)
        return rc;
    switch (op->kind) {
    case OP_APPEND: return do_append(kv, family, op, present, old, ret);
    case OP_CAS: return do_cas(kv, family, op, present, old, ret);
    case OP_DELETE:
        *ret = present ? STATUS_OK : STATUS_NO_KEY;
        return present ? erase(kv, family, op->key) : 0;
    default: return 0;
    }
}

int kv_get(struct kv *kv, const struct op *op, struct op_result *ret)
{
    uint32_t family;
    bool present;
    int rc;

    *ret = (struct op_result){.status = STATUS_BAD_REQUEST};
    if (op->kind != OP_GET || !op_valid(op) || !find_family(kv, op->family, &family))
        return 0;
    rc = look(kv, family, op->key, &present, &ret->value);
    if (rc < 0)
        return rc;
    ret->status = present ? STATUS_OK : STATUS_NO_KEY;
    if (!present)
        ret->value = slice_of(NULL, 0);
    return 0;
}

/* --- sessions ------------------------------------------------------------------------------- */

int kv_load_session(struct kv *kv, struct slice key, struct slice value, struct err *e)
{
    struct session session;
    int rc = session_decode(key, value, &session, e);

    if (rc < 0)
        return rc;
    if (BUG(DUPLICATES_FORGOTTEN) || BUG(APPLIED_TWICE))
        session.last_id = 0;
    rc = sessions_put(kv->sessions, &session);
    return rc < 0 ? err_set(e, rc, "session %ju", (uintmax_t)session.id) : 0;
}

static int keep_session(struct kv *kv, const struct session *session)
{
    uint8_t key[SESSION_KEY_BYTES];
    uint8_t row[SESSION_ROW_BYTES];
    int rc = sessions_put(kv->sessions, session);

    if (rc < 0)
        return rc;
    session_encode_key(session->id, key);
    session_encode_row(session, row);
    return put(kv, KV_FAMILY_SESSIONS, slice_of(key, sizeof key), slice_of(row, sizeof row));
}

/* Dissertation 6.3: servers have to agree on which sessions expire, so it is the log that
 * decides, not a clock. */
static int expire_oldest(struct kv *kv)
{
    uint8_t key[SESSION_KEY_BYTES];
    struct session oldest;

    CHECK(sessions_oldest(kv->sessions, &oldest));
    sessions_remove(kv->sessions, oldest.id);
    session_encode_key(oldest.id, key);
    return erase(kv, KV_FAMILY_SESSIONS, slice_of(key, sizeof key));
}

static int open_session(struct kv *kv, uint64_t index, struct op_result *ret)
{
    struct session session = {.id = index, .last_index = index, .last_status = STATUS_OK};
    int rc = 0;

    while (rc == 0 && sessions_count(kv->sessions) >= kv->sessions_max)
        rc = expire_oldest(kv);
    if (rc == 0)
        rc = keep_session(kv, &session);
    *ret = (struct op_result){.status = STATUS_OK, .number = index};
    return rc;
}

/* A command that takes effect at most once. Whatever comes of it, the session has been named in
 * the log, which keeps it from expiring. */
static int apply_once(struct kv *kv, uint64_t index, const struct command *c, struct op_result *ret)
{
    struct session session;
    int rc = 0;

    *ret = (struct op_result){.status = STATUS_SESSION_EXPIRED};
    if (!sessions_find(kv->sessions, c->session, &session))
        return 0;
    session.last_index = index;
    if (c->id > session.last_id || BUG(NO_DUPLICATE_TABLE)) {
        rc = execute(kv, &c->op, &session.last_status);
        session.last_id = c->id;
        ret->status = session.last_status;
    } else if (c->id == session.last_id && c->id != 0) {
        ret->status = BUG(DUPLICATE_SAYS_OK) ? STATUS_OK : session.last_status;
    } else {
        ret->status = STATUS_BAD_REQUEST;
    }
    return rc < 0 ? rc : keep_session(kv, &session);
}

int kv_apply(struct kv *kv, uint64_t index, const struct command *c, struct op_result *ret)
{
    CHECK_THAT(index > kv->last_index, "index %ju after %ju", (uintmax_t)index,
               (uintmax_t)kv->last_index);
    kv->last_index = index;
    switch (c->op.kind) {
    case OP_GET: return kv_get(kv, &c->op, ret);
    case OP_REGISTER: return open_session(kv, index, ret);
    default: return apply_once(kv, index, c, ret);
    }
}

/* --- writes on their way to the store ------------------------------------------------------- */

const struct kv_write *kv_writes(const struct kv *kv, size_t *ret_n)
{
    return overlay_writes(kv->overlay, ret_n);
}

void kv_submitted(struct kv *kv, uint64_t seq)
{
    overlay_submitted(kv->overlay, seq);
}

void kv_visible(struct kv *kv, uint64_t seq)
{
    overlay_visible(kv->overlay, seq);
}

size_t kv_sessions(const struct kv *kv)
{
    return sessions_count(kv->sessions);
}

size_t kv_unsubmitted_bytes(const struct kv *kv)
{
    return overlay_bytes(kv->overlay);
}
