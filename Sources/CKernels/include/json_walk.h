#ifndef JSON_WALK_H
#define JSON_WALK_H

#include <stddef.h>
#include <stdint.h>

/// Kinds of value that a schema asks for.
enum { JSON_SCALAR = 0, JSON_STRUCTURE = 1, JSON_LIST = 2, JSON_MAP = 3 };

/// Marks in `starts`: no value (absent or null), and a value of the wrong kind.
#define JSON_MISSING 0xFFFFFFFFu
#define JSON_MISMATCH 0xFFFFFFFEu

/// One node of the tree that a schema makes; where each of its values lies in the text.
///
///     scalar      starts[i] … ends[i]: the token's first byte, and one past its last (quotes included);
///                 of a null ends[i] is JSON_MISSING, too
///     structure   starts[i]: the brace; its members hold a value at the same i
///     list        starts[i]: the bracket; ends[i]: number of elements, which follow those of value i - 1
///     map         as a list, with keys (tokens in quotes) and values
typedef struct {
    int32_t kind;
    /// Structure: its members are `keys[first_key ..< first_key + key_count]`.
    int32_t first_key, key_count;
    /// Structure: its prediction of key order.
    int32_t shape;
    /// List or map: node of the elements or values, and node of the keys.
    int32_t element, key;
    /// List elements: number of values so far.
    uint32_t count;
    uint32_t capacity;
    uint32_t *starts, *ends;
} json_node;

/// A member of a structure: its name as UTF-8 without escapes.
typedef struct {
    const uint8_t *name;
    uint32_t length;
    int32_t node;
} json_key;

#define JSON_SHAPE_KEYS 64
#define JSON_SHAPE_NAME 48

/// The keys of the object seen last, in order, so that the next one's are recognised by one comparison.
typedef struct {
    uint32_t count;
    uint8_t lengths[JSON_SHAPE_KEYS];
    int32_t nodes[JSON_SHAPE_KEYS];
    /// Names with their closing quote.
    uint8_t names[JSON_SHAPE_KEYS][JSON_SHAPE_NAME];
} json_shape;

/// State of a walk over the records of one window of text.
typedef struct {
    const uint8_t *text;
    size_t length;
    /// Structural positions, then two of `length`.
    const uint32_t *positions;
    size_t position_count;
    json_node *nodes;
    const json_key *keys;
    json_shape *shapes;
    /// Whether a record may hold line breaks: the text is one record, or one array of them.
    int32_t multi_line;
    /// Whether strings may hold backslashes, whose escapes are then checked.
    int32_t has_escapes;
    /// Whether the walk stands inside an array of records.
    int32_t inside_array;
    /// Next structural position, and next byte.
    size_t cursor, offset;
    /// Rows written so far, room for rows, and where each row's record lies.
    uint32_t row_count, row_capacity;
    uint32_t *row_starts, *row_ends;
    /// One byte per row: 1 when the record is not JSON.
    uint8_t *row_broken;
    /// Number of ones in `row_broken`.
    uint32_t broken_count;
} json_walk;

/// Walks records until the text ends or the rows are full; node 0 is the record's structure. Rows that are
/// not JSON have no values and `row_broken`. The caller has set `starts` of all rows to JSON_MISSING and
/// `ends` of lists to 0. Returns 1 at the end of the text, 0 when the rows are full.
int json_walk_records(json_walk *walk);

/// Says whether the token is a JSON number (as Jackson reads them).
int json_is_number(const uint8_t *token, size_t length);

/// Replaces escapes and writes the result to `out`, which has room for `length` bytes. Returns the number of
/// bytes written, or -1 when an escape is not valid. Half surrogates become '?', as Java encodes them.
int64_t json_unescape(const uint8_t *text, size_t length, uint8_t *out);

#endif
