#include "base/check.h"
#include "scene.h"

#include <stdio.h>

/* write_objects FOLDER: wrong.rift, whose operations are not of its model; and for each object a
 * history that is linearizable (MODEL.good.rift) and one that is not (MODEL.bad.rift). The header
 * names the model. */

struct object {
    const char *model;
    uint32_t dialect;
    const char *good;
    const char *bad;
};

static const struct object OBJECTS[] = {
    {"multi-register", 0,
     "1 1 4 put x [a,1,b,1] = ok\n"
     "2 2 3 put x [a,2] = ok\n"
     "3 5 6 get x = [a,2,b,1]\n",
     "1 1 2 put x [a,1,b,1] = ok\n"
     "2 3 4 put x [a,2,b,2] = ok\n"
     "3 5 6 get x = [a,1,b,2]\n"},
    {"list-append", 0,
     "1 1 4 append x [a] = ok\n"
     "2 2 3 append x [b] = ok\n"
     "3 5 6 get x = [b,a]\n",
     "1 1 2 append x [a] = ok\n"
     "2 3 4 append x [b] = ok\n"
     "3 5 6 get x = [b,a]\n"},
    {"set", HISTORY_SET_ANSWERS,
     "1 1 4 add x a = ok\n"
     "2 2 3 add x a = mismatch\n"
     "3 5 6 get x = [a]\n",
     "1 1 2 add x a = ok\n"
     "2 3 4 add x a = ok\n"},
    {"queue", 0,
     "1 1 4 enqueue x a = ok\n"
     "2 2 3 enqueue x b = ok\n"
     "3 5 6 dequeue x = b\n",
     "1 1 2 enqueue x a = ok\n"
     "2 3 4 enqueue x b = ok\n"
     "3 5 6 dequeue x = b\n"},
    {"priority-queue", 0,
     "1 1 4 insert x 9 = ok\n"
     "2 2 3 insert x 10 = ok\n"
     "3 5 6 poll x = 10\n",
     "1 1 2 insert x 9 = ok\n"
     "2 3 4 insert x 10 = ok\n"
     "3 5 6 poll x = 9\n"},
    {"stack", 0,
     "1 1 4 push x a = ok\n"
     "2 2 3 push x b = ok\n"
     "3 5 6 pop x = a\n",
     "1 1 2 push x a = ok\n"
     "2 3 4 push x b = ok\n"
     "3 5 6 pop x = a\n"},
    {"counter", 0,
     "1 1 - add x 5\n"
     "2 2 3 add x -2 = ok\n"
     "3 4 5 get x = 3\n",
     "1 1 2 add x 5 = ok\n"
     "3 3 4 get x = 3\n"},
    {"bank", 0,
     "1 1 4 transfer x [a,b,5] = ok\n"
     "2 2 3 transfer x [a,b,1] = mismatch\n"
     "3 5 6 get x = [a,0,b,7]\n",
     "1 1 2 transfer x [a,b,3] = ok\n"
     "2 3 4 transfer x [a,b,3] = ok\n"},
    {"mutex", 0,
     "1 1 6 lock x = ok\n"
     "2 2 3 lock x = ok\n"
     "2 4 5 unlock x = ok\n",
     "1 1 2 lock x = ok\n"
     "2 3 4 lock x = ok\n"},
};

static const struct object WRONG = {"kv", 0, "1 1 2 enqueue x a = ok\n", NULL};

static const struct history_option ACCOUNTS = {"accounts", "a 5 b 2 "};

static struct history_event event_of(const struct history_op *op, bool call)
{
    struct history_event e = {.kind = call ? HISTORY_INVOKE : HISTORY_COMPLETE,
                              .process = op->process};

    if (call) {
        e.op = (struct op){.kind = op->kind, .key = op->key, .value = op->value};
    } else {
        e.outcome = op->outcome;
        e.status = op->status;
        e.value = op->result;
    }
    return e;
}

static void write_history(const char *path, const struct object *o, const char *text)
{
    struct history_header header = {.model = o->model,
                                    .dialect = o->dialect,
                                    .workload = "",
                                    .cluster = "",
                                    .options = &ACCOUNTS,
                                    .n_options = 1};
    struct history *h = scene(o->model, o->dialect, text);
    struct history_writer *w;
    struct err e;

    CHECK_THAT(history_writer_open(path, &header, &w, &e) == 0, "%s", e.text);
    for (uint64_t seq = 1; seq <= 2 * h->n_ops; seq++) {
        for (size_t i = 0; i < h->n_ops; i++) {
            struct history_event event = event_of(&h->ops[i], h->ops[i].call_seq == seq);

            if (h->ops[i].call_seq == seq || h->ops[i].return_seq == seq)
                CHECK_THAT(history_write(w, &event, &e) == 0, "%s", e.text);
        }
    }
    CHECK_THAT(history_writer_close(&w, &e) == 0, "%s", e.text);
    scene_free(h);
}

int main(int argc, char **argv)
{
    char path[4096];

    CHECK(argc == 2);
    snprintf(path, sizeof path, "%s/wrong.rift", argv[1]);
    write_history(path, &WRONG, WRONG.good);
    for (size_t i = 0; i < sizeof OBJECTS / sizeof OBJECTS[0]; i++) {
        snprintf(path, sizeof path, "%s/%s.good.rift", argv[1], OBJECTS[i].model);
        write_history(path, &OBJECTS[i], OBJECTS[i].good);
        snprintf(path, sizeof path, "%s/%s.bad.rift", argv[1], OBJECTS[i].model);
        write_history(path, &OBJECTS[i], OBJECTS[i].bad);
        puts(OBJECTS[i].model);
    }
    return 0;
}
