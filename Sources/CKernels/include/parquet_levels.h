// Decoding of Parquet's RLE/bit-packed hybrid (levels, dictionary codes, booleans) and of plain bit packing.
// Source of the format: https://parquet.apache.org/docs/file-format/data-pages/encodings/
// All inputs must be readable for 16 bytes past their end; what lies there never changes a result.
#ifndef MILLRACE_PARQUET_LEVELS_H
#define MILLRACE_PARQUET_LEVELS_H
#include <stddef.h>
#include <stdint.h>

// Walks through the runs of one hybrid stream.
typedef struct {
    const uint8_t *next; // first byte not consumed
    const uint8_t *end;
    int32_t width;         // bits of one value, 0...32
    uint32_t repeated;     // value of the current RLE run
    int64_t repeated_left; // values left in the current RLE run
    const uint8_t *packed; // bytes of the current bit-packed run
    int64_t packed_at;     // values of the bit-packed run consumed
    int64_t packed_left;   // values of the bit-packed run left
} parquet_hybrid;

// Starts a stream over [start, start + byte_count).
void parquet_hybrid_open(parquet_hybrid *hybrid, const uint8_t *start, size_t byte_count, int32_t width);

// Writes the next `count` values to `out`, which has room for 8 more. Returns 0, or -1 when the stream is
// damaged.
int parquet_hybrid_read(parquet_hybrid *hybrid, uint32_t *out, int64_t count);

// Passes over the next `count` values. Returns 0, or -1 when the stream is damaged.
int parquet_hybrid_skip(parquet_hybrid *hybrid, int64_t count);

// Sets bits [at, at + count) of `words`, which are zero, from the next `count` values of a stream of width 1.
// Returns the number of ones, or -1 when the stream is damaged.
int64_t parquet_hybrid_bits(parquet_hybrid *hybrid, uint64_t *words, int64_t at, int64_t count);

// Counts the ones among the next `count` values of a stream of width 1. Returns -1 when the stream is
// damaged.
int64_t parquet_hybrid_count(parquet_hybrid *hybrid, int64_t count);

// Returns the length of the run at the start of the stream if it repeats `value`, else 0. Consumes nothing.
int64_t parquet_hybrid_leading(const parquet_hybrid *hybrid, uint32_t value);

// Sets bits [at, at + count) of `words`.
void parquet_set_bits(uint64_t *words, int64_t at, int64_t count);

// Sets bits [at, at + count) of `words`, which are zero, from the first `count` bits of `from`.
void parquet_append_bits(uint64_t *words, int64_t at, const uint64_t *from, int64_t count);

// Writes the numbers of the set bits among the first `count` to `rows`; returns how many there are.
int64_t parquet_set_rows(const uint64_t *words, int64_t count, uint32_t *rows);

// Packs `count` bytes of 0 and 1 to bits; the last byte is filled with zeros.
void parquet_pack_bools(const uint8_t *in, uint8_t *out, int64_t count);

// Unpacks `count` values of `width` bits (0...32), the first at the first bit of `in`; `out` has room for 8
// more.
void parquet_unpack(const uint8_t *in, int32_t width, uint32_t *out, int64_t count);

// Packs `count` values of `width` bits (1...32); `out` has room for count * width / 8 + 16 bytes. Returns
// bytes written.
size_t parquet_pack(const uint32_t *in, int32_t width, uint8_t *out, int64_t count);

// Unpacks bits to bytes of 0 and 1, from bit `at` of `in`.
void parquet_unpack_bools(const uint8_t *in, int64_t at, uint8_t *out, int64_t count);

// Returns the largest of `count` values, 0 when there are none.
uint32_t parquet_largest(const uint32_t *values, int64_t count);

#endif
