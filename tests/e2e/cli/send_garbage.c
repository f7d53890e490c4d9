#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "base/buf.h"
#include "base/rng.h"

/* send_garbage PORT dealer|push: everything a node should shrug off, on the socket for clerks or
 * the one for peers. First below ZeroMQ's framing: noise, half
 * a greeting, frames that claim 2^62 bytes. Then as well-formed ZeroMQ messages of malformed
 * content: noise, msgpack that claims billions of elements, deep nesting, a good many of each. */

enum { CONNECTIONS = 40, MESSAGES = 500, NOISE_BYTES = 4096, NESTED = 5000 };

static int connect_raw(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

/* ZMTP 3.0: signature, version, mechanism "NULL" padded to 20 bytes, not a server, filler. */
static size_t greeting(uint8_t *out)
{
    memset(out, 0, 64);
    out[0] = 0xff;
    out[9] = 0x7f;
    out[10] = 3;
    memcpy(out + 12, "NULL", 4);
    return 64;
}

static void fill_noise(struct rng *r, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rng_next(r);
}

static void send_raw(uint16_t port, struct rng *r, unsigned kind)
{
    static const uint8_t long_frame[] = {0x02, 0x40, 0, 0, 0, 0, 0, 0, 0, 'x'};
    static const uint8_t ready[] = {0x04, 25,  5,   'R', 'E', 'A', 'D', 'Y', 11,  'S',
                                    'o',  'c', 'k', 'e', 't', '-', 'T', 'y', 'p', 'e',
                                    0,    0,   0,   6,   'D', 'E', 'A', 'L', 'E', 'R'};
    uint8_t bytes[NOISE_BYTES];
    size_t len = greeting(bytes);
    int fd = connect_raw(port);

    switch (kind % 4) {
    case 0:
        fill_noise(r, bytes, sizeof bytes);
        len = sizeof bytes;
        break;
    case 1: len = 1 + (size_t)rng_below(r, 63); break; /* half a greeting */
    case 2: /* a frame of 2^62 bytes where the handshake should go on */
        memcpy(bytes + len, long_frame, sizeof long_frame);
        len += sizeof long_frame;
        break;
    default: /* a whole handshake, then that frame */
        memcpy(bytes + len, ready, sizeof ready);
        len += sizeof ready;
        memcpy(bytes + len, long_frame, sizeof long_frame);
        len += sizeof long_frame;
        break;
    }
    (void)!send(fd, bytes, len, MSG_NOSIGNAL);
    close(fd);
}

static size_t make_message(struct rng *r, unsigned kind, uint8_t *out)
{
    size_t len = 1 + (size_t)rng_below(r, 200);

    switch (kind % 5) {
    case 0: fill_noise(r, out, len); return len;
    case 1: memcpy(out, "\xdd\xff\xff\xff\xff", 5); return 5;         /* array of 2^32 - 1 */
    case 2: memcpy(out, "\x95\x01\xc6\xff\xff\xff\xff", 7); return 7; /* 4 GiB of bytes */
    case 3: memset(out, 0x91, NESTED); return NESTED;                 /* arrays in arrays */
    default: return 0;                                                /* nothing at all */
    }
}

static void send_messages(uint16_t port, int type, struct rng *r)
{
    static uint8_t bytes[NESTED > NOISE_BYTES ? NESTED : NOISE_BYTES];
    void *zmq = zmq_ctx_new();
    void *socket = zmq_socket(zmq, type);
    char address[64];
    int linger_ms = 10000;

    snprintf(address, sizeof address, "tcp://127.0.0.1:%u", port);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (zmq_connect(socket, address) < 0)
        exit(1);
    for (unsigned i = 0; i < MESSAGES; i++) {
        size_t len = make_message(r, i, bytes);

        if (zmq_send(socket, bytes, len, 0) < 0)
            exit(1);
    }
    zmq_close(socket);
    zmq_ctx_term(zmq);
}

int main(int argc, char **argv)
{
    struct rng r = rng_make(1, rng_stream("garbage", 0));
    uint16_t port;

    if (argc != 3)
        return 64;
    port = (uint16_t)atoi(argv[1]);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        send_raw(port, &r, i);
    send_messages(port, strcmp(argv[2], "push") == 0 ? ZMQ_PUSH : ZMQ_DEALER, &r);
    return 0;
}
