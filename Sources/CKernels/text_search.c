#include "text_search.h"
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>

// Loads 32 bytes of which only the first `valid` belong to the text. Reads past them only inside their page,
// which AddressSanitizer would report.
__attribute__((no_sanitize("address"))) static inline __m256i load_tail(const uint8_t *at, int64_t valid) {
    if (valid >= 32 || ((uintptr_t)at & 4095) <= 4096 - 32)
        return _mm256_loadu_si256((const __m256i *)at);
    uint8_t copy[32] = {0};
    memcpy(copy, at, (size_t)valid);
    return _mm256_loadu_si256((const __m256i *)copy);
}
#endif

static inline bool is_same(const uint8_t *a, const uint8_t *b, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

__attribute__((no_sanitize("address"))) int64_t text_find(const uint8_t *text, int64_t count,
                                                          const uint8_t *needle, int64_t length) {
    int64_t places = count - length + 1;
    int64_t at = 0;
#if defined(__AVX2__)
    const __m256i first = _mm256_set1_epi8((char)needle[0]);
    const __m256i last = _mm256_set1_epi8((char)needle[length - 1]);
    for (; at < places; at += 32) {
        int64_t left = places - at;
        __m256i begins = _mm256_cmpeq_epi8(load_tail(text + at, left), first);
        __m256i ends = _mm256_cmpeq_epi8(load_tail(text + at + length - 1, left), last);
        uint32_t mask = (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(begins, ends));
        if (left < 32)
            mask &= (1u << left) - 1;
        for (; mask; mask &= mask - 1) {
            int64_t place = at + __builtin_ctz(mask);
            if (length <= 2 || is_same(text + place + 1, needle + 1, length - 2))
                return place;
        }
    }
#else
    for (; at < places; at++)
        if (text[at] == needle[0] && is_same(text + at + 1, needle + 1, length - 1))
            return at;
#endif
    return -1;
}

bool text_like(const uint8_t *text, int64_t bytes, const text_piece *pieces, int64_t count) {
    int64_t head = pieces[0].count;
    if (bytes < head || !is_same(text, pieces[0].bytes, head))
        return false;
    if (count == 1)
        return head == bytes;
    int64_t tail = pieces[count - 1].count;
    int64_t end = bytes - tail;
    if (end < head || !is_same(text + end, pieces[count - 1].bytes, tail))
        return false;
    int64_t at = head;
    for (int64_t i = 1; i < count - 1; i++) {
        if (pieces[i].count == 0)
            continue;
        int64_t found = text_find(text + at, end - at, pieces[i].bytes, pieces[i].count);
        if (found < 0)
            return false;
        at += found + pieces[i].count;
    }
    return true;
}

void text_feed_lone_returns(uint8_t *text, int64_t count) {
    // Few texts hold any.
    const uint8_t *first = count > 0 ? memchr(text, '\r', (size_t)count) : NULL;
    if (!first)
        return;
    for (int64_t i = first - text; i < count; i++)
        text[i] = (text[i] == '\r') & (text[i + 1] != '\n') ? '\n' : text[i];
}
