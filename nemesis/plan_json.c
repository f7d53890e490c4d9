#include "nemesis/plan.h"

#include "base/json_line.h"
#include "nemesis/names.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Plans as JSON (docs/plan-format.md). One table says which fields a step has; reading, printing
 * and the words of error messages all follow it. */

enum { PLAN_FORMAT = 1 };

enum field_type {
    FIELD_UINT,  /* uint32_t */
    FIELD_MS,    /* int64_t */
    FIELD_U64,   /* uint64_t; above INT64_MAX as a string, because jansson's integers are signed */
    FIELD_WORD,  /* an enum, by its word */
    FIELD_TYPES, /* uint64_t of bits, as an array of words */
};

struct field {
    const char *name;
    uint32_t kinds; /* steps that have it: bits 1 << enum fault_kind */
    enum field_type type;
    size_t offset; /* in struct plan_step */
    int64_t min;
    int64_t max;       /* FIELD_WORD, FIELD_TYPES: number of words */
    const char *words; /* ... separated by "\0" */
    bool optional;     /* the value is 0 then */
};

#define X(id, text) text "\0"
#define EVERY ((1u << FAULT_KIND_COUNT) - 1)
#define CHANCE (1u << FAULT_DROP | 1u << FAULT_DUPLICATE | 1u << FAULT_REORDER)
#define LENGTH_MS_MAX 60000

/* In this order: what a later field means may depend on an earlier one. */
static const struct field fields[] = {
    {"number", EVERY, FIELD_UINT, offsetof(struct plan_step, number), 1, UINT32_MAX, NULL, false},
    {"at_ms", EVERY, FIELD_MS, offsetof(struct plan_step, at_ms), 0, PLAN_MS_MAX, NULL, false},
    {"for_ms", EVERY, FIELD_MS, offsetof(struct plan_step, for_ms), 1, PLAN_MS_MAX, NULL, false},
    {"fault", EVERY, FIELD_WORD, offsetof(struct plan_step, kind), 0, FAULT_KIND_COUNT,
     FAULT_KINDS(X), false},
    {"shape", 1u << FAULT_PARTITION, FIELD_WORD, offsetof(struct plan_step, shape), 0,
     FAULT_SHAPE_COUNT, FAULT_SHAPES(X), false},
    {"period_ms", 1u << FAULT_PARTITION, FIELD_UINT, offsetof(struct plan_step, period_ms), 10,
     LENGTH_MS_MAX, NULL, false},
    {"clients", 1u << FAULT_PARTITION, FIELD_WORD, offsetof(struct plan_step, clients), 0,
     FAULT_CLIENTS_COUNT, FAULT_CLIENTS(X), true},
    {"target", 1u << FAULT_KILL | 1u << FAULT_PAUSE, FIELD_WORD, offsetof(struct plan_step, target),
     0, FAULT_TARGET_COUNT, FAULT_TARGETS(X), false},
    {"delay_ms", 1u << FAULT_DELAY, FIELD_UINT, offsetof(struct plan_step, delay_ms), 0,
     LENGTH_MS_MAX, NULL, false},
    {"jitter_ms", 1u << FAULT_DELAY, FIELD_UINT, offsetof(struct plan_step, jitter_ms), 0,
     LENGTH_MS_MAX, NULL, true},
    {"ppm", CHANCE, FIELD_UINT, offsetof(struct plan_step, ppm), 1, 1000000, NULL, false},
    {"types", CHANCE | 1u << FAULT_DELAY, FIELD_TYPES, offsetof(struct plan_step, types), 0,
     RAFT_MESSAGE_TYPE_COUNT, RAFT_MESSAGE_TYPES(X), true},
    {"draw", EVERY, FIELD_U64, offsetof(struct plan_step, draw), 0, 0, NULL, true},
};

#undef X

enum { FIELDS = sizeof fields / sizeof fields[0] };

_Static_assert(sizeof(enum fault_kind) == sizeof(uint32_t), "words are stored as uint32_t");

/* A field that the step's earlier fields call for. */
static bool applies(const struct field *f, const struct plan_step *s)
{
    if (f->offset == offsetof(struct plan_step, period_ms))
        return s->kind == FAULT_PARTITION && s->shape == SHAPE_FLAPPING;
    return f->kinds == EVERY || f->kinds >> s->kind & 1;
}

static const char *word_at(const struct field *f, uint32_t index)
{
    const char *word = f->words;

    while (index-- > 0)
        word += strlen(word) + 1;
    return word;
}

/* --- printing ------------------------------------------------------------------------------- */

static uint64_t load_field(const struct field *f, const struct plan_step *s)
{
    const char *at = (const char *)s + f->offset;
    uint64_t wide;
    uint32_t narrow;

    if (f->type == FIELD_UINT || f->type == FIELD_WORD) {
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, at, sizeof wide);
    return wide;
}

static void print_u64(uint64_t value, struct buf *out)
{
    const char *quote = value > INT64_MAX ? "\"" : "";

    buf_printf(out, "%s%" PRIu64 "%s", quote, value, quote);
}

static void print_types(const struct field *f, uint64_t bits, struct buf *out)
{
    const char *comma = "";

    buf_printf(out, "[");
    for (uint32_t i = 0; i < f->max; i++) {
        if ((bits >> i & 1) == 0)
            continue;
        buf_printf(out, "%s\"%s\"", comma, word_at(f, i));
        comma = ", ";
    }
    buf_printf(out, "]");
}

static void print_field(const struct field *f, const struct plan_step *s, struct buf *out)
{
    uint64_t value = load_field(f, s);

    if (!applies(f, s) || (f->type == FIELD_TYPES && value == 0))
        return;
    buf_printf(out, "%s\"%s\": ", f == fields ? "" : ", ", f->name);
    if (f->type == FIELD_WORD)
        buf_printf(out, "\"%s\"", word_at(f, (uint32_t)value));
    else if (f->type == FIELD_TYPES)
        print_types(f, value, out);
    else
        print_u64(value, out);
}

int plan_print(const struct plan *p, struct buf *out)
{
    /* Room for everything first, so that none of the pieces can fail. */
    int rc = buf_reserve(out, (p->n_steps + 1) * PLAN_STEP_TEXT_MAX);

    if (rc < 0)
        return rc;
    buf_printf(out, "{\n  \"plan\": %d,\n  \"seed\": ", PLAN_FORMAT);
    print_u64(p->seed, out);
    buf_printf(out, ",\n  \"steps\": [");
    for (size_t i = 0; i < p->n_steps; i++) {
        buf_printf(out, "%s\n    {", i == 0 ? "" : ",");
        for (size_t k = 0; k < FIELDS; k++)
            print_field(&fields[k], &p->steps[i], out);
        buf_printf(out, "}");
    }
    return buf_printf(out, "\n  ]\n}\n");
}

/* --- reading -------------------------------------------------------------------------------- */

struct reader {
    const char *name;
    struct slice text;
    struct err *err;
};

static int mistake(const struct reader *r, const char *path, const char *expected)
{
    return err_set(r->err, -E_PARSE, "%s:%zu: %s: %s", r->name, json_line_of(r->text, path), path,
                   expected);
}

static int expected_words(const struct reader *r, const char *path, const struct field *f)
{
    struct buf text = {0};
    int rc;

    buf_printf(&text, f->type == FIELD_TYPES ? "expected an array of " : "expected one of ");
    for (uint32_t i = 0; i < f->max; i++)
        buf_printf(&text, "%s%s", i == 0 ? "" : ", ", word_at(f, i));
    rc = mistake(r, path, text.data == NULL ? "expected a word" : (char *)text.data);
    buf_free(&text);
    return rc;
}

static bool read_u64(const json_t *value, uint64_t *ret)
{
    const char *digits = json_string_value(value);
    char *end;

    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *ret = (uint64_t)json_integer_value(value);
        return true;
    }
    if (digits == NULL || digits[0] < '0' || digits[0] > '9')
        return false;
    errno = 0;
    *ret = strtoull(digits, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool read_word(const struct field *f, const json_t *value, uint64_t *ret)
{
    if (!json_is_string(value))
        return false;
    for (uint32_t i = 0; i < f->max; i++) {
        if (strcmp(json_string_value(value), word_at(f, i)) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool read_types(const struct field *f, const json_t *value, uint64_t *ret)
{
    size_t i;
    json_t *item;

    *ret = 0;
    if (!json_is_array(value))
        return false;
    json_array_foreach(value, i, item)
    {
        uint64_t bit;

        if (!read_word(f, item, &bit))
            return false;
        *ret |= UINT64_C(1) << bit;
    }
    return true;
}

static int read_number(const struct reader *r, const char *path, const struct field *f,
                       const json_t *value, uint64_t *ret)
{
    char expected[96];

    if (json_is_integer(value) && json_integer_value(value) >= f->min &&
        json_integer_value(value) <= f->max) {
        *ret = (uint64_t)json_integer_value(value);
        return 0;
    }
    snprintf(expected, sizeof expected, "expected a whole number from %" PRId64 " to %" PRId64,
             f->min, f->max);
    return mistake(r, path, expected);
}

static int read_value(const struct reader *r, const char *path, const struct field *f,
                      const json_t *value, uint64_t *ret)
{
    switch (f->type) {
    case FIELD_UINT:
    case FIELD_MS: return read_number(r, path, f, value, ret);
    case FIELD_U64:
        if (read_u64(value, ret))
            return 0;
        return mistake(r, path, "expected a number from 0 to 2^64 - 1 (as a string from 2^63 on)");
    case FIELD_WORD: return read_word(f, value, ret) ? 0 : expected_words(r, path, f);
    case FIELD_TYPES: return read_types(f, value, ret) ? 0 : expected_words(r, path, f);
    }
    return 0;
}

static void store_field(const struct field *f, struct plan_step *s, uint64_t value)
{
    char *at = (char *)s + f->offset;
    uint32_t narrow = (uint32_t)value;

    if (f->type == FIELD_UINT || f->type == FIELD_WORD)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &value, sizeof value);
}

/* A misspelt field would otherwise be a fault that quietly does something else. */
static int refuse_unknown(const struct reader *r, const char *step_path, json_t *object,
                          const struct plan_step *s)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        char path[128];
        char text[64];
        size_t k = 0;

        while (k < FIELDS && strcmp(fields[k].name, key) != 0)
            k++;
        if (k < FIELDS && applies(&fields[k], s))
            continue;
        snprintf(path, sizeof path, "%s.%s", step_path, key);
        snprintf(text, sizeof text, "no field of such a step (%s)", fault_kind_name(s->kind));
        return mistake(r, path, text);
    }
    return 0;
}

static int read_step(const struct reader *r, size_t i, json_t *object, struct plan_step *ret)
{
    char step_path[48];

    snprintf(step_path, sizeof step_path, "steps[%zu]", i);
    if (!json_is_object(object))
        return mistake(r, step_path, "expected an object");
    for (size_t k = 0; k < FIELDS; k++) {
        const struct field *f = &fields[k];
        const json_t *value = json_object_get(object, f->name);
        char path[96];
        uint64_t read = 0;
        int rc;

        if (!applies(f, ret) || (value == NULL && f->optional))
            continue;
        snprintf(path, sizeof path, "%s.%s", step_path, f->name);
        rc = read_value(r, path, f, value, &read);
        if (rc < 0)
            return rc;
        store_field(f, ret, read);
    }
    return refuse_unknown(r, step_path, object, ret);
}

/* Numbers name steps in histories: a step that is taken out leaves a gap. */
static int check_order(const struct reader *r, size_t i, const struct plan_step *s)
{
    char path[48];

    if (i == 0)
        return 0;
    if (s->number <= s[-1].number) {
        snprintf(path, sizeof path, "steps[%zu].number", i);
        return mistake(r, path, "expected more than in the step before");
    }
    if (s->at_ms < s[-1].at_ms) {
        snprintf(path, sizeof path, "steps[%zu].at_ms", i);
        return mistake(r, path, "expected no less than in the step before");
    }
    return 0;
}

static int read_steps(const struct reader *r, json_t *array, struct plan *p)
{
    size_t n = json_array_size(array);

    if (!json_is_array(array) || n > PLAN_STEPS_MAX)
        return mistake(r, "steps", "expected an array of at most 10000 steps");
    p->steps = calloc(n == 0 ? 1 : n, sizeof *p->steps);
    if (p->steps == NULL)
        return err_set(r->err, -E_NOMEM, "%s", r->name);
    for (size_t i = 0; i < n; i++) {
        int rc = read_step(r, i, json_array_get(array, i), &p->steps[i]);

        if (rc == 0)
            rc = check_order(r, i, &p->steps[i]);
        if (rc < 0)
            return rc;
        p->n_steps = i + 1;
    }
    return 0;
}

static int read_plan(const struct reader *r, json_t *root, struct plan *p)
{
    const char *key;
    json_t *value;
    json_t *seed = json_object_get(root, "seed");

    if (json_integer_value(json_object_get(root, "plan")) != PLAN_FORMAT)
        return mistake(r, "plan", "expected 1, the version of the format");
    if (seed != NULL && !read_u64(seed, &p->seed))
        return mistake(r, "seed", "expected a number from 0 to 2^64 - 1");
    json_object_foreach(root, key, value) if (strcmp(key, "plan") != 0 &&
                                              strcmp(key, "seed") != 0 &&
                                              strcmp(key, "steps") !=
                                                  0) return mistake(r, key, "no field of a plan");
    return read_steps(r, json_object_get(root, "steps"), p);
}

int plan_parse(const char *name, const char *text, size_t len, struct plan **ret, struct err *e)
{
    struct reader r = {.name = name, .text = slice_of(text, len), .err = e};
    struct plan *p = calloc(1, sizeof *p);
    json_error_t error;
    json_t *root;
    int rc;

    if (p == NULL)
        return err_set(e, -E_NOMEM, "%s", name);
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        rc = err_set(e, -E_PARSE, "%s:%d: %s", name, error.line, error.text);
    else
        rc = read_plan(&r, root, p);
    json_decref(root);
    if (rc < 0) {
        plan_free(&p);
        return rc;
    }
    *ret = p;
    return 0;
}
