#ifndef CSV_INDEX_H
#define CSV_INDEX_H

#include <stddef.h>
#include <stdint.h>

/// How a CSV text is written. Bytes are 0 where the text has no such thing.
typedef struct {
    /// One to eight bytes between fields.
    uint8_t separator[8];
    uint32_t separator_length;
    uint8_t quote, escape, comment;
    /// Whether a quoted field may hold line breaks.
    uint8_t multi_line;
    /// Whether blanks around fields that are not quoted are left out.
    uint8_t trim_leading, trim_trailing;
} csv_dialect;

/// Where the fields of a window of text lie.
///
///     plain     ends[k] is the separator or line break behind field k; its text begins behind ends[k - 1]
///     explicit  field k is starts[k] ..< ends[k], quotes off and escapes replaced in the text
///
/// Line i has the fields `lines[i - 1] + 1 ... lines[i]` (from 0 for the first line).
typedef struct {
    uint8_t *text;
    size_t length;
    /// Room for `length + 2` entries each; `starts` is filled in explicit form only.
    uint32_t *starts, *ends, *lines;
    /// Explicit form: where each line begins in the text.
    uint32_t *line_starts;
    size_t field_count, line_count;
    /// Whether the fields are in explicit form.
    int is_explicit;
    /// Whether carriage returns are text like other: records of a text that may span lines end as the first
    /// of its lines does, and that ends with a line feed alone.
    int keeps_returns;
    /// Whether any carriage return, any quote was seen (plain form).
    int has_returns, has_quotes;
} csv_fields;

/// Indexes text whose fields are plain: quotes only around whole fields, no escapes, no line breaks in
/// quotes, no carriage returns but before a line feed. Returns 0, with nothing written, when the text is not
/// so.
int csv_index_plain(const csv_dialect *dialect, csv_fields *fields);

/// Indexes any text, field by field, as univocity does with Spark's settings: a field in quotes whose closing
/// quote is not followed by blanks and a separator is taken as it is, up to the next separator.
void csv_index_any(const csv_dialect *dialect, csv_fields *fields);

/// Rows of a batch: for each its line, its first field, and how many fields it has.
typedef struct {
    uint32_t count, capacity;
    uint32_t *lines, *first_fields, *field_counts;
} csv_rows;

/// Collects rows from line `*next_line` on until the lines end or the rows are full, leaving out blank lines
/// and comments.
void csv_collect_rows(const csv_dialect *dialect, const csv_fields *fields, size_t *next_line,
                      csv_rows *rows);

/// Where to write the places of some fields of each row: field `fields[c]` of row r at `starts[c * stride +
/// r]`.
typedef struct {
    const uint32_t *fields;
    uint32_t count;
    size_t stride;
    uint32_t *starts, *ends;
} csv_columns;

/// Writes where fields lie, quotes off; TEXT_NULL where one is missing, empty without quotes, or equal to the
/// `null_length` bytes of `null_text`.
void csv_place(const csv_dialect *dialect, const csv_fields *fields, const csv_rows *rows,
               csv_columns *columns, const uint8_t *null_text, size_t null_length);

/// Gives where line `line` lies, without its line break.
void csv_line(const csv_fields *fields, size_t line, uint32_t *start, uint32_t *end);

#endif
