#pragma once

#include <stdbool.h>
#include <stdint.h>

/// A literal part of a LIKE pattern.
typedef struct {
    const uint8_t *bytes;
    int64_t count;
} text_piece;

/// Returns the place of the first `needle` (`length` bytes, at least one) in `text`, or -1. Compares the
/// first and the last byte at 32 places at once, then the rest (W. Muła, "SIMD-friendly algorithms for
/// substring searching").
int64_t text_find(const uint8_t *text, int64_t count, const uint8_t *needle, int64_t length);

/// Says whether a text matches a LIKE pattern without `_`: `count` pieces with a `%` between each two. The
/// first piece lies at the text's beginning, the last at its end, the others in order between them.
bool text_like(const uint8_t *text, int64_t bytes, const text_piece *pieces, int64_t count);

/// Makes a line feed of each carriage return in the first `count` bytes that no line feed follows; the byte
/// behind them is looked at, too.
void text_feed_lone_returns(uint8_t *text, int64_t count);
