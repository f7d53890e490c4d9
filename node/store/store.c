#include "node/store/store.h"

void store_destroy(struct store *s)
{
    if (s != NULL)
        s->vt->destroy(s);
}

void store_recovered(const struct store *s, struct store_recovered *ret)
{
    s->vt->recovered(s, ret);
}

int store_submit(struct store *s, const struct store_batch *b, enum store_sync sync,
                 uint64_t *ret_seq, struct err *e)
{
    return s->vt->submit(s, b, sync, ret_seq, e);
}

void store_poll(struct store *s, struct store_progress *ret)
{
    s->vt->poll(s, ret);
}

int store_fd(const struct store *s)
{
    return s->vt->fd(s);
}

int store_log_read(struct store *s, uint64_t token, uint64_t from, uint64_t to, size_t bytes_max)
{
    return s->vt->log_read(s, token, from, to, bytes_max);
}

bool store_log_next(struct store *s, struct store_log_result *ret)
{
    return s->vt->log_next(s, ret);
}

int store_get(struct store *s, uint32_t family, struct slice key, struct buf *out)
{
    return s->vt->get(s, family, key, out);
}

int store_cursor_open(struct store *s, uint32_t family, struct slice start,
                      struct store_cursor **ret)
{
    return s->vt->cursor_open(s, family, start, ret);
}

bool store_cursor_get(struct store *s, const struct store_cursor *c, struct slice *ret_key,
                      struct slice *ret_value)
{
    return s->vt->cursor_get(c, ret_key, ret_value);
}

void store_cursor_next(struct store *s, struct store_cursor *c)
{
    s->vt->cursor_next(c);
}

void store_cursor_close(struct store *s, struct store_cursor *c)
{
    if (c != NULL)
        s->vt->cursor_close(c);
}
