#include "node/store/rocks_reader.h"

#include "node/store/log_answer.h"
#include "node/store/rocks_meta.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct request {
    uint64_t token;
    uint64_t from;
    uint64_t to;
    size_t bytes_max;
};

struct rocks_reader {
    const struct rocks_db *db;
    struct bell *bell;
    struct rocks_writer *writer;
    pthread_t thread;
    bool running;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool closing;
    struct request ring[STORE_LOG_READS_MAX];
    size_t ring_at; /* the oldest request */
    size_t n_requests;
    size_t n_unanswered; /* asked for and not yet taken as an answer: what the bound counts */
    struct log_answers answers;
};

/* --- one request --------------------------------------------------------------------------- */

/* Adds the entry that `it` stands at. 0; 1: that was all; -E_CORRUPT, -E_NOMEM. */
static int add_entry(struct log_answer *a, rocksdb_iterator_t *it, const struct request *q)
{
    uint64_t index = q->from + log_answer_entries(a);
    struct entry entry;
    size_t key_len = 0;
    size_t value_len = 0;
    const char *key = rocksdb_iter_key(it, &key_len);
    const char *value = rocksdb_iter_value(it, &value_len);
    int rc = rocks_entry_decode(slice_of(key, key_len), slice_of(value, value_len), &entry);

    if (rc < 0)
        return rc;
    if (entry.index != index)
        return 1;
    rc = log_answer_add(a, &entry, q->bytes_max);
    if (rc == -E_LIMIT)
        return 1;
    return rc == 0 && index == q->to ? 1 : rc;
}

static int read_entries(const struct rocks_db *d, const struct request *q, struct log_answer *a,
                        struct err *e)
{
    rocksdb_iterator_t *it = rocksdb_create_iterator_cf(d->db, d->reading, d->log);
    uint8_t key[ROCKS_LOG_KEY_BYTES];
    char *text = NULL;
    int rc = q->from <= q->to ? 0 : 1;

    rocks_log_key(q->from, key);
    rocksdb_iter_seek(it, (const char *)key, sizeof key);
    for (; rc == 0 && rocksdb_iter_valid(it); rocksdb_iter_next(it))
        rc = add_entry(a, it, q);
    rocksdb_iter_get_error(it, &text);
    rocksdb_iter_destroy(it);
    if (text != NULL)
        return rocks_error(e, text, "reading the log");
    if (rc < 0)
        return err_set(e, rc, "reading the log from %" PRIu64 ": %s", q->from, err_text(rc));
    return 0;
}

/* NULL when memory is out or the store has failed. */
static struct log_answer *answer(struct rocks_reader *r, const struct request *q)
{
    struct log_answer *a = log_answer_create(q->token);
    struct err e;

    if (a == NULL) {
        rocks_writer_fail(r->writer, "reading the log: out of memory");
        return NULL;
    }
    if (read_entries(r->db, q, a, &e) < 0) {
        rocks_writer_fail(r->writer, e.text);
        log_answer_destroy(a);
        return NULL;
    }
    return a;
}

/* --- the thread ---------------------------------------------------------------------------- */

static bool next_request(struct rocks_reader *r, struct request *ret)
{
    bool found;

    pthread_mutex_lock(&r->lock);
    while (!r->closing && r->n_requests == 0)
        pthread_cond_wait(&r->wake, &r->lock);
    found = !r->closing;
    if (found) {
        *ret = r->ring[r->ring_at];
        r->ring_at = (r->ring_at + 1) % STORE_LOG_READS_MAX;
        r->n_requests--;
    }
    pthread_mutex_unlock(&r->lock);
    return found;
}

static void *reader_main(void *context)
{
    struct rocks_reader *r = context;
    struct request q;

    while (next_request(r, &q)) {
        struct log_answer *a = answer(r, &q);

        if (a == NULL)
            break; /* the store has failed */
        pthread_mutex_lock(&r->lock);
        log_answers_push(&r->answers, a);
        pthread_mutex_unlock(&r->lock);
        bell_ring(r->bell);
    }
    return NULL;
}

/* --- the other side ------------------------------------------------------------------------ */

int rocks_reader_ask(struct rocks_reader *r, uint64_t token, uint64_t from, uint64_t to,
                     size_t bytes_max)
{
    int rc = -E_BUSY;

    pthread_mutex_lock(&r->lock);
    if (r->n_unanswered < STORE_LOG_READS_MAX) {
        size_t at = (r->ring_at + r->n_requests) % STORE_LOG_READS_MAX;

        r->ring[at] = (struct request){token, from, to, bytes_max};
        r->n_requests++;
        r->n_unanswered++;
        rc = 0;
    }
    pthread_mutex_unlock(&r->lock);
    if (rc == 0)
        pthread_cond_signal(&r->wake);
    return rc;
}

bool rocks_reader_next(struct rocks_reader *r, struct store_log_result *ret)
{
    bool found;

    pthread_mutex_lock(&r->lock);
    found = log_answers_next(&r->answers, ret);
    if (found)
        r->n_unanswered--;
    pthread_mutex_unlock(&r->lock);
    return found;
}

void rocks_reader_end_loan(struct rocks_reader *r)
{
    /* Only this side touches what is lent. */
    log_answers_end_loan(&r->answers);
}

int rocks_reader_create(const struct rocks_db *d, struct bell *bell, struct rocks_writer *writer,
                        struct rocks_reader **ret, struct err *e)
{
    struct rocks_reader *r = calloc(1, sizeof *r);
    int rc;

    if (r == NULL)
        return err_set(e, -E_NOMEM, "reader");
    r->db = d;
    r->bell = bell;
    r->writer = writer;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    rc = pthread_create(&r->thread, NULL, reader_main, r);
    if (rc != 0) {
        rocks_reader_destroy(r);
        return err_set(e, -E_NOMEM, "reader thread: %s", strerror(rc));
    }
    r->running = true;
    *ret = r;
    return 0;
}

void rocks_reader_destroy(struct rocks_reader *r)
{
    if (r == NULL)
        return;
    if (r->running) {
        pthread_mutex_lock(&r->lock);
        r->closing = true;
        pthread_mutex_unlock(&r->lock);
        pthread_cond_signal(&r->wake);
        pthread_join(r->thread, NULL);
    }
    log_answers_free(&r->answers);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
