#ifndef TEXT_NUMBER_H
#define TEXT_NUMBER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t load_word(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

/// Says whether all bytes are 0 to 9, of a word whose bytes have '0' taken off.
static inline int all_digits(uint64_t word) {
    return ((word | (word + 0x0606060606060606u)) & 0xF0F0F0F0F0F0F0F0u) == 0;
}

/// Turns eight digits (first one in the lowest byte) into a number (Lemire, "Quickly parsing eight digits",
/// 2018).
static inline uint64_t eight_digits(uint64_t word) {
    word = word * 10 + (word >> 8);
    return ((word & 0x000000FF000000FFu) * 0x000F424000000064u +
            ((word >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >>
           32;
}

/// Reads 1 to 16 digits; 0 when another byte is among them.
static inline int short_digits(const uint8_t *p, size_t n, uint64_t *value) {
    const uint64_t zeros = 0x3030303030303030u;
    if (n <= 8) {
        uint64_t word = (load_word(p) ^ zeros) << (64 - 8 * n);
        if (!all_digits(word))
            return 0;
        *value = eight_digits(word);
        return 1;
    }
    uint64_t head = (load_word(p) ^ zeros) << (128 - 8 * n);
    uint64_t tail = load_word(p + n - 8) ^ zeros;
    // Shifting by less than 64: n is at least 9.
    if (n == 16)
        head = load_word(p) ^ zeros;
    if (!all_digits(head) || !all_digits(tail))
        return 0;
    *value = eight_digits(head) * 100000000u + eight_digits(tail);
    return 1;
}

/// Reads 1 to 16 bytes that are digits with at most one point; 0 for anything else.
static inline int short_fixed(const uint8_t *p, size_t n, uint64_t *mantissa, uint32_t *fraction) {
    const uint64_t points = 0x2E2E2E2E2E2E2E2Eu, ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    const uint64_t zeros = 0x3030303030303030u;
    if (n <= 8) {
        uint64_t word = load_word(p), different = word ^ points;
        uint64_t found = (different - ones) & ~different & tops;
        size_t at = found ? (size_t)__builtin_ctzll(found) >> 3 : 8;
        word ^= zeros;
        *fraction = 0;
        if (at < n) {
            if (n == 1)
                return 0;
            uint64_t low = at ? word & (~(uint64_t)0 >> (64 - 8 * at)) : 0;
            word = low | (((word >> (8 * at)) >> 8) << (8 * at));
            n -= 1;
            *fraction = (uint32_t)(n - at);
        }
        word <<= 64 - 8 * n;
        if (!all_digits(word))
            return 0;
        *mantissa = eight_digits(word);
        return 1;
    }
    uint64_t value = 0;
    size_t at = n;
    for (size_t i = 0; i < n; i++) {
        uint8_t digit = (uint8_t)(p[i] - '0');
        if (digit > 9) {
            if (p[i] != '.' || at != n)
                return 0;
            at = i;
            continue;
        }
        value = value * 10 + digit;
    }
    *mantissa = value;
    *fraction = at == n ? 0 : (uint32_t)(n - 1 - at);
    return 1;
}

#endif
