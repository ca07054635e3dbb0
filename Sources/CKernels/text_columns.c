#define _GNU_SOURCE
#include "text_columns.h"

#include <locale.h>
#include <stdlib.h>

#include "text_number.h"

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

static inline int parse_integer(const uint8_t *p, size_t n, int64_t low, int64_t high, int plus,
                                int64_t *out) {
    int negative = 0;
    if (n && (*p == '-' || (plus && *p == '+'))) {
        negative = *p == '-';
        p++;
        n--;
    }
    uint64_t value = 0;
    if (n == 0)
        return 0;
    if (n <= 16) {
        if (!short_digits(p, n, &value))
            return 0;
    } else {
        for (size_t i = 0; i < n; i++) {
            uint8_t digit = (uint8_t)(p[i] - '0');
            if (digit > 9 || value > (UINT64_MAX - digit) / 10)
                return 0;
            value = value * 10 + digit;
        }
        if (value > (uint64_t)INT64_MAX + (uint64_t)negative)
            return 0;
    }
    int64_t number = negative ? (int64_t)(0 - value) : (int64_t)value;
    *out = number;
    return number >= low && number <= high;
}

#define INTEGERS(TYPE)                                                                                       \
    do {                                                                                                     \
        TYPE *values = out;                                                                                  \
        int64_t value;                                                                                       \
        FOR_TOKENS((parse_integer(p, n, low, high, plus, &value) ? (values[i] = (TYPE)value, 1) : 0),        \
                   values[i] = 0);                                                                           \
    } while (0)

size_t text_parse_integers(const text_tokens *tokens, int64_t low, int64_t high, int width, int plus,
                           void *out) {
    switch (width) {
    case 1:
        INTEGERS(int8_t);
    case 2:
        INTEGERS(int16_t);
    case 4:
        INTEGERS(int32_t);
    default:
        INTEGERS(int64_t);
    }
}

static const double powers_of_ten[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                         1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static locale_t plain_locale(void) {
    static _Atomic(locale_t) shared;
    locale_t locale = shared;
    if (!locale) {
        locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        shared = locale;
    }
    return locale;
}

/// Says whether the token is a decimal number that strtod reads in full, and nothing that only strtod knows.
static int is_decimal_number(const uint8_t *p, size_t n) {
    size_t i = 0, digits = 0;
    if (i < n && (p[i] == '-' || p[i] == '+'))
        i++;
    for (; i < n && p[i] >= '0' && p[i] <= '9'; i++)
        digits++;
    if (i < n && p[i] == '.')
        for (i++; i < n && p[i] >= '0' && p[i] <= '9'; i++)
            digits++;
    if (!digits)
        return 0;
    if (i < n && (p[i] == 'e' || p[i] == 'E')) {
        i++;
        if (i < n && (p[i] == '-' || p[i] == '+'))
            i++;
        if (i == n)
            return 0;
        while (i < n && p[i] >= '0' && p[i] <= '9')
            i++;
    }
    return i == n;
}

static int is_name(const uint8_t *p, size_t n, const char *name) {
    return strlen(name) == n && memcmp(p, name, n) == 0;
}

static int named_double(const uint8_t *p, size_t n, double *out) {
    double sign = 1;
    if (is_name(p, n, "NaN")) {
        *out = __builtin_nan("");
        return 1;
    }
    if (n && (*p == '-' || *p == '+')) {
        sign = *p == '-' ? -1 : 1;
        p++;
        n--;
    }
    if (!is_name(p, n, "Infinity") && !is_name(p, n, "Inf"))
        return 0;
    *out = sign * __builtin_inf();
    return 1;
}

/// Takes off what Java's parser allows around a number: blanks, and the suffix of a literal.
static void trim_number(const uint8_t **p, size_t *n) {
    while (*n && **p <= ' ') {
        (*p)++;
        (*n)--;
    }
    while (*n && (*p)[*n - 1] <= ' ')
        (*n)--;
    uint8_t last = *n ? (*p)[*n - 1] | 0x20 : 0;
    if ((last == 'd' || last == 'f') && *n > 1 && (*p)[*n - 2] <= '9')
        (*n)--;
}

static int slow_double(const uint8_t *p, size_t n, double *out) {
    if (named_double(p, n, out))
        return 1;
    trim_number(&p, &n);
    if (!is_decimal_number(p, n))
        return 0;
    char small[512];
    char *text = n < sizeof small ? small : malloc(n + 1);
    if (!text)
        return 0;
    memcpy(text, p, n);
    text[n] = 0;
    *out = strtod_l(text, NULL, plain_locale());
    if (text != small)
        free(text);
    return 1;
}

int text_parse_double(const uint8_t *p, size_t n, double *out) {
    size_t sign = n && *p == '-';
    uint64_t mantissa;
    uint32_t fraction;
    if (n > sign && n - sign <= 16 && short_fixed(p + sign, n - sign, &mantissa, &fraction) &&
        mantissa <= (uint64_t)1 << 53) {
        double value = (double)mantissa / powers_of_ten[fraction];
        *out = sign ? -value : value;
        return 1;
    }
    return slow_double(p, n, out);
}

/// Handles a JSON token that is no number: the names of numbers that are none, in quotes or as they are.
static int json_name_double(const uint8_t *p, size_t n, double *out) {
    if (n >= 2 && *p == '"') {
        p++;
        n -= 2;
    }
    int infinite = is_name(p, n, "Infinity") || is_name(p, n, "+Infinity") ||
                   is_name(p, n, "+INF");
    int negative = is_name(p, n, "-Infinity") || is_name(p, n, "-INF");
    if (is_name(p, n, "NaN"))
        *out = __builtin_nan("");
    else if (infinite || negative)
        *out = negative ? -__builtin_inf() : __builtin_inf();
    else
        return 0;
    return 1;
}

/// Handles a token of JSON.
static int json_double(const uint8_t *p, size_t n, double *out) {
    if (n && (*p == '"' || *p == 'N' || *p == 'I' || *p == '+' || (n > 1 && *p == '-' && p[1] == 'I')))
        return json_name_double(p, n, out);
    return text_parse_double(p, n, out);
}

size_t text_parse_doubles(const text_tokens *tokens, int json, double *out) {
    FOR_TOKENS((json ? json_double(p, n, &out[i]) : text_parse_double(p, n, &out[i])),
               out[i] = 0);
}

static int parse_float(const uint8_t *p, size_t n, float *out) {
    size_t sign = n && *p == '-';
    uint64_t mantissa;
    uint32_t fraction;
    if (n > sign && n - sign <= 8 && short_fixed(p + sign, n - sign, &mantissa, &fraction) &&
        mantissa <= (1 << 24) && fraction <= 10) {
        float value = (float)mantissa / (float)powers_of_ten[fraction];
        *out = sign ? -value : value;
        return 1;
    }
    double wide;
    if (named_double(p, n, &wide)) {
        *out = (float)wide;
        return 1;
    }
    trim_number(&p, &n);
    if (!is_decimal_number(p, n))
        return 0;
    char text[512];
    if (n >= sizeof text)
        return 0;
    memcpy(text, p, n);
    text[n] = 0;
    *out = strtof_l(text, NULL, plain_locale());
    return 1;
}

static int json_float(const uint8_t *p, size_t n, float *out) {
    double wide = 0;
    if (n && (*p == '-' || (*p >= '0' && *p <= '9')) && parse_float(p, n, out))
        return 1;
    int good = json_name_double(p, n, &wide);
    *out = (float)wide;
    return good;
}

size_t text_parse_floats(const text_tokens *tokens, int json, float *out) {
    FOR_TOKENS((json ? json_float(p, n, &out[i]) : parse_float(p, n, &out[i])),
               out[i] = 0);
}

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
    int negative = 0, fraction = 0, point = 0, digits = 0, kept = 0, exponent = 0;
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
        if (point)
            fraction++;
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

static int equal_ignoring_case(const uint8_t *p, size_t n, const char *name) {
    if (strlen(name) != n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if ((p[i] | 0x20) != (uint8_t)name[i])
            return 0;
    return 1;
}

static inline int parse_boolean(const uint8_t *p, size_t n, int any_case, uint8_t *out) {
    if (n == 4 && memcmp(p, "true", 4) == 0) {
        *out = 1;
        return 1;
    }
    *out = 0;
    if (n == 5 && memcmp(p, "false", 5) == 0)
        return 1;
    if (!any_case)
        return 0;
    *out = (uint8_t)equal_ignoring_case(p, n, "true");
    return *out || equal_ignoring_case(p, n, "false");
}

size_t text_parse_booleans(const text_tokens *tokens, int any_case, uint8_t *out) {
    FOR_TOKENS(parse_boolean(p, n, any_case, &out[i]), out[i] = 0);
}

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
