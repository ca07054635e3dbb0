#include "block_codec.h"

#include <string.h>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

#if defined(__SSE4_2__)
static inline uint64_t crc_word(uint64_t crc, uint64_t word) { return _mm_crc32_u64(crc, word); }
static inline uint32_t crc_byte(uint32_t crc, uint8_t byte) { return _mm_crc32_u8(crc, byte); }
#elif defined(__ARM_FEATURE_CRC32)
static inline uint64_t crc_word(uint64_t crc, uint64_t word) { return __crc32cd((uint32_t)crc, word); }
static inline uint32_t crc_byte(uint32_t crc, uint8_t byte) { return __crc32cb(crc, byte); }
#else
static inline uint32_t crc_byte(uint32_t crc, uint8_t byte) {
    crc ^= byte;
    for (int i = 0; i < 8; i++) crc = crc >> 1 ^ (0x82F63B78u & (0u - (crc & 1)));
    return crc;
}
static inline uint64_t crc_word(uint64_t crc, uint64_t word) {
    uint32_t value = (uint32_t)crc;
    for (int i = 0; i < 8; i++) value = crc_byte(value, (uint8_t)(word >> (8 * i)));
    return value;
}
#endif

uint32_t block_crc32c(uint32_t crc, const uint8_t *p, size_t n) {
    uint64_t value = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        value = crc_word(value, word);
    }
    uint32_t last = (uint32_t)value;
    for (; n; n--) last = crc_byte(last, *p++);
    return ~last;
}

#define RANGE(TYPE)                                                                     \
    do {                                                                                \
        const TYPE *v = values;                                                         \
        TYPE a = v[0], b = v[0];                                                        \
        for (size_t i = 1; i < n; i++) {                                                \
            a = v[i] < a ? v[i] : a;                                                    \
            b = v[i] > b ? v[i] : b;                                                    \
        }                                                                               \
        *low = a;                                                                       \
        *high = b;                                                                      \
    } while (0)

void block_range(const void *values, size_t n, int width, int64_t *low, int64_t *high) {
    switch (width) {
    case 1: RANGE(int8_t); break;
    case 2: RANGE(int16_t); break;
    case 4: RANGE(int32_t); break;
    default: RANGE(int64_t); break;
    }
}

/// Splits in stretches that stay in the first-level cache, plane by plane.
#define SPLIT(TYPE)                                                                     \
    do {                                                                                \
        const TYPE *v = values;                                                         \
        TYPE from = (TYPE)base;                                                         \
        for (size_t start = 0; start < n; start += 1024) {                              \
            size_t stop = n - start < 1024 ? n : start + 1024;                          \
            for (int plane = 0; plane < plane_count; plane++) {                         \
                uint8_t *out = planes + (size_t)plane * n;                              \
                int shift = 8 * plane;                                                  \
                for (size_t i = start; i < stop; i++) out[i] = (uint8_t)((TYPE)(v[i] - from) >> shift); \
            }                                                                           \
        }                                                                               \
    } while (0)

void block_split(const void *values, size_t n, int width, int64_t base, int plane_count, uint8_t *planes) {
    switch (width) {
    case 1: SPLIT(uint8_t); break;
    case 2: SPLIT(uint16_t); break;
    case 4: SPLIT(uint32_t); break;
    case 8: SPLIT(uint64_t); break;
    default: SPLIT(unsigned __int128); break;
    }
}

/// Joins a fixed number of planes, so that the inner loop has no branches and becomes vector code.
#define JOIN_PLANES(TYPE, COUNT)                                                        \
    case COUNT:                                                                         \
        for (size_t i = 0; i < n; i++) {                                                \
            TYPE value = 0;                                                             \
            for (int plane = 0; plane < COUNT; plane++)                                 \
                value |= (TYPE)((TYPE)planes[(size_t)plane * n + i] << (8 * plane));    \
            out[i] = (TYPE)(value + from);                                              \
        }                                                                               \
        break

#define JOIN_ANY(TYPE)                                                                  \
    default:                                                                            \
        for (size_t i = 0; i < n; i++) {                                                \
            TYPE value = 0;                                                             \
            for (int plane = 0; plane < plane_count; plane++)                           \
                value |= (TYPE)((TYPE)planes[(size_t)plane * n + i] << (8 * plane));    \
            out[i] = (TYPE)(value + from);                                              \
        }

static void join4(const uint8_t *planes, size_t n, uint32_t from, int plane_count, uint32_t *out) {
    switch (plane_count) {
        JOIN_PLANES(uint32_t, 1);
        JOIN_PLANES(uint32_t, 2);
        JOIN_PLANES(uint32_t, 3);
        JOIN_PLANES(uint32_t, 4);
        JOIN_ANY(uint32_t);
    }
}

static void join8(const uint8_t *planes, size_t n, uint64_t from, int plane_count, uint64_t *out) {
    switch (plane_count) {
        JOIN_PLANES(uint64_t, 1);
        JOIN_PLANES(uint64_t, 2);
        JOIN_PLANES(uint64_t, 3);
        JOIN_PLANES(uint64_t, 4);
        JOIN_PLANES(uint64_t, 5);
        JOIN_PLANES(uint64_t, 6);
        JOIN_PLANES(uint64_t, 7);
        JOIN_PLANES(uint64_t, 8);
        JOIN_ANY(uint64_t);
    }
}

void block_join(const uint8_t *planes, size_t n, int width, int64_t base, int plane_count, void *values) {
    switch (width) {
    case 1: {
        uint8_t *out = values, from = (uint8_t)base;
        switch (plane_count) { JOIN_ANY(uint8_t); }
        break;
    }
    case 2: {
        uint16_t *out = values, from = (uint16_t)base;
        switch (plane_count) { JOIN_ANY(uint16_t); }
        break;
    }
    case 4: join4(planes, n, (uint32_t)base, plane_count, values); break;
    case 8: join8(planes, n, (uint64_t)base, plane_count, values); break;
    default: {
        unsigned __int128 *out = values, from = 0;
        switch (plane_count) { JOIN_ANY(unsigned __int128); }
        break;
    }
    }
}

int64_t block_sum_lengths(const int32_t *lengths, size_t n, int64_t limit) {
    int64_t sum = 0;
    int32_t signs = 0;
    for (size_t i = 0; i < n; i++) {
        sum += lengths[i];
        signs |= lengths[i];
    }
    return signs < 0 || sum > limit ? -1 : sum;
}

typedef struct {
    uint32_t length, prefix;
    uint64_t tail;
} view;

void block_make_views(const uint8_t *p, const int32_t *lengths, size_t n, void *views) {
    view *out = views;
    for (size_t i = 0; i < n; i++) {
        uint32_t length = (uint32_t)lengths[i];
        if (length > 12) {
            uint32_t prefix;
            memcpy(&prefix, p, 4);
            out[i] = (view){length, prefix, (uint64_t)(uintptr_t)p};
        } else {
            unsigned __int128 word;
            memcpy(&word, p, 16);
            word = length ? word << (128 - 8 * length) >> (128 - 8 * length) : 0;
            out[i] = (view){length, (uint32_t)word, (uint64_t)(word >> 32)};
        }
        p += length;
    }
}

int block_check_codes(const int32_t *codes, size_t n, int32_t count) {
    uint32_t worst = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t code = (uint32_t)codes[i];
        worst = code > worst ? code : worst;
    }
    return n == 0 || worst < (uint32_t)count;
}
