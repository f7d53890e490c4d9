#include "report/parts.h"

#include <inttypes.h>

/* How many bytes the UTF-8 sequence at the start takes; 0 when there is none (RFC 3629: neither
 * overlong forms nor surrogates). */
static size_t utf8_length(struct slice s)
{
    static const struct {
        uint8_t first, last, low, high; /* of the first byte, of the second */
        size_t length;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t k = 2;

        if (s.data[0] < forms[i].first || s.data[0] > forms[i].last || s.len < forms[i].length ||
            s.data[1] < forms[i].low || s.data[1] > forms[i].high)
            continue;
        while (k < forms[i].length && (s.data[k] & 0xc0) == 0x80)
            k++;
        return k == forms[i].length ? k : 0;
    }
    return 0;
}

/* `<` ends scripts, `&` begins entities: neither may stand there whatever holds the JSON. */
static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && strchr("\"\\<>&'", c) == NULL;
}

/* One character from the start of `s`; returns how many bytes it took or an error. */
static int put_character(struct buf *out, struct slice s)
{
    uint8_t c = s.data[0];
    size_t length;
    int rc;

    if (is_plain(c))
        return buf_append_byte(out, c) < 0 ? -E_NOMEM : 1;
    if (c < 0x80) {
        rc = c < 0x20 && c != '\n' && c != '\t' ? buf_printf(out, "\\\\x%02x", c)
                                                : buf_printf(out, "\\u%04x", c);
        return rc < 0 ? rc : 1;
    }
    length = utf8_length(s);
    if (length == 0) {
        rc = buf_printf(out, "\\\\x%02x", c);
        return rc < 0 ? rc : 1;
    }
    rc = buf_append(out, s.data, length);
    return rc < 0 ? rc : (int)length;
}

int json_put_text(struct buf *out, struct slice text, size_t max)
{
    size_t at = 0;
    int rc = buf_append_byte(out, '"');

    while (rc >= 0 && at < text.len && at < max) {
        rc = put_character(out, slice_of(text.data + at, text.len - at));
        if (rc > 0)
            at += (size_t)rc;
    }
    if (rc >= 0 && at < text.len)
        rc = buf_printf(out, "... (%zu bytes)", text.len);
    return rc < 0 ? rc : buf_append_byte(out, '"');
}

int json_put_str(struct buf *out, const char *text)
{
    return json_put_text(out, slice_str(text == NULL ? "" : text), REPORT_TEXT_BYTES_MAX);
}

int json_put_name(struct buf *out, const char *name)
{
    bool first = out->len > 0 && out->data[out->len - 1] == '{';

    return buf_printf(out, "%s\"%s\":", first ? "" : ",", name);
}
