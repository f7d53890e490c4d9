#include "cli/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

struct work {
    atomic_size_t next;
    size_t n;
    void (*task)(void *of, size_t i);
    void *of;
};

static void *take_tasks(void *context)
{
    struct work *w = context;
    size_t i;

    while ((i = atomic_fetch_add(&w->next, 1)) < w->n)
        w->task(w->of, i);
    return NULL;
}

void threads_run(size_t jobs, size_t n, void (*task)(void *of, size_t i), void *of)
{
    struct work w = {.n = n, .task = task, .of = of};
    pthread_t others[THREADS_MAX];
    size_t n_others = 0;

    atomic_init(&w.next, 0);
    while (n_others + 1 < jobs && n_others + 1 < n && n_others < THREADS_MAX &&
           pthread_create(&others[n_others], NULL, take_tasks, &w) == 0)
        n_others++;
    take_tasks(&w);
    for (size_t i = 0; i < n_others; i++)
        pthread_join(others[i], NULL);
}

uint64_t threads_default(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    return n < THREADS_MAX ? (uint64_t)n : THREADS_MAX;
}
