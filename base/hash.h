#ifndef RIFT_BASE_HASH_H
#define RIFT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH3-64 of libxxhash: fast, well spread, not for secrets. */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);

/* CRC-32 as in zlib, gzip and PNG (polynomial 0xedb88320, reflected, initial and final
 * complement): the checksum of stored records, because every language has it. `crc` chains
 * calls; the first takes 0. */
uint32_t hash_crc32(uint32_t crc, const void *data, size_t len);

#endif
