#include "json_escapes.h"

#include <string.h>

#include "json_walk.h"

static int hex_value(uint8_t byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/// Reads the four digits of `\uXXXX`; -1 when they are none.
static int32_t read_unit(const uint8_t *p, const uint8_t *end) {
    int32_t unit = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

int json_are_escapes_valid(const uint8_t *p, size_t n) {
    const uint8_t *end = p + n;
    while ((p = memchr(p, '\\', (size_t)(end - p)))) {
        if (++p == end)
            return 0;
        if (*p == 'u' ? read_unit(p + 1, end) < 0 : !memchr("\"\\/bfnrt", *p, 8))
            return 0;
        p++;
    }
    return 1;
}

static uint8_t *put_rune(uint8_t *out, uint32_t rune) {
    if (rune < 0x80) {
        *out++ = (uint8_t)rune;
    } else if (rune < 0x800) {
        *out++ = (uint8_t)(0xC0 | rune >> 6);
        *out++ = (uint8_t)(0x80 | (rune & 0x3F));
    } else if (rune < 0x10000) {
        *out++ = (uint8_t)(0xE0 | rune >> 12);
        *out++ = (uint8_t)(0x80 | (rune >> 6 & 0x3F));
        *out++ = (uint8_t)(0x80 | (rune & 0x3F));
    } else {
        *out++ = (uint8_t)(0xF0 | rune >> 18);
        *out++ = (uint8_t)(0x80 | (rune >> 12 & 0x3F));
        *out++ = (uint8_t)(0x80 | (rune >> 6 & 0x3F));
        *out++ = (uint8_t)(0x80 | (rune & 0x3F));
    }
    return out;
}

/// Decodes the escape whose letter is at `*p`, moves past it and returns the rune; -1 when it is none.
static int32_t read_escape(const uint8_t **p, const uint8_t *end) {
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    uint8_t letter = *(*p)++;
    if (letter != 'u') {
        const char *found = letter ? strchr(letters, letter) : NULL;
        return found ? values[found - letters] : -1;
    }
    int32_t unit = read_unit(*p, end);
    if (unit < 0)
        return -1;
    *p += 4;
    if (unit < 0xD800 || unit > 0xDFFF)
        return unit;
    if (unit < 0xDC00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        int32_t low = read_unit(*p + 2, end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *p += 6;
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return '?';
}

int64_t json_unescape(const uint8_t *text, size_t length, uint8_t *out) {
    const uint8_t *p = text, *end = text + length;
    uint8_t *start = out;
    while (p < end) {
        const uint8_t *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(out, p, plain);
        out += plain;
        if (!slash)
            break;
        p = slash + 1;
        if (p == end)
            return -1;
        int32_t rune = read_escape(&p, end);
        if (rune < 0)
            return -1;
        out = put_rune(out, (uint32_t)rune);
    }
    return out - start;
}
