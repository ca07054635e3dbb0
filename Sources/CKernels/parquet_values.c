#include "parquet_values.h"
#include <string.h>

typedef struct {
    uint64_t low, high;
} wide;

#define GATHER(type)                                                                                         \
    {                                                                                                        \
        const type *from = in;                                                                               \
        type *to = out;                                                                                      \
        for (int64_t i = 0; i < count; i++)                                                                  \
            to[i] = from[rows[i]];                                                                           \
        break;                                                                                               \
    }

void parquet_gather(const void *in, const uint32_t *rows, int64_t count, void *out, int32_t width) {
    switch (width) {
    case 1:
        GATHER(uint8_t)
    case 2:
        GATHER(uint16_t)
    case 4:
        GATHER(uint32_t)
    case 8:
        GATHER(uint64_t)
    case 16:
        GATHER(wide)
    }
}

// Invariant: while a null row is still to come from the back, `left` is at most the row number, so nothing
// that is not yet moved is overwritten.
#define SPREAD(type)                                                                                         \
    {                                                                                                        \
        type *all = values;                                                                                  \
        const type zero = {0};                                                                               \
        for (int64_t i = count - 1; i >= 0; i--) {                                                           \
            int64_t bit = at + i;                                                                            \
            int64_t set = (int64_t)((words[bit >> 6] >> (bit & 63)) & 1);                                    \
            left -= set;                                                                                     \
            all[i] = set ? all[left] : zero;                                                                 \
        }                                                                                                    \
        break;                                                                                               \
    }

void parquet_spread(void *values, const uint64_t *words, int64_t at, int64_t count, int64_t dense,
                    int32_t width) {
    int64_t left = dense;
    if (dense == count)
        return;
    if (dense == 0) {
        memset(values, 0, (size_t)(count * width));
        return;
    }
    switch (width) {
    case 1:
        SPREAD(uint8_t)
    case 2:
        SPREAD(uint16_t)
    case 4:
        SPREAD(uint32_t)
    case 8:
        SPREAD(uint64_t)
    case 16:
        SPREAD(wide)
    }
}

static inline uint32_t load32(const uint8_t *p) {
    uint32_t value;
    memcpy(&value, p, 4);
    return value;
}

static inline uint64_t load64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, 8);
    return value;
}

// Bits of the first n bytes of a 64-bit word, n in 0...8.
static const uint64_t first_bytes[9] = {
    0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF,
};

static inline void make_view(const uint8_t *bytes, uint32_t count, uint64_t *view) {
    uint64_t head = load32(bytes);
    if (count <= 12) {
        uint32_t front = count < 4 ? count : 4;
        view[0] = count | ((head & first_bytes[front]) << 32);
        view[1] = load64(bytes + 4) & first_bytes[count - front];
    } else {
        view[0] = count | (head << 32);
        view[1] = (uint64_t)(uintptr_t)bytes;
    }
}

void parquet_view(const uint8_t *bytes, uint32_t count, uint64_t *view) { make_view(bytes, count, view); }

int parquet_views(const uint8_t **next, const uint8_t *end, uint64_t *views, int64_t count) {
    const uint8_t *at = *next;
    for (int64_t i = 0; i < count; i++) {
        if (end - at < 4)
            return -1;
        uint32_t length = load32(at);
        if (length > (uint64_t)(end - at - 4) || length > 0x7FFFFFFF)
            return -1;
        make_view(at + 4, length, views + 2 * i);
        at += 4 + (size_t)length;
    }
    *next = at;
    return 0;
}

int parquet_views_skip(const uint8_t **next, const uint8_t *end, int64_t count) {
    const uint8_t *at = *next;
    for (int64_t i = 0; i < count; i++) {
        if (end - at < 4)
            return -1;
        uint32_t length = load32(at);
        if (length > (uint64_t)(end - at - 4))
            return -1;
        at += 4 + (size_t)length;
    }
    *next = at;
    return 0;
}

static int varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (*at >= end)
            return -1;
        uint8_t byte = *(*at)++;
        result |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *value = result;
            return 0;
        }
    }
    return -1;
}

static inline uint64_t unzigzag(uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

// Adds up `count` packed deltas of `width` bits at `in`, starting from `last`; returns the last value.
static uint64_t add_deltas(const uint8_t *in, uint32_t width, uint64_t least, uint64_t last, int64_t *out,
                           int64_t count) {
    const uint64_t mask = width == 64 ? ~0ULL : (1ULL << width) - 1;
    uint64_t bit = 0;
    for (int64_t i = 0; i < count; i++, bit += width) {
        const uint8_t *at = in + (bit >> 3);
        uint32_t shift = (uint32_t)(bit & 7);
        uint64_t delta = load64(at) >> shift;
        if (width + shift > 64)
            delta |= (uint64_t)at[8] << (64 - shift);
        last += (delta & mask) + least;
        out[i] = (int64_t)last;
    }
    return last;
}

int64_t parquet_delta(const uint8_t *in, size_t byte_count, int64_t *out, int64_t limit, size_t *consumed) {
    const uint8_t *at = in, *end = in + byte_count;
    uint64_t block, minis, total, first;
    if (varint(&at, end, &block) || varint(&at, end, &minis) || varint(&at, end, &total) ||
        varint(&at, end, &first)) {
        return -1;
    }
    if (total > (uint64_t)limit || block == 0 || block % 128 || block > (1 << 24) || minis == 0 ||
        minis > block || block % minis || (block / minis) % 8) {
        return -1;
    }
    const uint64_t per_mini = block / minis;
    uint64_t last = unzigzag(first), done = 0;
    if (total > 0)
        out[done++] = (int64_t)last;
    while (done < total) {
        uint64_t least;
        if (varint(&at, end, &least) || (uint64_t)(end - at) < minis)
            return -1;
        least = unzigzag(least);
        const uint8_t *widths = at;
        at += minis;
        for (uint64_t m = 0; m < minis && done < total; m++) {
            uint32_t width = widths[m];
            uint64_t take = total - done < per_mini ? total - done : per_mini;
            if (width > 64)
                return -1;
            uint64_t bytes = width * per_mini / 8, needed = (width * take + 7) / 8;
            uint64_t available = (uint64_t)(end - at);
            if (needed > available)
                return -1;
            last = add_deltas(at, width, least, last, out + done, (int64_t)take);
            at += bytes < available ? bytes : available;
            done += take;
        }
    }
    *consumed = (size_t)(at - in);
    return (int64_t)total;
}

void parquet_unsplit(const uint8_t *in, int64_t count, int32_t width, uint8_t *out) {
    for (int64_t first = 0; first < count; first += 256) {
        int64_t last = first + 256 < count ? first + 256 : count;
        for (int32_t b = 0; b < width; b++) {
            const uint8_t *stream = in + (int64_t)b * count;
            for (int64_t i = first; i < last; i++)
                out[i * width + b] = stream[i];
        }
    }
}

int parquet_big_endian_64(const uint8_t *in, int32_t width, int64_t count, int64_t *out) {
    if (width >= 1 && width <= 8) {
        int shift = 64 - 8 * width;
        for (int64_t i = 0; i < count; i++) {
            out[i] = (int64_t)__builtin_bswap64(load64(in + i * width)) >> shift;
        }
        return 0;
    }
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *value = in + i * width;
        int64_t number = width > 0 && (value[0] & 0x80) ? -1 : 0;
        uint8_t fill = (uint8_t)number;
        for (int32_t b = 0; b < width; b++) {
            if (b < width - 8 && value[b] != fill)
                return -1;
            number = (int64_t)((uint64_t)number << 8 | value[b]);
        }
        if ((number < 0) != (fill != 0))
            return -1;
        out[i] = number;
    }
    return 0;
}

int parquet_big_endian_128(const uint8_t *in, int32_t width, int64_t count, void *out) {
    uint8_t *target = out;
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *value = in + i * width;
        unsigned __int128 number = width > 0 && (value[0] & 0x80) ? ~(unsigned __int128)0 : 0;
        uint8_t fill = (uint8_t)number;
        for (int32_t b = 0; b < width; b++) {
            if (b < width - 16 && value[b] != fill)
                return -1;
            number = number << 8 | value[b];
        }
        if (((__int128)number < 0) != (fill != 0))
            return -1;
        memcpy(target + 16 * i, &number, 16);
    }
    return 0;
}

void parquet_int96(const uint8_t *in, int64_t count, int64_t *out) {
    for (int64_t i = 0; i < count; i++) {
        uint64_t nanoseconds = load64(in + 12 * i);
        int64_t day = (int64_t)load32(in + 12 * i + 8) - 2440588;
        out[i] = (int64_t)((uint64_t)day * 86400000000ULL + (uint64_t)((int64_t)nanoseconds / 1000));
    }
}

void parquet_put_big_endian(const void *in, int32_t width, int64_t count, uint8_t *out) {
    const uint8_t *from = in;
    for (int64_t i = 0; i < count; i++) {
        for (int32_t b = 0; b < width; b++)
            out[i * width + b] = from[i * 16 + width - 1 - b];
    }
}

void parquet_narrow_64(const int64_t *in, int64_t count, int32_t *out) {
    for (int64_t i = 0; i < count; i++)
        out[i] = (int32_t)in[i];
}

void parquet_widen_8(const int8_t *in, int64_t count, int32_t *out) {
    for (int64_t i = 0; i < count; i++)
        out[i] = in[i];
}

void parquet_widen_16(const int16_t *in, int64_t count, int32_t *out) {
    for (int64_t i = 0; i < count; i++)
        out[i] = in[i];
}

void parquet_range_32(const int32_t *values, int64_t count, int32_t *least, int32_t *greatest) {
    int32_t low = values[0], high = values[0];
    for (int64_t i = 1; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    *least = low;
    *greatest = high;
}

void parquet_range_64(const int64_t *values, int64_t count, int64_t *least, int64_t *greatest) {
    int64_t low = values[0], high = values[0];
    for (int64_t i = 1; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    *least = low;
    *greatest = high;
}
