#ifndef JSON_TAPE_H
#define JSON_TAPE_H

#include <stdbool.h>
#include <stdint.h>

/// What an entry is: strings with escapes are told from those whose bytes are their text.
enum {
    JSON_NULL = 0,
    JSON_TRUE = 1,
    JSON_FALSE = 2,
    JSON_INTEGER = 3,
    JSON_FRACTION = 4,
    JSON_PLAIN = 5,
    JSON_ESCAPED = 6,
    JSON_ARRAY = 7,
    JSON_OBJECT = 8
};

/// A value or name: its bytes, those of strings without quotes, and the place behind it and all it holds.
typedef struct {
    uint8_t kind;
    int32_t start, end, next;
} json_entry;

/// Deepest nesting that is read; deeper texts count as malformed.
#define JSON_TAPE_DEPTH 500

#define JSON_TAPE_MALFORMED (-1)
/// There are more entries than room: to be called again with more.
#define JSON_TAPE_FULL (-2)

/// Lists the JSON value at the start of a text, in depth first order, names before their values. Returns the
/// number of entries, or one of the marks above. `allows_controls`: line ends and other controls may stand in
/// strings as they are. `strict`: single quotes are refused. What follows the value is not looked at.
int64_t json_tape_read(const uint8_t *text, int64_t count, bool allows_controls, bool strict,
                       json_entry *entries, int64_t capacity);

#endif
