#include "plain.h"

#include "base/check.h"
#include "base/items.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_model(const struct plain *o, const char *name)
{
    return strcmp(o->history->header.model, name) == 0;
}

bool plain_has_model(const char *model)
{
    static const char *const names[] = {"set",     "queue", "priority-queue", "stack",
                                        "counter", "bank",  "multi-register", "mutex"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], model) == 0)
            return true;
    }
    return false;
}

static const char *option(const struct plain *o, const char *name)
{
    const struct history_header *header = &o->history->header;

    for (size_t i = 0; i < header->n_options; i++) {
        if (strcmp(header->options[i].name, name) == 0)
            return header->options[i].value;
    }
    return "";
}

static size_t name_index(char name)
{
    CHECK_THAT(name >= 'a' && name < 'a' + PLAIN_NAMES, "name '%c'", name);
    return (size_t)(name - 'a');
}

/* A row of plain words: its first word goes to *ret. */
static bool next_word(const char **at, const char *end, struct slice *ret)
{
    const char *space = *at;

    if (*at == end)
        return false;
    while (*space != ' ')
        space++;
    *ret = slice_of(*at, (size_t)(space - *at));
    *at = space + 1;
    return true;
}

static void init_accounts(struct plain *o)
{
    const char *at = option(o, "accounts");
    const char *end = at + strlen(at);
    struct slice name;
    struct slice amount;

    while (next_word(&at, end, &name) && next_word(&at, end, &amount))
        o->balances[name_index((char)name.data[0])] = strtol((const char *)amount.data, NULL, 10);
}

void plain_init(struct plain *o, const struct history *h)
{
    *o = (struct plain){.history = h};
    init_accounts(o);
}

/* --- elements ------------------------------------------------------------------------------- */

static struct slice value_at(const struct plain *o, size_t i)
{
    return o->history->ops[o->items[i]].value;
}

static size_t find(const struct plain *o, struct slice value)
{
    size_t i = 0;

    while (i < o->n && !slice_equal(value_at(o, i), value))
        i++;
    return i;
}

static void push(struct plain *o, const struct history_op *op)
{
    CHECK(o->n < PLAIN_ITEMS_MAX);
    o->items[o->n++] = (uint8_t)(op - o->history->ops);
}

static void take(struct plain *o, size_t i)
{
    memmove(o->items + i, o->items + i + 1, o->n - i - 1);
    o->n--;
}

/* A number is what a number prints as. */
static bool as_number(struct slice s, long *ret)
{
    char text[32];
    char back[32];

    snprintf(text, sizeof text, "%.*s", (int)s.len, s.data);
    *ret = strtol(text, NULL, 10);
    snprintf(back, sizeof back, "%ld", *ret);
    return strcmp(text, back) == 0;
}

static bool is_higher(struct slice a, struct slice b)
{
    long x;
    long y;
    bool a_counts = as_number(a, &x);
    bool b_counts = as_number(b, &y);

    if (a_counts && b_counts)
        return x > y;
    if (a_counts != b_counts)
        return b_counts;
    return slice_compare(a, b) > 0;
}

static size_t highest(const struct plain *o)
{
    size_t best = 0;

    for (size_t i = 1; i < o->n; i++) {
        if (is_higher(value_at(o, i), value_at(o, best)))
            best = i;
    }
    return best;
}

static enum op_status execute_take(struct plain *o, size_t i, struct buf *result)
{
    if (o->n == 0)
        return STATUS_NO_KEY;
    CHECK(buf_append_slice(result, value_at(o, i)) == 0);
    take(o, i);
    return STATUS_OK;
}

static enum op_status execute_add(struct plain *o, const struct history_op *op)
{
    bool answers = (o->history->header.dialect & HISTORY_SET_ANSWERS) != 0;

    if (is_model(o, "counter")) {
        char text[32];

        snprintf(text, sizeof text, "%.*s", (int)op->value.len, op->value.data);
        o->sum += strtol(text, NULL, 10);
        return STATUS_OK;
    }
    if (find(o, op->value) < o->n)
        return answers ? STATUS_MISMATCH : STATUS_OK;
    push(o, op);
    return STATUS_OK;
}

static enum op_status execute_remove(struct plain *o, const struct history_op *op)
{
    bool answers = (o->history->header.dialect & HISTORY_SET_ANSWERS) != 0;
    size_t i = find(o, op->value);

    if (i == o->n)
        return answers ? STATUS_NO_KEY : STATUS_OK;
    take(o, i);
    return STATUS_OK;
}

/* --- banks and registers -------------------------------------------------------------------- */

static enum op_status execute_transfer(struct plain *o, const struct history_op *op)
{
    long *from = &o->balances[name_index((char)op->value.data[0])];
    long *to = &o->balances[name_index((char)op->value.data[2])];
    long amount = strtol((const char *)op->value.data + 4, NULL, 10);

    if (*from < amount && strcmp(option(o, "overdraft"), "true") != 0)
        return STATUS_MISMATCH;
    *from -= amount;
    *to += amount;
    return STATUS_OK;
}

static void execute_put(struct plain *o, const struct history_op *op)
{
    const char *at = (const char *)op->value.data;
    const char *end = at + op->value.len;
    struct slice name;
    struct slice value;

    while (next_word(&at, end, &name) && next_word(&at, end, &value)) {
        size_t i = name_index((char)name.data[0]);

        CHECK(value.len <= PLAIN_VALUE_BYTES_MAX);
        snprintf(o->registers[i], sizeof o->registers[i], "%.*s", (int)value.len, value.data);
        o->written[i] = true;
    }
}

/* --- reading everything --------------------------------------------------------------------- */

static void read_set(const struct plain *o, struct buf *result)
{
    struct plain rest = *o;

    while (rest.n > 0) {
        size_t first = 0;

        for (size_t i = 1; i < rest.n; i++) {
            if (slice_compare(value_at(&rest, i), value_at(&rest, first)) < 0)
                first = i;
        }
        CHECK(items_add(result, value_at(&rest, first)) == 0);
        take(&rest, first);
    }
}

static void execute_get(const struct plain *o, struct buf *result)
{
    int rc = 0;

    if (is_model(o, "set"))
        read_set(o, result);
    else if (is_model(o, "counter"))
        rc = buf_printf(result, "%ld", o->sum);
    for (size_t i = 0; rc == 0 && i < PLAIN_NAMES; i++) {
        if (is_model(o, "bank") && o->balances[i] != 0)
            rc = buf_printf(result, "%c %ld ", (char)('a' + i), o->balances[i]);
        else if (is_model(o, "multi-register") && o->written[i])
            rc = buf_printf(result, "%c %s ", (char)('a' + i), o->registers[i]);
    }
    CHECK(rc == 0);
}

/* --- operations ----------------------------------------------------------------------------- */

bool plain_execute(struct plain *o, const struct history_op *op, enum op_status *status,
                   struct buf *result)
{
    *status = STATUS_OK;
    switch (op->kind) {
    case OP_GET: execute_get(o, result); break;
    case OP_PUT: execute_put(o, op); break;
    case OP_ADD: *status = execute_add(o, op); break;
    case OP_REMOVE: *status = execute_remove(o, op); break;
    case OP_CONTAINS: *status = find(o, op->value) < o->n ? STATUS_OK : STATUS_NO_KEY; break;
    case OP_ENQUEUE:
    case OP_PUSH:
    case OP_INSERT: push(o, op); break;
    case OP_DEQUEUE: *status = execute_take(o, 0, result); break;
    case OP_POP: *status = execute_take(o, o->n - 1u, result); break;
    case OP_POLL: *status = execute_take(o, highest(o), result); break;
    case OP_TRANSFER: *status = execute_transfer(o, op); break;
    case OP_LOCK:
    case OP_UNLOCK:
        if (o->locked == (op->kind == OP_LOCK))
            return false;
        o->locked = !o->locked;
        break;
    default: CHECK(false);
    }
    return true;
}

/* Of a bank: everybody's balance, and 0 of those that are not named. */
static bool bank_reads(const struct plain *o, struct slice result)
{
    const char *at = (const char *)result.data;
    const char *end = at + result.len;
    long seen[PLAIN_NAMES] = {0};
    struct slice name;
    struct slice amount;

    while (next_word(&at, end, &name) && next_word(&at, end, &amount))
        seen[name_index((char)name.data[0])] = strtol((const char *)amount.data, NULL, 10);
    return memcmp(seen, o->balances, sizeof seen) == 0;
}

/* Of registers: each that is named. */
static bool registers_read(const struct plain *o, struct slice result)
{
    const char *at = (const char *)result.data;
    const char *end = at + result.len;
    struct slice name;
    struct slice value;

    while (next_word(&at, end, &name) && next_word(&at, end, &value)) {
        size_t i = name_index((char)name.data[0]);

        if (!o->written[i] || !slice_equal(value, slice_str(o->registers[i])))
            return false;
    }
    return true;
}

static bool get_fits(const struct plain *o, const struct history_op *op, struct slice answer)
{
    char text[32];

    if (op->status == STATUS_NO_KEY)
        return is_model(o, "counter") ? o->sum == 0 : answer.len == 0;
    if (is_model(o, "bank"))
        return bank_reads(o, op->result);
    if (is_model(o, "multi-register"))
        return registers_read(o, op->result);
    if (is_model(o, "set"))
        return slice_equal(op->result, answer);
    snprintf(text, sizeof text, "%.*s", (int)op->result.len, op->result.data);
    return strtol(text, NULL, 10) == o->sum;
}

bool plain_place(struct plain *o, const struct history_op *op)
{
    struct buf result = {0};
    enum op_status status;
    bool fits = plain_execute(o, op, &status, &result);

    if (fits && op->outcome == OUTCOME_OK)
        fits = op->kind == OP_GET
                   ? get_fits(o, op, buf_slice(&result))
                   : op->status == status && (!op_returns_value(op->kind) || status != STATUS_OK ||
                                              slice_equal(op->result, buf_slice(&result)));
    buf_free(&result);
    return fits;
}
