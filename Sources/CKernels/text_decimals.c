#include "text_number.h"
#include "text_tokens.h"

static __int128 power_of_ten(int exponent) {
    __int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/// Reads an exponent after its letter, bounded to ±1000; 0 when it is none.
static int read_exponent(const uint8_t *p, size_t n, int *exponent) {
    size_t i = n && (*p == '-' || *p == '+');
    int value = 0;
    if (i == n)
        return 0;
    for (size_t k = i; k < n; k++) {
        if (p[k] < '0' || p[k] > '9')
            return 0;
        if (value < 1000)
            value = value * 10 + (p[k] - '0');
    }
    *exponent = *p == '-' ? -value : value;
    return 1;
}

int text_parse_decimal(const uint8_t *p, size_t n, int precision, int scale, __int128 *out) {
    int negative = 0, point = 0, digits = 0, kept = 0, exponent = 0;
    __int128 value = 0;
    size_t i = 0;
    if (n && (*p == '-' || *p == '+'))
        negative = p[i++] == '-';
    // Find the exponent first, to know which digit is the last one kept.
    size_t stop = i;
    while (stop < n && p[stop] != 'e' && p[stop] != 'E')
        stop++;
    if (stop < n && !read_exponent(p + stop + 1, n - stop - 1, &exponent))
        return 0;
    int whole = 0;
    for (size_t k = i; k < stop && p[k] != '.'; k++)
        whole++;
    int room = whole + exponent + scale; // digits from the first up to the last one kept
    int round_digit = -1;
    for (; i < stop; i++) {
        if (p[i] == '.' && !point) {
            point = 1;
            continue;
        }
        uint8_t digit = (uint8_t)(p[i] - '0');
        if (digit > 9)
            return 0;
        if (digits < room) {
            if (value != 0 || digit != 0)
                kept++;
            if (kept > 38)
                return 0;
            value = value * 10 + digit;
        } else if (digits == room) {
            round_digit = digit;
        }
        digits++;
    }
    if (!digits)
        return 0;
    for (int missing = room - digits; missing > 0 && value != 0; missing--) {
        if (++kept > 38)
            return 0;
        value *= 10;
    }
    if (round_digit >= 5)
        value++;
    if (value >= power_of_ten(precision))
        return 0;
    *out = negative ? -value : value;
    return 1;
}

static const int64_t small_powers[19] = {1,
                                         10,
                                         100,
                                         1000,
                                         10000,
                                         100000,
                                         1000000,
                                         10000000,
                                         100000000,
                                         1000000000,
                                         10000000000,
                                         100000000000,
                                         1000000000000,
                                         10000000000000,
                                         100000000000000,
                                         1000000000000000,
                                         10000000000000000,
                                         100000000000000000,
                                         1000000000000000000};

/// Parses a decimal that may be in quotes and may have thousands' separators.
static int loose_decimal(const uint8_t *p, size_t n, int precision, int scale, __int128 *out) {
    if (text_parse_decimal(p, n, precision, scale, out))
        return 1;
    uint8_t plain[128];
    size_t length = 0;
    if (n >= 2 && *p == '"') {
        p++;
        n -= 2;
    }
    if (n > sizeof plain)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (p[i] != ',')
            plain[length++] = p[i];
    return text_parse_decimal(plain, length, precision, scale, out);
}

static inline int parse_decimal64(const uint8_t *p, size_t n, int precision, int scale, int64_t *out) {
    size_t sign = n && *p == '-';
    uint64_t mantissa;
    uint32_t fraction;
    if (n > sign && n - sign <= 16 && short_fixed(p + sign, n - sign, &mantissa, &fraction) &&
        fraction <= (uint32_t)scale && n - sign - fraction + (size_t)scale <= 18) {
        int64_t value = (int64_t)mantissa * small_powers[(uint32_t)scale - fraction];
        if (value >= small_powers[precision])
            return 0;
        *out = sign ? -value : value;
        return 1;
    }
    __int128 wide;
    if (!loose_decimal(p, n, precision, scale, &wide))
        return 0;
    *out = (int64_t)wide;
    return 1;
}

size_t text_parse_decimals64(const text_tokens *tokens, int precision, int scale, int64_t *out) {
    FOR_TOKENS(parse_decimal64(p, n, precision, scale, &out[i]), out[i] = 0);
}

size_t text_parse_decimals128(const text_tokens *tokens, int precision, int scale, void *values) {
    __int128 *out = values;
    FOR_TOKENS(loose_decimal(p, n, precision, scale, &out[i]), out[i] = 0);
}
