#ifndef TEXT_TOKENS_H
#define TEXT_TOKENS_H

#include "text_columns.h"

/// Runs `PARSE` (an expression that is 1 when the token `p`, `n` bytes, is good and `i`'s value was written)
/// over all tokens and packs the outcome into the two bitmaps; `ZERO` writes the value of a null.
#define FOR_TOKENS(PARSE, ZERO)                                                                              \
    size_t bad_count = 0;                                                                                    \
    for (size_t base = 0; base < tokens->count; base += 64) {                                                \
        size_t stop = tokens->count - base < 64 ? tokens->count - base : 64;                                 \
        uint64_t valid = 0, bad = 0;                                                                         \
        for (size_t j = 0; j < stop; j++) {                                                                  \
            size_t i = base + j;                                                                             \
            uint32_t start = tokens->starts[i];                                                              \
            if (start >= TEXT_NULL) {                                                                        \
                ZERO;                                                                                        \
                continue;                                                                                    \
            }                                                                                                \
            const uint8_t *p = tokens->text + start;                                                         \
            size_t n = tokens->ends[i] - start;                                                              \
            if (PARSE) {                                                                                     \
                valid |= (uint64_t)1 << j;                                                                   \
            } else {                                                                                         \
                bad |= (uint64_t)1 << j;                                                                     \
                bad_count++;                                                                                 \
                ZERO;                                                                                        \
            }                                                                                                \
        }                                                                                                    \
        tokens->valid[base >> 6] = valid;                                                                    \
        tokens->bad[base >> 6] = bad;                                                                        \
    }                                                                                                        \
    return bad_count

#endif
