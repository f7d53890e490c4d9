#include "base/items.h"

#include "base/err.h"

static char escape_of(uint8_t byte)
{
    switch (byte) {
    case ' ': return 's';
    case '\n': return 'n';
    case '\\': return '\\';
    default: return 0;
    }
}

int items_add(struct buf *out, struct slice item)
{
    size_t done = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i <= item.len; i++) {
        char escape = i < item.len ? escape_of(item.data[i]) : 0;

        if (i < item.len && escape == 0)
            continue;
        if (i > done) /* an empty item may have no address */
            rc = buf_append(out, item.data + done, i - done);
        done = i + 1;
        if (rc == 0 && i < item.len)
            rc = buf_append_byte(out, '\\');
        if (rc == 0)
            rc = buf_append_byte(out, i < item.len ? (uint8_t)escape : ' ');
    }
    return rc;
}

static bool is_escape(char c)
{
    return c == 's' || c == 'n' || c == '\\';
}

int items_next(struct slice *row, struct slice *ret)
{
    if (row->len == 0)
        return 0;
    for (size_t i = 0; i < row->len; i++) {
        if (row->data[i] == ' ') {
            *ret = slice_of(row->data, i);
            *row = slice_of(row->data + i + 1, row->len - i - 1);
            return 1;
        }
        if (row->data[i] == '\n')
            return -E_PARSE;
        if (row->data[i] == '\\' && (++i == row->len || !is_escape((char)row->data[i])))
            return -E_PARSE;
    }
    return -E_PARSE;
}

int items_unescape(struct slice item, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < item.len; i++) {
        uint8_t c = item.data[i];

        if (c == '\\') {
            if (++i == item.len || !is_escape((char)item.data[i]))
                return -E_PARSE;
            c = item.data[i] == 's' ? ' ' : item.data[i] == 'n' ? '\n' : '\\';
        }
        rc = buf_append_byte(out, c);
    }
    return rc;
}
