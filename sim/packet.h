#ifndef RIFT_SIM_PACKET_H
#define RIFT_SIM_PACKET_H

#include "wire/wire.h"

/* A message on its way: a deep copy in one block. */
struct sim_packet {
    struct wire_end from;
    struct wire_end to;
    uint32_t refs; /* a duplicated message is the same block twice */
    union {
        struct raft_message peer;
        struct wire_request request;
        struct wire_reply reply;
    } u;
    uint8_t bytes[];
};

/* NULL: out of memory. */
struct sim_packet *sim_packet_peer(const struct raft_message *m);
struct sim_packet *sim_packet_request(const struct wire_request *m);
struct sim_packet *sim_packet_reply(const struct wire_reply *m);
void sim_packet_release(struct sim_packet *p);

#endif
