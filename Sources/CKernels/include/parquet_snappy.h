// Snappy's raw format (https://github.com/google/snappy/blob/main/format_description.txt) with wide copies.
#ifndef MILLRACE_PARQUET_SNAPPY_H
#define MILLRACE_PARQUET_SNAPPY_H
#include <stddef.h>
#include <stdint.h>

// Reads the inflated size. Returns 0, or -1 when the bytes are no Snappy block.
int snappy_raw_size(const uint8_t *in, size_t byte_count, size_t *size);

// Inflates to exactly `size` bytes. `in` is readable for 64 bytes past its end, `out` writable for 64 bytes
// past `size`. Returns 0, or -1 when the bytes are damaged or give another size.
int snappy_raw_inflate(const uint8_t *in, size_t byte_count, uint8_t *out, size_t size);

// Most bytes that `byte_count` bytes deflate to.
size_t snappy_raw_bound(size_t byte_count);

// Deflates; `out` has room for the bound, `in` is readable for 16 bytes past its end. Returns the bytes
// written.
size_t snappy_raw_deflate(const uint8_t *in, size_t byte_count, uint8_t *out);

#endif
