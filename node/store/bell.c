#include "node/store/bell.h"

#include "base/check.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bell_create(struct bell *b, struct err *e)
{
    b->rung = false;
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->fd < 0)
        return err_sys(e, "eventfd");
    pthread_mutex_init(&b->lock, NULL);
    return 0;
}

void bell_destroy(struct bell *b)
{
    close(b->fd);
    pthread_mutex_destroy(&b->lock);
}

void bell_ring(struct bell *b)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&b->lock);
    if (!b->rung)
        CHECK(write(b->fd, &one, sizeof one) == sizeof one);
    b->rung = true;
    pthread_mutex_unlock(&b->lock);
}

void bell_quiet(struct bell *b)
{
    uint64_t count;

    pthread_mutex_lock(&b->lock);
    if (b->rung)
        CHECK(read(b->fd, &count, sizeof count) == sizeof count);
    b->rung = false;
    pthread_mutex_unlock(&b->lock);
}
