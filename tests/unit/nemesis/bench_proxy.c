/* Messages a second through one link of the proxy, with a bounded number of them on the way, as a
 * pipeline of appends has it. Usage: bench_nemesis_proxy [bytes] [window] */
#include "proxy_world.h"

#include "base/clock.h"

#include <string.h>

enum { MESSAGES = 400000, BYTES_MAX = 1 << 20 };

static double measure(void *from, void *to, size_t bytes, int window)
{
    char *data = calloc(1, BYTES_MAX);
    int64_t start_ns = clock_monotonic_ns();
    int64_t ns;
    int sent = 0;

    for (int received = 0; received < MESSAGES; received++) {
        for (; sent < MESSAGES && sent < received + window; sent++)
            send_bytes(from, data, bytes);
        REQUIRE(zmq_recv(to, data, BYTES_MAX, 0) >= 0);
    }
    ns = clock_monotonic_ns() - start_ns;
    free(data);
    return (double)MESSAGES * (double)NS_PER_S / (double)ns;
}

int main(int argc, char **argv)
{
    size_t bytes = argc > 1 ? (size_t)atoi(argv[1]) : 100;
    int window = argc > 2 ? atoi(argv[2]) : 1000;
    struct world w;

    if (bytes > BYTES_MAX || window < 1)
        return 64;
    world_open(&w);
    printf("%zu bytes, %d on the way: %.0f messages/s\n", bytes, window,
           measure(w.push[1][2], w.pull[2], bytes, window));
    world_close(&w);
    return 0;
}
