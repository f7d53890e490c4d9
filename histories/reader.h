#ifndef RIFT_HISTORIES_READER_H
#define RIFT_HISTORIES_READER_H

#include "histories/history.h"

/* What the loader needs of a reader beyond history.h. */

/* Reads from memory that is lent until the reader is closed. */
int reader_open_bytes(const char *name, struct slice bytes, struct history_reader **ret,
                      struct err *e);

/* Where the next record begins. */
uint64_t reader_offset(const struct history_reader *r);

/* Everything from reader_offset to the end of the input, read and thrown away. */
int reader_drain(struct history_reader *r, uint64_t *ret_bytes, struct err *e);

/* The END event has been read. */
bool reader_ended(const struct history_reader *r);

#endif
