#ifndef TEXT_COLUMNS_H
#define TEXT_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

/// Marks a token that is null; anything at or above is no position.
#define TEXT_NULL 0xFFFFFFFEu

/// Where the values of one column lie in a text: value i is the bytes `starts[i] ..< ends[i]`, or null where
/// `starts[i] >= TEXT_NULL`. The text is readable for 64 bytes past its end.
///
/// Parsers write one bit per value to `valid` (a value was written) and to `bad` (a token that is no such
/// value), in whole 64-bit words, and zero where there is no value. They return the number of bad values.
typedef struct {
    const uint8_t *text;
    const uint32_t *starts, *ends;
    size_t count;
    uint64_t *valid, *bad;
} text_tokens;

/// Whole numbers from `low` to `high` into values of `width` bytes. `plus` allows a leading plus sign.
size_t text_parse_integers(const text_tokens *tokens, int64_t low, int64_t high, int width, int plus,
                           void *out);

/// Doubles, correctly rounded (Clinger, PLDI 1990, for up to 2^53 and 10^22, else strtod). With
/// `json`, tokens in quotes are names only: NaN, Infinity, +INF, -INF.
size_t text_parse_doubles(const text_tokens *tokens, int json, double *out);
size_t text_parse_floats(const text_tokens *tokens, int json, float *out);

/// Decimals as unscaled 64-bit or 128-bit numbers, rounded half up to `scale`, bad beyond `precision` digits.
size_t text_parse_decimals64(const text_tokens *tokens, int precision, int scale, int64_t *out);
size_t text_parse_decimals128(const text_tokens *tokens, int precision, int scale, void *out);

/// Days since 1970-01-01, by Spark's rule for casting text; with `json`, tokens must be in quotes.
size_t text_parse_dates(const text_tokens *tokens, int json, int32_t *out);

/// Microseconds since 1970-01-01T00:00:00 by the clock that the text shows, or UTC where it names an offset;
/// then `zoned[i]` is 1. By Spark's rule for casting text, named zones excepted, which are bad; with `json`,
/// tokens are in quotes, or seconds since 1970.
size_t text_parse_timestamps(const text_tokens *tokens, int json, int64_t *out, uint8_t *zoned);

/// true and false, in any case when `any_case`.
size_t text_parse_booleans(const text_tokens *tokens, int any_case, uint8_t *out);

/// Makes 16-byte string views that point into the text. Tokens that begin with `quote` (0 for none) lose
/// their first and last byte. Writes to `special` the index of each quoted token with an `escape` byte in it,
/// and returns their number.
size_t text_make_views(const text_tokens *tokens, uint8_t quote, uint8_t escape, void *views,
                       uint32_t *special);

/// Parses one token; 1 when it is good.
int text_parse_date(const uint8_t *token, size_t length, int32_t *days);
int text_parse_timestamp(const uint8_t *token, size_t length, int64_t *microseconds, uint8_t *zoned);
int text_parse_double(const uint8_t *token, size_t length, double *value);
/// Returns the digits of a decimal number as sign, digits and scale: 1 when the token is one that fits 38
/// digits.
int text_parse_decimal(const uint8_t *token, size_t length, int precision, int scale, __int128 *value);

#endif
