#include "checker/models/number.h"

#include <ctype.h>

bool number_parse(struct slice text, size_t digits_max, number *ret)
{
    size_t sign = text.len > 0 && text.data[0] == '-' ? 1 : 0;
    number n = 0;

    if (text.len == sign || text.len - sign > digits_max)
        return false;
    for (size_t i = sign; i < text.len; i++) {
        if (!isdigit(text.data[i]))
            return false;
        n = n * 10 + (text.data[i] - '0');
    }
    *ret = sign == 1 ? -n : n;
    return true;
}

int number_intern(struct strings *s, number n, uint32_t *ret)
{
    return strings_copy(s, slice_of(&n, sizeof n), ret);
}

number number_of(const struct strings *s, uint32_t id)
{
    number n;

    memcpy(&n, strings_slice(s, id).data, sizeof n);
    return n;
}

int number_of_text(struct strings *s, uint32_t text, uint32_t *ret)
{
    number n = 0;

    number_parse(strings_slice(s, text), NUMBER_SUM_DIGITS_MAX, &n);
    return number_intern(s, n, ret);
}

int number_write(number n, struct buf *out)
{
    char digits[2 * NUMBER_SUM_DIGITS_MAX];
    size_t at = sizeof digits;
    bool negative = n < 0;

    do {
        int digit = (int)(n % 10);

        digits[--at] = (char)('0' + (digit < 0 ? -digit : digit));
        n /= 10;
    } while (n != 0);
    if (negative)
        digits[--at] = '-';
    return buf_append(out, digits + at, sizeof digits - at);
}
