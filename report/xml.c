#include "report/xml.h"

#include "base/err.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the character that `s` begins with, 0 when it begins with none. Neither overlong
 * forms nor surrogates are UTF-8 (RFC 3629, section 3). */
static size_t utf8_length(struct slice s, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = s.data[0];
    size_t len = first < 0x80             ? 1
                 : (first & 0xe0) == 0xc0 ? 2
                 : (first & 0xf0) == 0xe0 ? 3
                 : (first & 0xf8) == 0xf0 ? 4
                                          : 0;
    uint32_t point = len == 1 ? first : first & (0x7fu >> len);

    if (len == 0 || len > s.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((s.data[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (s.data[i] & 0x3fu);
    }
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    *ret = point;
    return len;
}

/* XML 1.0, section 2.2: Char. */
static bool is_char(uint32_t point)
{
    return point >= 0x20 ? point != 0xfffe && point != 0xffff
                         : point == '\t' || point == '\n' || point == '\r';
}

/* What stands for a character that cannot stand for itself; NULL when it can. */
static const char *reference(uint32_t point, bool attribute)
{
    switch (point) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;"; /* "]]>" may not appear in character data (section 2.4) */
    case '"': return attribute ? "&quot;" : NULL;
    case '\r': return "&#13;"; /* else it is read as a line feed (section 2.11) */
    case '\n': return attribute ? "&#10;" : NULL;
    case '\t': return attribute ? "&#9;" : NULL;
    default: return is_char(point) ? NULL : REPLACEMENT;
    }
}

static int append(struct buf *out, struct slice text, bool attribute)
{
    int rc = 0;

    while (rc == 0 && text.len > 0) {
        uint32_t point = 0;
        size_t len = utf8_length(text, &point);
        const char *instead = len == 0 ? REPLACEMENT : reference(point, attribute);

        len = len == 0 ? 1 : len;
        rc = instead != NULL ? buf_append(out, instead, strlen(instead))
                             : buf_append(out, text.data, len);
        text = slice_of(text.data + len, text.len - len);
    }
    return rc;
}

int xml_append_text(struct buf *out, struct slice text)
{
    return append(out, text, false);
}

int xml_append_attribute(struct buf *out, struct slice text)
{
    return append(out, text, true);
}
