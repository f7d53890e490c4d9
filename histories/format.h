#ifndef RIFT_HISTORIES_FORMAT_H
#define RIFT_HISTORIES_FORMAT_H

#include "histories/arena.h"
#include "histories/history.h"

/* The bytes of one record, both ways; docs/history-format.md is their description. Pure. */

#define FORMAT_MAGIC "rift-history"

/* No record is longer, whatever it claims: the longest event holds two values of
 * OP_VALUE_BYTES_MAX, and the header is held to it by the writer. */
enum { FORMAT_RECORD_BYTES_MAX = 4 << 20 };

enum {
    FORMAT_CRC_BYTES = 5,            /* 0xce and four bytes: never shortened, so it can be found */
    FORMAT_NAME_BYTES_MAX = 256,     /* model, workload, cluster, name of an option */
    FORMAT_TEXT_BYTES_MAX = 1 << 20, /* value of an option, text of a fault or note */
};

/* Elements of an event's array, kind and checksum included; 0 when there is no such kind. A FAULT
 * of version 1 has one less: no links. */
size_t format_elements(uint64_t kind);

/* Appends one record. On failure `out` is as it was. Errors: -E_LIMIT (a field is longer than a
 * reader takes), -E_INVAL (a code out of range), -E_NOMEM. */
int format_encode_header(const struct history_header *header, struct buf *out, struct err *e);
int format_encode_event(const struct history_event *event, struct buf *out, struct err *e);

/* True when the bytes may be the start of a rift history: as much of the magic as is there. */
bool format_is_header(struct slice bytes);

/* Reads one record from the start of `bytes`; *ret_used is its length. Errors: -E_GAP (the bytes
 * end inside it), -E_PARSE (no record of this kind), -E_CORRUPT (its checksum does not fit),
 * -E_LIMIT (a field is too long), -E_NOMEM; -E_UNSUPPORTED (a header of a later version).
 * The event's slices are lent from `bytes`, its text and links from `scratch`; a header lies in
 * `arena`. */
int format_decode_header(struct slice bytes, struct arena *arena, struct history_header *ret,
                         size_t *ret_used, struct err *e);
int format_decode_event(struct slice bytes, struct buf *scratch, struct history_event *ret,
                        size_t *ret_used, struct err *e);

#endif
