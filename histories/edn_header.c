#include "histories/edn_header.h"

#include "histories/quote.h"

#include <stdlib.h>

static int read_string(struct edn *r, struct edn_token t, struct arena *arena, const char **ret,
                       struct err *e)
{
    struct buf bytes = {0};
    int rc;

    if (t.kind != EDN_STRING)
        return edn_expected(r, t.at, "a string", e);
    rc = edn_string(r, t, &bytes, e);
    if (rc == 0) {
        *ret = arena_string(arena, buf_slice(&bytes));
        rc = *ret == NULL ? err_set(e, -E_NOMEM, "%s: %s", r->name, err_text(-E_NOMEM)) : 0;
    }
    if (rc == 0 && bytes.len > 0 && memchr(bytes.data, 0, bytes.len) != NULL)
        rc = edn_expected(r, t.at, "a string without NUL", e);
    buf_free(&bytes);
    return rc;
}

static int read_dialect(struct edn *r, struct edn_token t, uint32_t *ret, struct err *e)
{
    char digits[12] = "";
    unsigned long long value;
    char *end;

    if (t.kind == EDN_NUMBER && t.text.len < sizeof digits)
        memcpy(digits, t.text.data, t.text.len);
    value = strtoull(digits, &end, 10);
    if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || value > UINT32_MAX)
        return edn_expected(r, t.at, "the dialect's bits as a number", e);
    *ret = (uint32_t)value;
    return 0;
}

static int read_options(struct edn *r, struct edn_token t, struct arena *arena,
                        struct history_header *ret, struct err *e)
{
    struct history_option *options =
        arena_take(arena, HISTORY_OPTIONS_MAX * sizeof(struct history_option));
    size_t n = 0;
    int rc = 0;

    if (options == NULL)
        return err_set(e, -E_NOMEM, "%s: %s", r->name, err_text(-E_NOMEM));
    if (t.kind != EDN_MAP)
        return edn_expected(r, t.at, "a map", e);
    for (rc = edn_next(r, &t, e); rc == 0 && t.kind != EDN_CLOSE; rc = edn_next(r, &t, e)) {
        if (n == HISTORY_OPTIONS_MAX)
            return edn_expected(r, t.at, "no more options", e);
        rc = read_string(r, t, arena, &options[n].name, e);
        if (rc == 0)
            rc = edn_next(r, &t, e);
        if (rc == 0)
            rc = read_string(r, t, arena, &options[n].value, e);
        if (rc < 0)
            return rc;
        n++;
    }
    ret->options = options;
    ret->n_options = n;
    return rc;
}

int edn_header_read(struct edn *r, size_t at, struct arena *arena, struct history_header *ret,
                    int *ret_keyed, struct err *e)
{
    struct edn_token key;
    struct edn_token t;
    int rc;

    *ret_keyed = -1;
    r->at = at;
    rc = edn_next(r, &t, e);
    if (rc == 0 && t.kind != EDN_MAP)
        rc = edn_expected(r, t.at, "a map", e);
    if (rc == 0)
        rc = edn_next(r, &key, e);
    while (rc == 0 && key.kind != EDN_CLOSE) {
        rc = edn_skip(r, key, e);
        if (rc == 0)
            rc = edn_next(r, &t, e);
        if (rc < 0)
            return rc;
        if (slice_equal(key.text, slice_str(":model")))
            rc = read_string(r, t, arena, &ret->model, e);
        else if (slice_equal(key.text, slice_str(":dialect")))
            rc = read_dialect(r, t, &ret->dialect, e);
        else if (slice_equal(key.text, slice_str(":options")))
            rc = read_options(r, t, arena, ret, e);
        else if (slice_equal(key.text, slice_str(":keyed")))
            *ret_keyed = t.kind == EDN_TRUE;
        else
            rc = edn_skip(r, t, e);
        if (rc == 0)
            rc = edn_next(r, &key, e);
    }
    return rc;
}

int edn_header_write(const struct history_header *header, bool keyed, struct buf *out)
{
    int rc = buf_printf(out, "{:type :info, :process :rift, :f :rift/header, :value {:model ");

    if (rc == 0)
        rc = quote_append(out, slice_str(header->model));
    if (rc == 0)
        rc = buf_printf(out, ", :dialect %u, :keyed %s, :options {", header->dialect,
                        keyed ? "true" : "false");
    for (size_t i = 0; rc == 0 && i < header->n_options; i++) {
        const struct history_option *option = &header->options[i];

        if (i > 0)
            rc = buf_append(out, ", ", 2);
        if (rc == 0)
            rc = quote_append(out, slice_str(option->name));
        if (rc == 0)
            rc = buf_append_byte(out, ' ');
        if (rc == 0)
            rc = quote_append(out, slice_str(option->value));
    }
    return rc == 0 ? buf_printf(out, "}}, :time 0, :index 0}\n") : rc;
}
