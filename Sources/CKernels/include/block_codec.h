#ifndef BLOCK_CODEC_H
#define BLOCK_CODEC_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720) of `n` bytes, going on from `crc` (0 at first); with the processor's
/// instruction where it has one.
uint32_t block_crc32c(uint32_t crc, const uint8_t *bytes, size_t n);

/// Finds the least and greatest of `n` signed integers of `width` bytes (1, 2, 4, 8); n > 0.
void block_range(const void *values, size_t n, int width, int64_t *low, int64_t *high);

/// Writes the lowest `plane_count` bytes of each value minus `base` as planes of `n` bytes, lowest byte
/// first. `width` is 1, 2, 4, 8 or 16; for 16, `base` is 0.
void block_split(const void *values, size_t n, int width, int64_t base, int plane_count, uint8_t *planes);

/// Puts values together again from their planes; the inverse of `block_split`.
void block_join(const uint8_t *planes, size_t n, int width, int64_t base, int plane_count, void *values);

/// Sums `n` lengths and says whether all are from 0 to `limit`: returns the sum, or -1.
int64_t block_sum_lengths(const int32_t *lengths, size_t n, int64_t limit);

/// Makes 16-byte string views of consecutive strings at `bytes` with the given lengths. `bytes` is readable
/// for 16 bytes past its end.
void block_make_views(const uint8_t *bytes, const int32_t *lengths, size_t n, void *views);

/// Says whether all codes are from 0 to `count` - 1.
int block_check_codes(const int32_t *codes, size_t n, int32_t count);

#endif
