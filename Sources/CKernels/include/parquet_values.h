// Decoding of Parquet's value encodings into native layouts, and moves of fixed-width values.
// All inputs must be readable for 16 bytes past their end; what lies there never changes a result.
#ifndef MILLRACE_PARQUET_VALUES_H
#define MILLRACE_PARQUET_VALUES_H
#include <stddef.h>
#include <stdint.h>

// Picks out[i] = in[rows[i]] for values of `width` bytes (1, 2, 4, 8, 16). Rows are in bounds.
void parquet_gather(const void *in, const uint32_t *rows, int64_t count, void *out, int32_t width);

// Moves the first `dense` of the values at `values` apart, from the back, so that they stand where bits [at,
// at + count) of `words` are set; the other rows become zero bytes.
void parquet_spread(void *values, const uint64_t *words, int64_t at, int64_t count, int64_t dense,
                    int32_t width);

// Makes 16-byte string views of `count` values, each a 32-bit length and its bytes, that begin at *next and
// must lie before `end`; advances *next. Returns 0, or -1 when a value runs over the end.
int parquet_views(const uint8_t **next, const uint8_t *end, uint64_t *views, int64_t count);

// Passes over `count` such values.
int parquet_views_skip(const uint8_t **next, const uint8_t *end, int64_t count);

// Makes the 16-byte view of `count` bytes at `bytes`.
void parquet_view(const uint8_t *bytes, uint32_t count, uint64_t *view);

// Decodes DELTA_BINARY_PACKED. Reads the number of values from the header; returns it, or -1 when the bytes
// are damaged or hold more than `limit` values. Sets *consumed to the bytes used. `out` has room for `limit`
// values.
int64_t parquet_delta(const uint8_t *in, size_t byte_count, int64_t *out, int64_t limit, size_t *consumed);

// Undoes BYTE_STREAM_SPLIT: `width` streams of `count` bytes become `count` values of `width` bytes.
void parquet_unsplit(const uint8_t *in, int64_t count, int32_t width, uint8_t *out);

// Converts `count` big-endian two's complement numbers of `width` bytes each. Returns 0, or -1 when one does
// not fit.
int parquet_big_endian_64(const uint8_t *in, int32_t width, int64_t count, int64_t *out);
int parquet_big_endian_128(const uint8_t *in, int32_t width, int64_t count, void *out);

// Converts INT96 timestamps (nanoseconds of the day, then Julian day) to microseconds since 1970.
void parquet_int96(const uint8_t *in, int64_t count, int64_t *out);

// Writes the low `width` bytes of `count` 128-bit numbers big-endian, as fixed-length decimals are stored.
void parquet_put_big_endian(const void *in, int32_t width, int64_t count, uint8_t *out);

// Narrows 64-bit numbers that fit 32 bits, and widens small ones.
void parquet_narrow_64(const int64_t *in, int64_t count, int32_t *out);
void parquet_widen_8(const int8_t *in, int64_t count, int32_t *out);
void parquet_widen_16(const int16_t *in, int64_t count, int32_t *out);

// Finds the least and greatest of `count` values; count is at least 1.
void parquet_range_32(const int32_t *values, int64_t count, int32_t *least, int32_t *greatest);
void parquet_range_64(const int64_t *values, int64_t count, int64_t *least, int64_t *greatest);

#endif
