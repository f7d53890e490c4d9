#include "scene.h"

#include "base/check.h"
#include "base/items.h"

#include <stdlib.h>

enum { WORDS_MAX = 9 };

struct line {
    struct slice words[WORDS_MAX];
    size_t n;
    const char *next; /* line */
};

static struct line split(const char *text)
{
    struct line l = {0};
    size_t end = strcspn(text, "\n");

    l.next = text[end] == '\0' ? text + end : text + end + 1;
    for (const char *at = text; at < text + end;) {
        size_t len = strcspn(at, " \n");

        if (len > 0) {
            CHECK_THAT(l.n < WORDS_MAX, "too many words: %.*s", (int)end, text);
            l.words[l.n++] = slice_of(at, len);
        }
        at += len > 0 ? len : 1;
    }
    return l;
}

static bool is_word(struct slice s, const char *word)
{
    return slice_equal(s, slice_str(word));
}

/* "[a,b]" */
static void add_row(struct slice word, struct buf *out)
{
    for (size_t from = 1; word.len > 2 && from < word.len;) {
        size_t to = from;

        while (word.data[to] != ',' && word.data[to] != ']')
            to++;
        CHECK(items_add(out, slice_of(word.data + from, to - from)) == 0);
        from = to + 1;
    }
}

/* A copy that scene_free frees. */
static struct slice value_of(struct slice word)
{
    struct buf bytes = {0};

    CHECK(buf_reserve(&bytes, word.len + 1) == 0);
    if (word.data[0] == '[')
        add_row(word, &bytes);
    else if (!is_word(word, "''"))
        CHECK(buf_append_slice(&bytes, word) == 0);
    return buf_slice(&bytes);
}

static enum op_kind kind_of(struct slice word)
{
    for (int k = 0; k < OP_ANY_KIND_COUNT; k++) {
        if (is_word(word, op_kind_name((enum op_kind)k)))
            return (enum op_kind)k;
    }
    CHECK_THAT(false, "no such operation: %.*s", (int)word.len, word.data);
    return OP_ANY_KIND_COUNT;
}

static void set_arguments(struct history_op *op, const struct line *l, size_t n_words)
{
    size_t expected = op->kind == OP_CAS ? 7 : op_takes_value(op->kind) ? 6 : 5;

    CHECK_THAT(n_words == expected, "%zu words", n_words);
    if (op->kind == OP_CAS) {
        op->expects_absent = is_word(l->words[5], "~");
        if (!op->expects_absent)
            op->expected = value_of(l->words[5]);
    }
    if (n_words > 5)
        op->value = value_of(l->words[n_words - 1]);
}

static void set_answer(struct history_op *op, struct slice answer)
{
    op->outcome = is_word(answer, "fail") ? OUTCOME_FAIL : OUTCOME_OK;
    if (is_word(answer, "no-key"))
        op->status = STATUS_NO_KEY;
    else if (is_word(answer, "mismatch"))
        op->status = STATUS_MISMATCH;
    else if (op_returns_value(op->kind))
        op->result = value_of(answer);
}

static struct history_op parse(const struct line *l)
{
    size_t n = l->n;
    struct history_op op = {.return_seq = HISTORY_NEVER, .outcome = OUTCOME_INFO};

    CHECK_THAT(n >= 5, "%zu words", n);
    op.process = (uint32_t)strtoul((const char *)l->words[0].data, NULL, 10);
    op.call_seq = strtoull((const char *)l->words[1].data, NULL, 10);
    op.call_ns = (int64_t)op.call_seq * 1000000;
    op.kind = kind_of(l->words[3]);
    op.key = is_word(l->words[4], "''") ? slice_of(l->words[4].data, 0) : l->words[4];
    if (!is_word(l->words[2], "-")) {
        op.outcome = OUTCOME_OK;
        op.return_seq = strtoull((const char *)l->words[2].data, NULL, 10);
        op.return_ns = (int64_t)op.return_seq * 1000000;
    }
    if (is_word(l->words[n - 2], "=")) {
        set_answer(&op, l->words[n - 1]);
        n -= 2;
    }
    set_arguments(&op, l, n);
    return op;
}

struct history *scene(const char *model, uint32_t dialect, const char *text)
{
    struct history *h = calloc(1, sizeof *h);
    size_t n_lines = 1;

    CHECK(h != NULL);
    for (const char *at = text; *at != '\0'; at++)
        n_lines += *at == '\n';
    h->header.model = model;
    h->header.dialect = dialect;
    h->ops = calloc(n_lines, sizeof *h->ops);
    CHECK(h->ops != NULL);
    while (*text != '\0') {
        struct line l = split(text);

        if (l.n > 0)
            h->ops[h->n_ops++] = parse(&l);
        text = l.next;
    }
    return h;
}

void scene_free(struct history *h)
{
    for (size_t i = 0; i < h->n_ops; i++) {
        free((void *)h->ops[i].value.data);
        free((void *)h->ops[i].expected.data);
        free((void *)h->ops[i].result.data);
    }
    free(h->ops);
    free(h);
}
