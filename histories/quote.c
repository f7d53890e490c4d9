#include "histories/quote.h"

#include "base/err.h"

#include <ctype.h>

/* --- writing -------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 sequence at the start; 0 when there is none: no overlong forms, no surrogates,
 * nothing above U+10FFFF (RFC 3629). */
static size_t utf8_len(struct slice s)
{
    uint8_t first = s.data[0];
    uint8_t low = 0x80; /* of the second byte */
    uint8_t high = 0xbf;
    size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (len < 2)
        return len;
    if (first > 0xf4 || s.len < len)
        return 0;
    low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : low;
    high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : high;
    if (s.data[1] < low || s.data[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (s.data[i] < 0x80 || s.data[i] > 0xbf)
            return 0;
    }
    return len;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static int append_special(struct buf *out, uint8_t c)
{
    switch (c) {
    case '"': return buf_append(out, "\\\"", 2);
    case '\\': return buf_append(out, "\\\\", 2);
    case '\n': return buf_append(out, "\\n", 2);
    case '\t': return buf_append(out, "\\t", 2);
    case '\r': return buf_append(out, "\\r", 2);
    default: return buf_printf(out, c < 0x80 ? "\\u%04x" : "\\udc%02x", c);
    }
}

int quote_append(struct buf *out, struct slice bytes)
{
    size_t before = out->len;
    int rc = buf_append_byte(out, '"');

    for (size_t i = 0; rc == 0 && i < bytes.len;) {
        size_t start = i;
        size_t len;

        while (i < bytes.len && is_plain(bytes.data[i]))
            i++;
        if (i == start) {
            len = utf8_len(slice_of(bytes.data + i, bytes.len - i));
            i += len == 0 ? 1 : len;
            if (len < 2) {
                rc = append_special(out, bytes.data[start]);
                continue;
            }
        }
        rc = buf_append(out, bytes.data + start, i - start);
    }
    if (rc == 0)
        rc = buf_append_byte(out, '"');
    if (rc < 0)
        out->len = before;
    return rc;
}

/* --- reading -------------------------------------------------------------------------------- */

static bool hex4(struct slice s, uint32_t *ret)
{
    uint32_t value = 0;

    if (s.len < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        int c = tolower(s.data[i]);

        if (!isxdigit(c))
            return false;
        value = value << 4 | (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    *ret = value;
    return true;
}

static int append_utf8(struct buf *out, uint32_t c)
{
    uint8_t b[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n; i-- > 1;) {
        b[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    b[0] = (uint8_t)(marks[n] | c);
    return buf_append(out, b, n);
}

static struct slice behind(struct slice s, size_t n)
{
    return slice_of(s.data + n, s.len - n);
}

/* What follows `\u`: four digits, or two fours that are a pair. *ret_used counts the bytes. */
static int resolve_unicode(struct buf *out, struct slice s, size_t *ret_used)
{
    uint32_t unit;
    uint32_t low;

    *ret_used = 4;
    if (!hex4(s, &unit))
        return -E_PARSE;
    if (unit < 0xd800 || unit > 0xdfff)
        return append_utf8(out, unit);
    if (unit >= 0xdc80 && unit <= 0xdcff)
        return buf_append_byte(out, (uint8_t)unit);
    if (unit >= 0xdc00 || s.len < 10 || s.data[4] != '\\' || s.data[5] != 'u' ||
        !hex4(behind(s, 6), &low) || low < 0xdc00 || low > 0xdfff)
        return -E_PARSE;
    *ret_used = 10;
    return append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
}

/* What follows `\o` in EDN: one to three octal digits, at most 377. */
static int resolve_octal(struct buf *out, struct slice s, size_t *ret_used)
{
    uint32_t value = 0;
    size_t n = 0;

    for (; n < 3 && n < s.len && s.data[n] >= '0' && s.data[n] <= '7'; n++)
        value = value << 3 | (uint32_t)(s.data[n] - '0');
    *ret_used = n;
    return n == 0 || value > 0xff ? -E_PARSE : append_utf8(out, value);
}

/* One escape, without its backslash. */
static int resolve_escape(struct buf *out, struct slice s, size_t *ret_used)
{
    static const char names[] = "\"\\/nrtbf";
    static const char bytes[] = "\"\\/\n\r\t\b\f";
    const char *found;
    int rc;

    if (s.len == 0)
        return -E_PARSE;
    if (s.data[0] == 'u' || s.data[0] == 'o') {
        rc = s.data[0] == 'u' ? resolve_unicode(out, behind(s, 1), ret_used)
                              : resolve_octal(out, behind(s, 1), ret_used);
        *ret_used += 1;
        return rc;
    }
    found = memchr(names, s.data[0], sizeof names - 1);
    *ret_used = 1;
    return found == NULL ? -E_PARSE : buf_append_byte(out, (uint8_t)bytes[found - names]);
}

int quote_resolve(struct buf *out, struct slice inside, size_t *ret_bad)
{
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && at < inside.len) {
        const uint8_t *escape = memchr(inside.data + at, '\\', inside.len - at);
        size_t end = escape == NULL ? inside.len : (size_t)(escape - inside.data);
        size_t used = 0;

        rc = buf_append(out, inside.data + at, end - at);
        at = end;
        if (rc == 0 && escape != NULL) {
            rc = resolve_escape(out, behind(inside, at + 1), &used);
            if (rc == -E_PARSE)
                *ret_bad = at;
            at += 1 + used;
        }
    }
    return rc;
}
