#include "parquet_levels.h"
#include <string.h>
#if defined(__BMI2__) && defined(__AVX2__)
#include <immintrin.h>
#endif

static inline uint64_t load64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, 8);
    return value;
}

#if defined(__BMI2__) && defined(__AVX2__)
// Eight values of up to 8 bits: one deposit spreads them to bytes, one instruction widens them.
static void unpack_narrow(const uint8_t *in, int32_t width, uint32_t *out, int64_t groups) {
    const uint64_t mask = 0x0101010101010101ULL * (uint64_t)((1u << width) - 1);
    for (int64_t g = 0; g < groups; g++, in += width, out += 8) {
        __m128i bytes = _mm_cvtsi64_si128((long long)_pdep_u64(load64(in), mask));
        _mm256_storeu_si256((__m256i *)out, _mm256_cvtepu8_epi32(bytes));
    }
}

// Eight values of 9 to 16 bits in two halves of four.
static void unpack_middle(const uint8_t *in, int32_t width, uint32_t *out, int64_t groups) {
    const uint64_t mask = 0x0001000100010001ULL * (uint64_t)((1u << width) - 1);
    const int32_t half = width * 4;
    for (int64_t g = 0; g < groups; g++, in += width, out += 8) {
        uint64_t low = _pdep_u64(load64(in), mask);
        uint64_t high = _pdep_u64(load64(in + (half >> 3)) >> (half & 7), mask);
        __m128i words = _mm_set_epi64x((long long)high, (long long)low);
        _mm256_storeu_si256((__m256i *)out, _mm256_cvtepu16_epi32(words));
    }
}
#endif

static void unpack_any(const uint8_t *in, int64_t first, int32_t width, uint32_t *out, int64_t count) {
    const uint64_t mask = (1ULL << width) - 1;
    uint64_t bit = (uint64_t)first * (uint64_t)width;
    for (int64_t i = 0; i < count; i++, bit += (uint64_t)width) {
        out[i] = (uint32_t)((load64(in + (bit >> 3)) >> (bit & 7)) & mask);
    }
}

void parquet_unpack(const uint8_t *in, int32_t width, uint32_t *out, int64_t count) {
    if (width == 0) {
        memset(out, 0, (size_t)count * 4);
        return;
    }
    if (width == 32) {
        memcpy(out, in, (size_t)count * 4);
        return;
    }
#if defined(__BMI2__) && defined(__AVX2__)
    int64_t groups = count / 8;
    if (width <= 8) {
        unpack_narrow(in, width, out, groups);
        unpack_any(in, groups * 8, width, out + groups * 8, count - groups * 8);
        return;
    }
    if (width <= 16) {
        unpack_middle(in, width, out, groups);
        unpack_any(in, groups * 8, width, out + groups * 8, count - groups * 8);
        return;
    }
#endif
    unpack_any(in, 0, width, out, count);
}

size_t parquet_pack(const uint32_t *in, int32_t width, uint8_t *out, int64_t count) {
    uint64_t pending = 0;
    int32_t bits = 0;
    uint8_t *at = out;
    for (int64_t i = 0; i < count; i++) {
        pending |= (uint64_t)in[i] << bits;
        bits += width;
        while (bits >= 8 && bits < 32 && i + 1 == count) {
            *at++ = (uint8_t)pending;
            pending >>= 8;
            bits -= 8;
        }
        if (bits >= 32) {
            uint32_t word = (uint32_t)pending;
            memcpy(at, &word, 4);
            at += 4;
            pending >>= 32;
            bits -= 32;
        }
    }
    while (bits > 0) {
        *at++ = (uint8_t)pending;
        pending >>= 8;
        bits -= 8;
    }
    return (size_t)(at - out);
}

void parquet_unpack_bools(const uint8_t *in, int64_t at, uint8_t *out, int64_t count) {
    int64_t i = 0;
#if defined(__BMI2__)
    for (; i + 8 <= count; i += 8) {
        int64_t bit = at + i;
        uint64_t bytes = load64(in + (bit >> 3)) >> (bit & 7);
        uint64_t spread = _pdep_u64(bytes & 0xFF, 0x0101010101010101ULL);
        memcpy(out + i, &spread, 8);
    }
#endif
    for (; i < count; i++) {
        int64_t bit = at + i;
        out[i] = (in[bit >> 3] >> (bit & 7)) & 1;
    }
}

uint32_t parquet_largest(const uint32_t *values, int64_t count) {
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    return largest;
}

void parquet_set_bits(uint64_t *words, int64_t at, int64_t count) {
    while (count > 0) {
        int64_t offset = at & 63;
        int64_t take = 64 - offset < count ? 64 - offset : count;
        uint64_t ones = take == 64 ? ~0ULL : ((1ULL << take) - 1) << offset;
        words[at >> 6] |= ones;
        at += take;
        count -= take;
    }
}

void parquet_append_bits(uint64_t *words, int64_t at, const uint64_t *from, int64_t count) {
    int64_t offset = at & 63;
    uint64_t *to = words + (at >> 6);
    for (int64_t done = 0; done < count; done += 64) {
        int64_t take = count - done < 64 ? count - done : 64;
        uint64_t value = from[done >> 6];
        if (take < 64)
            value &= (1ULL << take) - 1;
        to[done >> 6] |= value << offset;
        if (offset + take > 64)
            to[(done >> 6) + 1] |= value >> (64 - offset);
    }
}

int64_t parquet_set_rows(const uint64_t *words, int64_t count, uint32_t *rows) {
    int64_t found = 0;
    for (int64_t base = 0; base < count; base += 64) {
        uint64_t word = words[base >> 6];
        if (count - base < 64)
            word &= (1ULL << (count - base)) - 1;
        if (word == ~0ULL) {
            for (int64_t i = 0; i < 64; i++)
                rows[found + i] = (uint32_t)(base + i);
            found += 64;
            continue;
        }
        while (word) {
            rows[found++] = (uint32_t)(base + __builtin_ctzll(word));
            word &= word - 1;
        }
    }
    return found;
}

void parquet_pack_bools(const uint8_t *in, uint8_t *out, int64_t count) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        // The multiplication gathers the low bit of each byte in the top byte.
        out[i >> 3] = (uint8_t)((load64(in + i) * 0x0102040810204080ULL) >> 56);
    }
    if (i < count) {
        uint8_t last = 0;
        for (int64_t j = i; j < count; j++)
            last |= (uint8_t)(in[j] << (j - i));
        out[i >> 3] = last;
    }
}

void parquet_hybrid_open(parquet_hybrid *hybrid, const uint8_t *start, size_t byte_count, int32_t width) {
    memset(hybrid, 0, sizeof *hybrid);
    hybrid->next = start;
    hybrid->end = start + byte_count;
    hybrid->width = width;
}

// Reads the header of the next run. A bit-packed run may be cut short by the end of the stream, as some
// writers do.
static int next_run(parquet_hybrid *h) {
    uint64_t header = 0;
    int shift = 0;
    for (;;) {
        if (h->next >= h->end || shift > 35)
            return -1;
        uint8_t byte = *h->next++;
        header |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            break;
        shift += 7;
    }
    if (header & 1) {
        uint64_t groups = header >> 1;
        uint64_t bytes = groups * (uint64_t)h->width;
        uint64_t available = (uint64_t)(h->end - h->next);
        uint64_t values = groups * 8;
        if (groups == 0)
            return -1;
        if (bytes > available) {
            values = h->width == 0 ? values : available * 8 / (uint64_t)h->width;
            bytes = available;
            if (values == 0)
                return -1;
        }
        h->packed = h->next;
        h->packed_at = 0;
        h->packed_left = (int64_t)values;
        h->next += bytes;
    } else {
        int32_t bytes = (h->width + 7) / 8;
        uint32_t value = 0;
        if (h->end - h->next < bytes || header == 0)
            return -1;
        for (int32_t i = 0; i < bytes; i++)
            value |= (uint32_t)h->next[i] << (8 * i);
        h->next += bytes;
        h->repeated = value;
        h->repeated_left = (int64_t)(header >> 1);
    }
    return 0;
}

static void read_packed(parquet_hybrid *h, uint32_t *out, int64_t count) {
    int64_t odd = (8 - (h->packed_at & 7)) & 7;
    if (odd > count)
        odd = count;
    unpack_any(h->packed, h->packed_at, h->width, out, odd);
    int64_t group = (h->packed_at + odd) >> 3;
    parquet_unpack(h->packed + group * h->width, h->width, out + odd, count - odd);
}

int parquet_hybrid_read(parquet_hybrid *h, uint32_t *out, int64_t count) {
    while (count > 0) {
        int64_t take;
        if (h->repeated_left > 0) {
            take = h->repeated_left < count ? h->repeated_left : count;
            for (int64_t i = 0; i < take; i++)
                out[i] = h->repeated;
            h->repeated_left -= take;
        } else if (h->packed_left > 0) {
            take = h->packed_left < count ? h->packed_left : count;
            read_packed(h, out, take);
            h->packed_at += take;
            h->packed_left -= take;
        } else {
            if (next_run(h) != 0)
                return -1;
            continue;
        }
        out += take;
        count -= take;
    }
    return 0;
}

int parquet_hybrid_skip(parquet_hybrid *h, int64_t count) {
    while (count > 0) {
        int64_t take;
        if (h->repeated_left > 0) {
            take = h->repeated_left < count ? h->repeated_left : count;
            h->repeated_left -= take;
        } else if (h->packed_left > 0) {
            take = h->packed_left < count ? h->packed_left : count;
            h->packed_at += take;
            h->packed_left -= take;
        } else {
            if (next_run(h) != 0)
                return -1;
            continue;
        }
        count -= take;
    }
    return 0;
}

// Reads up to 64 bits from bit `at` of `in`.
static inline uint64_t bits_at(const uint8_t *in, int64_t at, int64_t count) {
    uint64_t value = load64(in + (at >> 3)) >> (at & 7);
    if ((at & 7) + count > 64)
        value |= (uint64_t)in[(at >> 3) + 8] << (64 - (at & 7));
    return count == 64 ? value : value & ((1ULL << count) - 1);
}

static int64_t bits(parquet_hybrid *h, uint64_t *words, int64_t at, int64_t count) {
    int64_t ones = 0;
    while (count > 0) {
        int64_t take;
        if (h->repeated_left > 0) {
            take = h->repeated_left < count ? h->repeated_left : count;
            if (h->repeated & 1) {
                if (words)
                    parquet_set_bits(words, at, take);
                ones += take;
            }
            h->repeated_left -= take;
        } else if (h->packed_left > 0) {
            take = 64 - (at & 63);
            if (take > count)
                take = count;
            if (take > h->packed_left)
                take = h->packed_left;
            uint64_t value = bits_at(h->packed, h->packed_at, take);
            if (words)
                words[at >> 6] |= value << (at & 63);
            ones += __builtin_popcountll(value);
            h->packed_at += take;
            h->packed_left -= take;
        } else {
            if (next_run(h) != 0)
                return -1;
            continue;
        }
        at += take;
        count -= take;
    }
    return ones;
}

int64_t parquet_hybrid_bits(parquet_hybrid *h, uint64_t *words, int64_t at, int64_t count) {
    return bits(h, words, at, count);
}

int64_t parquet_hybrid_count(parquet_hybrid *h, int64_t count) { return bits(h, NULL, 0, count); }

int64_t parquet_hybrid_leading(const parquet_hybrid *hybrid, uint32_t value) {
    parquet_hybrid copy = *hybrid;
    if (copy.repeated_left == 0 && copy.packed_left == 0 && next_run(&copy) != 0)
        return 0;
    return copy.repeated_left > 0 && copy.repeated == value ? copy.repeated_left : 0;
}
