#include "base/hash.h"

#include <endian.h>
#include <string.h>
#include <threads.h>
#include <xxhash.h>
#include <zlib.h>

/* zlib is fast where there is much to go over; records are mostly shorter than this, and over these
 * it goes byte by byte. */
enum { CRC_SHORT_BYTES_MAX = 256, CRC_STRIDE = 8 };

#define CRC_POLYNOMIAL UINT32_C(0xedb88320)

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}

/* Eight bytes at a time by eight tables (Kounavis & Berry, "A systematic approach to building high
 * performance software-based CRC generators", ISCC 2005): tables[k][b] is what byte b does to the
 * checksum when k more bytes follow it. */
static uint32_t tables[CRC_STRIDE][256];
static once_flag tables_made = ONCE_FLAG_INIT;

static void make_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
        tables[0][byte] = crc;
    }
    for (int k = 1; k < CRC_STRIDE; k++) {
        for (uint32_t byte = 0; byte < 256; byte++)
            tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 0xff];
    }
}

static uint32_t crc32_short(uint32_t crc, const uint8_t *data, size_t len)
{
    call_once(&tables_made, make_tables);
    crc = ~crc;
    for (; len >= CRC_STRIDE; data += CRC_STRIDE, len -= CRC_STRIDE) {
        uint64_t word;

        memcpy(&word, data, sizeof word);
        word = le64toh(word) ^ crc;
        crc = tables[7][word & 0xff] ^ tables[6][word >> 8 & 0xff] ^ tables[5][word >> 16 & 0xff] ^
              tables[4][word >> 24 & 0xff] ^ tables[3][word >> 32 & 0xff] ^
              tables[2][word >> 40 & 0xff] ^ tables[1][word >> 48 & 0xff] ^ tables[0][word >> 56];
    }
    for (; len > 0; data++, len--)
        crc = crc >> 8 ^ tables[0][(crc ^ *data) & 0xff];
    return ~crc;
}

uint32_t hash_crc32(uint32_t crc, const void *data, size_t len)
{
    return len <= CRC_SHORT_BYTES_MAX ? crc32_short(crc, data, len)
                                      : (uint32_t)crc32_z(crc, data, len);
}
