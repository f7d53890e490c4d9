#include "sim/case.h"

#include "sim/knobs.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Replay files (docs/replay-format.md). The fields of "config" are the knobs, by their names. */

enum { REPLAY_FORMAT = 1 };

/* --- printing ------------------------------------------------------------------------------- */

static int print_config(const struct sim_config *c, struct buf *out)
{
    size_t n;
    const struct sim_knob *knobs = sim_knobs(&n);
    int rc = buf_printf(out, "  \"config\": {\n    \"seed\": \"%" PRIu64 "\"", c->seed);

    for (size_t i = 0; i < n && rc == 0; i++) {
        bool bare = knobs[i].kind == SIM_KNOB_NUMBER || knobs[i].kind == SIM_KNOB_MS ||
                    knobs[i].kind == SIM_KNOB_REAL;
        const char *quote = bare ? "" : "\"";
        char text[SIM_KNOB_TEXT_MAX];

        sim_knob_text(c, &knobs[i], text);
        rc = buf_printf(out, ",\n    \"%s\": %s%s%s", knobs[i].name, quote, text, quote);
    }
    return rc < 0 ? rc : buf_printf(out, "\n  },\n");
}

static int print_ops(const struct sim_case *c, struct buf *out)
{
    int rc;

    if (c->config.ops == NULL)
        return 0;
    rc = buf_printf(out, "  \"operations\": [");
    for (size_t i = 0; i < c->ops.n && rc == 0; i++)
        rc = buf_printf(out, "%s[%" PRIu32 ", %" PRIu64 "]", i == 0 ? "" : ", ",
                        c->ops.items[i].clerk, c->ops.items[i].k);
    return rc < 0 ? rc : buf_printf(out, "],\n");
}

static int print_deaths(const struct sim_case *c, struct buf *out)
{
    int rc;

    if (c->deaths.n == 0)
        return 0;
    rc = buf_printf(out, "  \"deaths\": [");
    for (size_t i = 0; i < c->deaths.n && rc == 0; i++) {
        const struct sim_death *d = &c->deaths.items[i];

        rc = buf_printf(out,
                        "%s\n    {\"node\": %" PRIu32 ", \"at_ns\": %" PRId64
                        ", \"effects\": %" PRIu32 ", \"down_ms\": %" PRIu32 "}",
                        i == 0 ? "" : ",", d->node, d->at_ns, d->effects, d->down_ms);
    }
    return rc < 0 ? rc : buf_printf(out, "\n  ],\n");
}

int sim_case_print(const struct sim_case *c, struct buf *out)
{
    int rc = buf_printf(out, "{\n  \"replay\": %d,\n", REPLAY_FORMAT);

    if (rc == 0 && c->violation[0] != '\0')
        rc = buf_printf(out, "  \"violation\": \"%s\",\n", c->violation);
    if (rc == 0 && c->bug[0] != '\0')
        rc = buf_printf(out, "  \"bug\": \"%s\",\n", c->bug);
    if (rc == 0)
        rc = print_config(&c->config, out);
    if (rc == 0)
        rc = print_ops(c, out);
    if (rc == 0)
        rc = print_deaths(c, out);
    if (rc == 0)
        rc = buf_printf(out, "  \"plan\": ");
    if (rc == 0)
        rc = plan_print(c->plan, out);
    return rc < 0 ? rc : buf_printf(out, "}\n");
}

/* --- parsing -------------------------------------------------------------------------------- */

/* A number, a switch or a word as the text that the knob takes. */
static int knob_from_json(struct sim_config *c, const struct sim_knob *k, const json_t *value,
                          struct err *e)
{
    char text[SIM_KNOB_TEXT_MAX];

    if (json_is_integer(value))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, sizeof text, "%.17g", json_real_value(value));
    else if (json_is_string(value) && json_string_length(value) < sizeof text)
        snprintf(text, sizeof text, "%s", json_string_value(value));
    else
        return err_set(e, -E_PARSE, "config.%s: expected a number or a word", k->name);
    return sim_knob_set(c, k, text, e) < 0 ? err_prefix(e, -E_PARSE, "config") : 0;
}

static int read_seed(struct sim_config *c, const json_t *value, struct err *e)
{
    const char *text = json_string_value(value);
    char *end;

    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        c->seed = (uint64_t)json_integer_value(value);
        return 0;
    }
    errno = 0;
    if (text != NULL && text[0] >= '0' && text[0] <= '9') {
        c->seed = strtoull(text, &end, 10);
        if (*end == '\0' && errno == 0)
            return 0;
    }
    return err_set(e, -E_PARSE, "config.seed: expected a number, or a string of digits");
}

/* Every knob has to be there, but for those that are younger than the format: a default that
 * changes later must not turn a replay into another run. */
static int read_config(const json_t *config, struct sim_config *ret, struct err *e)
{
    size_t n;
    const struct sim_knob *knobs = sim_knobs(&n);
    struct sim_config c = {0};
    size_t found = 1; /* the seed */
    int rc;

    if (!json_is_object(config))
        return err_set(e, -E_PARSE, "config: expected an object");
    rc = read_seed(&c, json_object_get(config, "seed"), e);
    for (size_t i = 0; i < n && rc == 0; i++) {
        const json_t *value = json_object_get(config, knobs[i].name);

        found += value != NULL;
        if (value != NULL)
            rc = knob_from_json(&c, &knobs[i], value, e);
        else if (knobs[i].absent != NULL)
            rc = sim_knob_set(&c, &knobs[i], knobs[i].absent, e);
        else
            rc = err_set(e, -E_PARSE, "config.%s: missing", knobs[i].name);
    }
    if (rc == 0 && json_object_size(config) != found)
        rc = err_set(e, -E_PARSE, "config: there is a field that is no knob");
    if (rc == 0)
        rc = sim_config_check(&c, e);
    if (rc == 0)
        *ret = c;
    return rc;
}

static int read_ops(const json_t *list, struct sim_case *c, struct err *e)
{
    size_t n = json_array_size(list);
    struct sim_op *items;
    int rc = 0;

    if (list == NULL)
        return 0;
    if (!json_is_array(list) || n > SIM_CASE_OPS_MAX)
        return err_set(e, -E_PARSE, "operations: expected an array of at most %d",
                       SIM_CASE_OPS_MAX);
    items = calloc(n + 1, sizeof *items);
    if (items == NULL)
        return err_set(e, -E_NOMEM, "operations");
    for (size_t i = 0; i < n && rc == 0; i++) {
        const json_t *pair = json_array_get(list, i);
        json_int_t clerk = json_integer_value(json_array_get(pair, 0));
        json_int_t k = json_integer_value(json_array_get(pair, 1));

        if (json_array_size(pair) != 2 || clerk < 0 || clerk >= SIM_CLERKS_MAX || k < 0)
            rc = err_set(e, -E_PARSE, "operations[%zu]: expected [clerk, count]", i);
        items[i] = (struct sim_op){(uint32_t)clerk, (uint64_t)k};
    }
    if (rc == 0)
        rc = sim_case_set_ops(c, items, n, e);
    free(items);
    return rc;
}

/* An integer within [min, max] under this name. */
static bool read_number(const json_t *object, const char *name, json_int_t min, json_int_t max,
                        json_int_t *ret)
{
    const json_t *value = json_object_get(object, name);

    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret >= min && *ret <= max;
}

static bool read_death(const json_t *object, struct sim_death *ret)
{
    json_int_t node, at_ns, effects, down_ms;

    if (!read_number(object, "node", 1, SIM_NODES_MAX, &node) ||
        !read_number(object, "at_ns", 0, INT64_MAX / 2, &at_ns) ||
        !read_number(object, "effects", 0, UINT32_MAX, &effects) ||
        !read_number(object, "down_ms", 1, UINT32_MAX, &down_ms) || json_object_size(object) != 4)
        return false;
    *ret = (struct sim_death){(uint32_t)node, at_ns, (uint32_t)effects, (uint32_t)down_ms};
    return true;
}

static int read_deaths(const json_t *list, struct sim_case *c, struct err *e)
{
    size_t n = json_array_size(list);
    struct sim_death *items;
    int rc = 0;

    if (list == NULL)
        return 0;
    if (!json_is_array(list) || n > SIM_DEATHS_MAX)
        return err_set(e, -E_PARSE, "deaths: expected an array of at most %d", SIM_DEATHS_MAX);
    items = calloc(n + 1, sizeof *items);
    if (items == NULL)
        return err_set(e, -E_NOMEM, "deaths");
    for (size_t i = 0; i < n && rc == 0; i++)
        if (!read_death(json_array_get(list, i), &items[i]))
            rc = err_set(e, -E_PARSE,
                         "deaths[%zu]: expected node (1 to %d), at_ns, effects and down_ms (not 0)",
                         i, SIM_NODES_MAX);
    if (rc == 0)
        rc = sim_case_set_deaths(c, items, n, e);
    free(items);
    return rc;
}

static int read_plan(const json_t *plan, struct plan **ret, struct err *e)
{
    char *text = json_dumps(plan, JSON_ENCODE_ANY);
    int rc;

    if (text == NULL)
        return err_set(e, -E_PARSE, "plan: missing");
    rc = plan_parse("plan", text, strlen(text), ret, e);
    free(text);
    return rc;
}

static int read_word(const json_t *root, const char *name, char *ret, size_t size, struct err *e)
{
    const json_t *value = json_object_get(root, name);

    if (value != NULL && (!json_is_string(value) || json_string_length(value) >= size ||
                          !sim_is_plain(json_string_value(value))))
        return err_set(e, -E_PARSE, "%s: expected at most %zu letters, digits, commas and dashes",
                       name, size - 1);
    if (value != NULL)
        snprintf(ret, size, "%s", json_string_value(value));
    return 0;
}

static int read_case(const json_t *root, struct sim_case *c, struct err *e)
{
    int rc = 0;

    if (json_integer_value(json_object_get(root, "replay")) != REPLAY_FORMAT)
        return err_set(e, -E_PARSE, "expected \"replay\": %d", REPLAY_FORMAT);
    rc = read_word(root, "violation", c->violation, sizeof c->violation, e);
    if (rc == 0)
        rc = read_word(root, "bug", c->bug, sizeof c->bug, e);
    if (rc == 0)
        rc = read_config(json_object_get(root, "config"), &c->config, e);
    if (rc == 0)
        rc = read_ops(json_object_get(root, "operations"), c, e);
    if (rc == 0)
        rc = read_deaths(json_object_get(root, "deaths"), c, e);
    return rc < 0 ? rc : read_plan(json_object_get(root, "plan"), &c->plan, e);
}

int sim_case_parse(const char *name, struct slice text, struct sim_case **ret, struct err *e)
{
    struct sim_case *c = calloc(1, sizeof *c);
    json_error_t where;
    json_t *root;
    int rc;

    if (c == NULL)
        return err_set(e, -E_NOMEM, "%s", name);
    root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        rc = err_set(e, -E_PARSE, "line %d: %s", where.line, where.text);
    else
        rc = read_case(root, c, e);
    json_decref(root);
    if (rc < 0) {
        sim_case_destroy(c);
        return err_prefix(e, rc, "%s", name);
    }
    *ret = c;
    return 0;
}

int sim_case_load(const char *path, struct sim_case **ret, struct err *e)
{
    FILE *file = fopen(path, "re");
    struct buf text = {0};
    int rc = 0;

    if (file == NULL)
        return err_sys(e, "%s", path);
    while (rc == 0 && !feof(file)) {
        rc = buf_reserve(&text, 1 << 16);
        if (rc == 0)
            text.len += fread(text.data + text.len, 1, 1 << 16, file);
        if (ferror(file))
            rc = err_sys(e, "%s", path);
        else if (rc < 0 || text.len > SIM_CASE_BYTES_MAX)
            rc = err_set(e, -E_PARSE, "%s: larger than %d bytes", path, SIM_CASE_BYTES_MAX);
    }
    fclose(file);
    if (rc == 0)
        rc = sim_case_parse(path, buf_slice(&text), ret, e);
    buf_free(&text);
    return rc;
}
