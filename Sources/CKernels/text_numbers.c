#define _GNU_SOURCE
#include <locale.h>
#include <stdlib.h>

#include "text_number.h"
#include "text_tokens.h"

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

/// Says whether a token of JSON is the integer -0, which has no sign once it is one.
static inline int is_integer_zero(const uint8_t *p, size_t n) { return n == 2 && p[0] == '-' && p[1] == '0'; }

/// Handles a token of JSON.
static int json_double(const uint8_t *p, size_t n, double *out) {
    if (is_integer_zero(p, n)) {
        *out = 0;
        return 1;
    }
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
    if (is_integer_zero(p, n)) {
        *out = 0;
        return 1;
    }
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
