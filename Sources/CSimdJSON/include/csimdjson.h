#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Finds the structural characters of JSON text with simdjson's first stage, on the best instructions of the
/// processor.
typedef struct csimdjson_indexer csimdjson_indexer;

/// What `csimdjson_index` found.
enum {
    CSIMDJSON_OK = 0,
    CSIMDJSON_EMPTY = 1,
    CSIMDJSON_BAD_UTF8 = 2,
    /// A string that does not end, or that holds a control character such as a line break.
    CSIMDJSON_BAD_STRING = 3,
    CSIMDJSON_NO_MEMORY = 4,
};

csimdjson_indexer *csimdjson_create(void);
void csimdjson_destroy(csimdjson_indexer *indexer);

/// Writes to `positions` where each bracket, colon, comma, opening quote and first byte of any other scalar
/// lies in `bytes`, ascending, followed by two entries of `length`. `bytes` must be readable for 64 bytes
/// past its end. The positions stay valid until the next call.
int csimdjson_index(csimdjson_indexer *indexer, const uint8_t *bytes, size_t length,
                    const uint32_t **positions, size_t *count);

/// Says whether the bytes are UTF-8.
int csimdjson_is_utf8(const uint8_t *bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
