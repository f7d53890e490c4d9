#include "node/store/log_answer.h"

#include <stdlib.h>

struct log_answer {
    struct log_answer *next;
    uint64_t token;
    struct entry *entries; /* until it is handed out, data.data is missing: `bytes` may move */
    size_t n_entries;
    size_t cap_entries;
    struct buf bytes;
};

struct log_answer *log_answer_create(uint64_t token)
{
    struct log_answer *a = calloc(1, sizeof *a);

    if (a != NULL)
        a->token = token;
    return a;
}

void log_answer_destroy(struct log_answer *a)
{
    if (a == NULL)
        return;
    free(a->entries);
    buf_free(&a->bytes);
    free(a);
}

int log_answer_add(struct log_answer *a, const struct entry *entry, size_t bytes_max)
{
    struct entry *grown;
    size_t cap;
    int rc;

    if (bytes_max > STORE_LOG_READ_BYTES_MAX)
        bytes_max = STORE_LOG_READ_BYTES_MAX;
    if (a->n_entries > 0 && a->bytes.len + entry->data.len > bytes_max)
        return -E_LIMIT;
    /* Entries without data are not free either. */
    if (a->n_entries >= STORE_LOG_READ_BYTES_MAX / sizeof *grown)
        return -E_LIMIT;
    if (a->n_entries == a->cap_entries) {
        cap = a->cap_entries == 0 ? 16 : a->cap_entries * 2;
        grown = realloc(a->entries, cap * sizeof *grown);
        if (grown == NULL)
            return -E_NOMEM;
        a->entries = grown;
        a->cap_entries = cap;
    }
    rc = buf_append_slice(&a->bytes, entry->data);
    if (rc < 0)
        return rc;
    a->entries[a->n_entries++] = *entry;
    return 0;
}

size_t log_answer_entries(const struct log_answer *a)
{
    return a->n_entries;
}

/* The bytes stand one after the other, in the order of the entries. */
static void place_data(struct log_answer *a)
{
    size_t at = 0;

    for (size_t i = 0; i < a->n_entries; i++) {
        struct slice *data = &a->entries[i].data;

        data->data = data->len == 0 ? NULL : a->bytes.data + at;
        at += data->len;
    }
}

void log_answers_push(struct log_answers *q, struct log_answer *a)
{
    a->next = NULL;
    if (q->tail == NULL)
        q->head = a;
    else
        q->tail->next = a;
    q->tail = a;
}

bool log_answers_next(struct log_answers *q, struct store_log_result *ret)
{
    struct log_answer *a = q->head;

    if (a == NULL)
        return false;
    q->head = a->next;
    if (q->head == NULL)
        q->tail = NULL;
    a->next = q->lent;
    q->lent = a;
    place_data(a);
    *ret = (struct store_log_result){
        .token = a->token,
        .entries = a->entries,
        .n_entries = a->n_entries,
    };
    return true;
}

static void destroy_list(struct log_answer *a)
{
    while (a != NULL) {
        struct log_answer *next = a->next;

        log_answer_destroy(a);
        a = next;
    }
}

void log_answers_end_loan(struct log_answers *q)
{
    destroy_list(q->lent);
    q->lent = NULL;
}

void log_answers_free(struct log_answers *q)
{
    destroy_list(q->head);
    log_answers_end_loan(q);
    *q = (struct log_answers){0};
}
