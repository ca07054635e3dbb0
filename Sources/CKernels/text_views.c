#include "text_columns.h"
#include "text_number.h"

typedef struct {
    uint32_t length, prefix;
    uint64_t tail;
} view;

/// Says whether `byte` is among the `n` bytes, with one word at a time; reads up to 7 bytes past them.
static inline int has_byte(const uint8_t *p, size_t n, uint8_t byte) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t pattern = ones * byte;
    if (n > 64)
        return memchr(p, byte, n) != NULL;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t different = load_word(p + i) ^ pattern;
        uint64_t found = (different - ones) & ~different & tops;
        if (found && i + ((size_t)__builtin_ctzll(found) >> 3) < n)
            return 1;
    }
    return 0;
}

static inline void make_view(const uint8_t *p, size_t n, view *out) {
    if (n > 12) {
        uint32_t prefix;
        memcpy(&prefix, p, 4);
        *out = (view){(uint32_t)n, prefix, (uint64_t)(uintptr_t)p};
        return;
    }
    uint64_t head = load_word(p), tail = load_word(p + 4);
    // Bytes past the value become zero.
    uint32_t prefix = n >= 4 ? (uint32_t)head : n == 0 ? 0 : (uint32_t)head & (0xFFFFFFFFu >> (32 - 8 * n));
    tail = n >= 12 ? tail : n <= 4 ? 0 : tail & (~(uint64_t)0 >> (96 - 8 * n));
    *out = (view){(uint32_t)n, prefix, tail};
}

size_t text_make_views(const text_tokens *tokens, uint8_t quote, uint8_t escape, void *views,
                       uint32_t *special) {
    view *out = views;
    size_t special_count = 0;
    for (size_t base = 0; base < tokens->count; base += 64) {
        size_t stop = tokens->count - base < 64 ? tokens->count - base : 64;
        uint64_t valid = 0;
        for (size_t j = 0; j < stop; j++) {
            size_t i = base + j;
            uint32_t start = tokens->starts[i];
            if (start >= TEXT_NULL) {
                out[i] = (view){0, 0, 0};
                continue;
            }
            valid |= (uint64_t)1 << j;
            const uint8_t *p = tokens->text + start;
            size_t n = tokens->ends[i] - start;
            if (quote && n >= 2 && *p == quote) {
                p++;
                n -= 2;
                if (escape && has_byte(p, n, escape))
                    special[special_count++] = (uint32_t)i;
            }
            make_view(p, n, &out[i]);
        }
        tokens->valid[base >> 6] = valid;
        tokens->bad[base >> 6] = 0;
    }
    return special_count;
}
