#include "cli/ports.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Linux draws outgoing ports from 32768 up. */
enum {
    PORTS_FIRST = 10240,
    PORTS_END = 32768,
    PORTS_BLOCKS = (PORTS_END - PORTS_FIRST) / PORTS_BLOCK
};

/* An abstract name: it begins with NUL and stands in no file system. */
static bool hold(int fd, unsigned block)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "rift-ports-%u", block);

    return bind(fd, (struct sockaddr *)&name,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) == 0;
}

int ports_claim(struct ports *ret, struct err *e)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    unsigned start = (unsigned)getpid();

    if (fd < 0)
        return err_sys(e, "cannot claim ports");
    for (unsigned i = 0; i < PORTS_BLOCKS; i++) {
        unsigned block = (start + i) % PORTS_BLOCKS;

        if (hold(fd, block)) {
            uint16_t first = (uint16_t)(PORTS_FIRST + block * PORTS_BLOCK);

            *ret = (struct ports){fd, first, (uint16_t)(first + PORTS_BLOCK)};
            return 0;
        }
    }
    close(fd);
    return err_set(e, -E_BUSY, "%d harnesses are running already", PORTS_BLOCKS);
}

/* Without SO_REUSEADDR a port in TIME_WAIT counts as taken, too, which is as well. */
static bool is_free(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool could = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

    if (fd >= 0)
        close(fd);
    return could;
}

int ports_take(struct ports *p, uint16_t *ret, struct err *e)
{
    for (; p->next < p->behind; p->next++) {
        if (is_free(p->next)) {
            *ret = p->next++;
            return 0;
        }
    }
    return err_set(e, -E_BUSY, "no free port is left in this harness's block of %d", PORTS_BLOCK);
}

void ports_release(struct ports *p)
{
    close(p->claim);
    p->claim = -1;
}
