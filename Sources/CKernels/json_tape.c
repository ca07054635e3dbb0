#include "json_tape.h"
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline bool is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static inline int64_t skip_blanks(const uint8_t *text, int64_t count, int64_t at) {
    while (at < count && is_blank(text[at]))
        at++;
    return at;
}

static inline bool is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

static inline bool is_word(uint8_t byte) {
    return is_digit(byte) || (uint8_t)((byte | 32) - 'a') < 26 || byte == '_';
}

/// Goes to the next byte that is the quote, a backslash or a control.
static inline int64_t skip_plain(const uint8_t *text, int64_t count, int64_t at, uint8_t quote) {
#if defined(__SSE2__)
    const __m128i quotes = _mm_set1_epi8((char)quote);
    const __m128i slashes = _mm_set1_epi8('\\');
    const __m128i greatest = _mm_set1_epi8(0x1F);
    while (at + 16 <= count) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + at));
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, slashes));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(bytes, greatest), bytes));
        int mask = _mm_movemask_epi8(found);
        if (mask)
            return at + __builtin_ctz((unsigned)mask);
        at += 16;
    }
#endif
    while (at < count && text[at] != quote && text[at] != '\\' && text[at] >= 32)
        at++;
    return at;
}

/// Reads four hexadecimal digits; -1 for others.
static int code_unit(const uint8_t *text, int64_t count, int64_t at) {
    int unit = 0;
    if (at + 4 > count)
        return -1;
    for (int i = 0; i < 4; i++) {
        uint8_t byte = text[at + i], letter = (uint8_t)((byte | 32) - 'a');
        if (is_digit(byte))
            unit = unit << 4 | (byte - '0');
        else if (letter < 6)
            unit = unit << 4 | (letter + 10);
        else
            return -1;
    }
    return unit;
}

/// Goes past what stands behind a backslash; -1 for what is no escape. Half a surrogate pair is one, unless
/// another escape follows that is not the other half.
static int64_t skip_escape(const uint8_t *text, int64_t count, int64_t at, bool strict) {
    if (at >= count)
        return -1;
    switch (text[at]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return at + 1;
    case '\'':
        return strict ? -1 : at + 1;
    case 'u':
        break;
    default:
        return -1;
    }
    int unit = code_unit(text, count, at + 1);
    if (unit < 0)
        return -1;
    at += 5;
    if (unit >= 0xD800 && unit < 0xDC00 && at + 1 < count && text[at] == '\\' && text[at + 1] == 'u') {
        int low = code_unit(text, count, at + 2);
        if (low < 0xDC00 || low >= 0xE000)
            return -1;
        at += 6;
    }
    return at;
}

/// Goes from a string's first byte to its closing quote; -1 where it has none or is malformed.
static inline int64_t skip_string(const uint8_t *text, int64_t count, int64_t at, uint8_t quote,
                                  bool allows_controls, bool strict, uint8_t *kind) {
    *kind = JSON_PLAIN;
    for (;;) {
        at = skip_plain(text, count, at, quote);
        if (at >= count)
            return -1;
        if (text[at] == quote)
            return at;
        if (text[at] == '\\') {
            *kind = JSON_ESCAPED;
            at = skip_escape(text, count, at + 1, strict);
            if (at < 0)
                return -1;
        } else {
            if (!allows_controls)
                return -1;
            at++;
        }
    }
}

static inline int64_t skip_digits(const uint8_t *text, int64_t count, int64_t at) {
    while (at < count && is_digit(text[at]))
        at++;
    return at;
}

/// Goes past a number; -1 where there is none.
static inline int64_t skip_number(const uint8_t *text, int64_t count, int64_t at, uint8_t *kind) {
    *kind = JSON_INTEGER;
    if (text[at] == '-')
        at++;
    int64_t first = at;
    at = skip_digits(text, count, at);
    if (at == first || (at > first + 1 && text[first] == '0'))
        return -1;
    if (at < count && text[at] == '.') {
        *kind = JSON_FRACTION;
        int64_t fraction = at + 1;
        at = skip_digits(text, count, fraction);
        if (at == fraction)
            return -1;
    }
    if (at < count && (text[at] | 32) == 'e') {
        *kind = JSON_FRACTION;
        at++;
        if (at < count && (text[at] == '-' || text[at] == '+'))
            at++;
        int64_t exponent = at;
        at = skip_digits(text, count, at);
        if (at == exponent)
            return -1;
    }
    return at < count && is_word(text[at]) ? -1 : at;
}

/// Goes past a word; -1 where it is another one, or goes on.
static inline int64_t skip_word(const uint8_t *text, int64_t count, int64_t at, const char *word,
                                int64_t length) {
    if (at + length > count || memcmp(text + at, word, (size_t)length) != 0)
        return -1;
    at += length;
    return at < count && is_word(text[at]) ? -1 : at;
}

int64_t json_tape_read(const uint8_t *text, int64_t count, bool allows_controls, bool strict,
                       json_entry *entries, int64_t capacity) {
    int32_t open[JSON_TAPE_DEPTH];
    int depth = 0;
    int64_t at = 0, filled = 0, end;
    uint8_t kind;

#define ADD(KIND, START, END)                                                                                \
    do {                                                                                                     \
        if (filled == capacity)                                                                              \
            return JSON_TAPE_FULL;                                                                           \
        entries[filled] = (json_entry){(KIND), (int32_t)(START), (int32_t)(END), (int32_t)(filled + 1)};     \
        filled++;                                                                                            \
    } while (0)

value:
    at = skip_blanks(text, count, at);
    if (at >= count)
        return JSON_TAPE_MALFORMED;
    switch (text[at]) {
    case '\'':
        if (strict)
            return JSON_TAPE_MALFORMED;
        // fall through
    case '"':
        end = skip_string(text, count, at + 1, text[at], allows_controls, strict, &kind);
        if (end < 0)
            return JSON_TAPE_MALFORMED;
        ADD(kind, at + 1, end);
        at = end + 1;
        goto after;
    case '{':
    case '[': {
        bool is_object = text[at] == '{';
        if (depth == JSON_TAPE_DEPTH)
            return JSON_TAPE_MALFORMED;
        open[depth++] = (int32_t)filled;
        ADD(is_object ? JSON_OBJECT : JSON_ARRAY, at, at);
        at = skip_blanks(text, count, at + 1);
        if (at < count && text[at] == (is_object ? '}' : ']')) {
            at++;
            goto close;
        }
        if (is_object)
            goto name;
        goto value;
    }
    case 't':
        kind = JSON_TRUE;
        end = skip_word(text, count, at, "true", 4);
        break;
    case 'f':
        kind = JSON_FALSE;
        end = skip_word(text, count, at, "false", 5);
        break;
    case 'n':
        kind = JSON_NULL;
        end = skip_word(text, count, at, "null", 4);
        break;
    default:
        end = skip_number(text, count, at, &kind);
    }
    if (end < 0)
        return JSON_TAPE_MALFORMED;
    ADD(kind, at, end);
    at = end;

after:
    if (depth == 0)
        return filled;
    at = skip_blanks(text, count, at);
    if (at >= count)
        return JSON_TAPE_MALFORMED;
    if (entries[open[depth - 1]].kind == JSON_ARRAY) {
        if (text[at++] == ',')
            goto value;
        if (text[at - 1] != ']')
            return JSON_TAPE_MALFORMED;
        goto close;
    }
    if (text[at++] == ',')
        goto name;
    if (text[at - 1] != '}')
        return JSON_TAPE_MALFORMED;

close:
    depth--;
    entries[open[depth]].end = (int32_t)at;
    entries[open[depth]].next = (int32_t)filled;
    goto after;

name:
    at = skip_blanks(text, count, at);
    if (at >= count || (text[at] != '"' && (strict || text[at] != '\'')))
        return JSON_TAPE_MALFORMED;
    end = skip_string(text, count, at + 1, text[at], allows_controls, strict, &kind);
    if (end < 0)
        return JSON_TAPE_MALFORMED;
    ADD(kind, at + 1, end);
    at = skip_blanks(text, count, end + 1);
    if (at >= count || text[at] != ':')
        return JSON_TAPE_MALFORMED;
    at++;
    goto value;
#undef ADD
}
