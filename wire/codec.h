#ifndef RIFT_WIRE_CODEC_H
#define RIFT_WIRE_CODEC_H

#include "base/err.h"
#include "base/mp.h"
#include "wire/wire.h"

/* What the message files of this folder share: the head that each message begins with, and
 * reading and writing whose errors stick, so that a codec reads like the table of its fields. */

/* The third element of every message. The numbers are part of the format. */
enum wire_kind {
    WIRE_PEER = 1,
    WIRE_REQUEST = 2,
    WIRE_REPLY = 3,
    WIRE_NODE_EVENT = 4,
    WIRE_NEMESIS_COMMAND = 5,
    WIRE_NEMESIS_REPLY = 6,
};

/* Version, cluster key and kind come before the fields of a message. */
enum { WIRE_HEAD_FIELDS = 3 };

/* What harness and nemesis say to each other belongs to no cluster. */
#define WIRE_NO_CLUSTER UINT64_C(0)

/* --- writing: all of a message or, on an error, nothing of it --------------------------------- */

struct wire_encoder {
    struct mp_writer w;
    struct buf *out;
    size_t start;
};

void wire_encode_begin(struct wire_encoder *c, struct buf *out);
void wire_encode_head(struct wire_encoder *c, uint64_t cluster, enum wire_kind kind, size_t fields);
int wire_encode_end(struct wire_encoder *c); /* 0, -E_NOMEM or -E_LIMIT */

/* --- reading: after the first error every read gives 0 and nothing moves ---------------------- */

struct wire_decoder {
    struct mp_reader r;
    const char *message; /* for the reason */
    struct err *e;
    int rc;
};

struct wire_decoder wire_decoder_of(struct slice bytes, const char *message, struct err *e);

/* -E_FOREIGN for another version or cluster, -E_PARSE for anything but `kind` with as many
 * fields. */
void wire_decode_head(struct wire_decoder *d, uint64_t cluster, enum wire_kind kind, size_t fields);

/* The first error, or -E_PARSE when bytes are left over. */
int wire_decode_end(struct wire_decoder *d);

void wire_fail(struct wire_decoder *d, const char *field, const char *reason);
void wire_take_array(struct wire_decoder *d, const char *field, size_t n); /* of exactly n */
uint64_t wire_take_uint(struct wire_decoder *d, const char *field, uint64_t max);
int64_t wire_take_int(struct wire_decoder *d, const char *field, int64_t min, int64_t max);
bool wire_take_bool(struct wire_decoder *d, const char *field);
struct slice wire_take_bin(struct wire_decoder *d, const char *field);

/* Of an enum whose values are 0 to count - 1. */
unsigned wire_take_enum(struct wire_decoder *d, const char *field, unsigned count);

/* --- a command: inside requests, and alone in log entries ------------------------------------- */

void wire_put_command(struct wire_encoder *c, const struct command *command);
void wire_take_command(struct wire_decoder *d, struct command *ret);

#endif
