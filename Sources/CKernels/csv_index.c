#include "csv_index.h"

#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

/// Bits of the 64 bytes at `p` that are equal to `byte`.
static inline uint64_t equal_mask(const uint8_t *p, uint8_t byte) {
#if defined(__AVX2__)
    __m256i wanted = _mm256_set1_epi8((char)byte);
    __m256i low = _mm256_loadu_si256((const __m256i *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(p + 32));
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return a | (uint64_t)b << 32;
#else
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(p[i] == byte) << i;
    return mask;
#endif
}

/// Bit i of the result is the parity of bits 0 to i.
static inline uint64_t prefix_parity(uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

/// Appends the positions of the set bits; may write up to 7 more entries, which the next call overwrites.
static inline uint32_t *put_positions(uint32_t *out, uint64_t bits, uint32_t base) {
    int count = __builtin_popcountll(bits);
    uint32_t *end = out + count;
    while (bits) {
        for (int i = 0; i < 4; i++) {
            out[i] = base + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63);
            bits &= bits - 1;
        }
        out += 4;
    }
    return end;
}

/// What one block of 64 bytes leaves to the next.
typedef struct {
    /// All ones inside of quotes.
    uint64_t inside;
    /// Bit 0: the byte before was a separator or a line break, or the text began.
    uint64_t after_break;
    /// Bit 0: the byte before closed quotes, and bit 0: it was a carriage return.
    uint64_t after_closing, after_return;
} block_carry;

/// Says whether the text's first line ends with a line feed without a carriage return.
static int begins_with_feed(const csv_fields *f) {
    const uint8_t *feed = f->length ? memchr(f->text, '\n', f->length) : NULL;
    return feed && !memchr(f->text, '\r', (size_t)(feed - f->text));
}

int csv_index_plain(const csv_dialect *dialect, csv_fields *fields) {
    const uint8_t *text = fields->text;
    size_t length = fields->length;
    uint8_t separator = dialect->separator[0], quote = dialect->quote, escape = dialect->escape;
    uint32_t *out = fields->ends, *lines = fields->lines;
    block_carry carry = {0, 1, 0, 0};
    uint64_t seen_quotes = 0, seen_returns = 0;
    if (dialect->separator_length != 1)
        return 0;
    fields->has_returns = fields->has_quotes = 0;
    fields->keeps_returns = dialect->multi_line && begins_with_feed(fields);
    for (size_t base = 0; base < length; base += 64) {
        const uint8_t *p = text + base;
        uint64_t known = length - base >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << (length - base)) - 1;
        uint64_t feeds = equal_mask(p, '\n') & known;
        uint64_t breaks = (equal_mask(p, separator) & known) | feeds;
        uint64_t returns = equal_mask(p, '\r') & known;
        uint64_t quotes = quote ? equal_mask(p, quote) & known : 0;
        if (returns | carry.after_return) {
            // A return must stand before a feed.
            if (fields->keeps_returns || (returns << 1 | carry.after_return) & ~feeds & known)
                return 0;
            seen_returns = 1;
        }
        carry.after_return = returns >> 63;
        if (quotes | carry.inside) {
            uint64_t inside = prefix_parity(quotes) ^ carry.inside;
            uint64_t opening = quotes & inside, closing = quotes & ~inside;
            if (opening & ~(breaks << 1 | carry.after_break))
                return 0;
            uint64_t after = closing << 1 | carry.after_closing;
            if (after & ~(breaks | returns) & known)
                return 0;
            if (escape != quote && escape && equal_mask(p, escape) & inside & known)
                return 0;
            if (feeds & inside)
                return 0;
            carry.after_break = (breaks & ~inside) >> 63;
            breaks &= ~inside;
            feeds &= ~inside;
            carry.inside = (uint64_t)((int64_t)inside >> 63);
            carry.after_closing = closing >> 63;
            seen_quotes = 1;
        } else {
            if (carry.after_closing & ~(breaks | returns) & known)
                return 0;
            carry.after_break = breaks >> 63;
            carry.after_closing = 0;
        }
        uint32_t first = (uint32_t)(out - fields->ends);
        for (uint64_t rest = feeds; rest; rest &= rest - 1) {
            uint64_t below = (rest & -rest) - 1;
            *lines++ = first + (uint32_t)__builtin_popcountll(breaks & below);
        }
        out = put_positions(out, breaks, (uint32_t)base);
    }
    // A return that ends the text ends its line, as one before a feed does, which the plain form looks for.
    if (carry.inside || (length && text[length - 1] == '\r'))
        return 0;
    if (length && text[length - 1] != '\n') {
        *lines++ = (uint32_t)(out - fields->ends);
        *out++ = (uint32_t)length;
    }
    fields->has_quotes = (int)seen_quotes;
    fields->has_returns = (int)seen_returns;
    fields->field_count = (size_t)(out - fields->ends);
    fields->line_count = (size_t)(lines - fields->lines);
    fields->is_explicit = 0;
    return 1;
}

static inline int at_separator(const csv_dialect *d, const uint8_t *p, const uint8_t *end) {
    if (p >= end || *p != d->separator[0])
        return 0;
    return d->separator_length == 1 ||
           ((size_t)(end - p) >= d->separator_length && memcmp(p, d->separator, d->separator_length) == 0);
}

static inline int is_break(const csv_fields *f, const uint8_t *p, const uint8_t *end) {
    return p >= end || *p == '\n' || (*p == '\r' && !f->keeps_returns);
}

static inline int is_blank(const csv_fields *f, uint8_t byte) {
    return byte == ' ' || byte == '\t' || (byte == '\r' && f->keeps_returns);
}

/// Finds the quote that closes the field which begins behind `p`; NULL when the field is to be taken as it
/// is, from the quote before `p` to the first separator or break at or after `*behind`. An end without quote
/// counts as closing: then `*behind` is `end`.
static uint8_t *closing_quote(const csv_dialect *d, const csv_fields *f, uint8_t *p, uint8_t *end,
                              uint8_t **behind) {
    uint8_t *at = p;
    *behind = p;
    if (p == end)
        return NULL;
    for (; at < end; at++) {
        if (*at == d->escape && d->escape && at + 1 < end &&
            (at[1] == d->quote || (d->escape != d->quote && at[1] == d->escape))) {
            at++;
            continue;
        }
        if (*at != d->quote)
            continue;
        uint8_t *next = at + 1;
        while (next < end && *next <= ' ' && !is_break(f, next, end) && !at_separator(d, next, end))
            next++;
        *behind = next;
        if (!is_break(f, next, end) && !at_separator(d, next, end))
            return NULL;
        return at;
    }
    *behind = end;
    return end;
}

/// Replaces escapes, and line breaks by line feeds, in place; returns the new end.
static uint8_t *replace_escapes(const csv_dialect *d, const csv_fields *f, uint8_t *p, uint8_t *end) {
    uint8_t *out = p;
    while (p < end) {
        if (*p == d->escape && d->escape && p + 1 < end &&
            (p[1] == d->quote || (d->escape != d->quote && p[1] == d->escape)))
            p++;
        else if (*p == '\r' && p + 1 < end && p[1] == '\n' && !f->keeps_returns)
            p++;
        *out++ = *p++;
    }
    return out;
}

/// Reads one field at `p`, writes where it lies, and returns the separator or break behind it.
static uint8_t *read_field(const csv_dialect *d, csv_fields *f, uint8_t *p, uint8_t *end) {
    size_t k = f->field_count++;
    uint8_t *start = p, *behind;
    if (d->trim_leading)
        while (start < end && is_blank(f, *start) && !at_separator(d, start, end))
            start++;
    if (d->quote && start < end && *start == d->quote) {
        uint8_t *close = closing_quote(d, f, start + 1, end, &behind);
        if (close) {
            f->starts[k] = (uint32_t)(start + 1 - f->text);
            f->ends[k] = (uint32_t)(replace_escapes(d, f, start + 1, close) - f->text);
            return behind;
        }
    }
    // Text behind a closing quote belongs to the field, and so does all before it.
    uint8_t *at = d->quote && start < end && *start == d->quote ? behind : start;
    while (!is_break(f, at, end) && !at_separator(d, at, end))
        at++;
    uint8_t *last = at;
    if (d->trim_trailing)
        while (last > start && is_blank(f, last[-1]))
            last--;
    f->starts[k] = last == start ? 0xFFFFFFFEu : (uint32_t)(start - f->text);
    f->ends[k] = (uint32_t)(last - f->text);
    return at;
}

void csv_index_any(const csv_dialect *d, csv_fields *f) {
    uint8_t *p = f->text, *end = f->text + f->length;
    f->field_count = f->line_count = 0;
    f->is_explicit = 1;
    f->has_quotes = f->has_returns = 0;
    f->keeps_returns = d->multi_line && begins_with_feed(f);
    while (p < end) {
        uint8_t *stop = end;
        f->line_starts[f->line_count] = (uint32_t)(p - f->text);
        if (!d->multi_line) {
            uint8_t *feed = memchr(p, '\n', (size_t)(end - p));
            if (feed)
                stop = feed;
            uint8_t *back = memchr(p, '\r', (size_t)(stop - p));
            if (back)
                stop = back;
        }
        if (d->comment && *p == d->comment) {
            // A comment is no field at all; csv_collect_rows sees its first byte.
            f->starts[f->field_count] = 0xFFFFFFFEu;
            while (!is_break(f, p, stop))
                p++;
            f->ends[f->field_count++] = (uint32_t)(p - f->text);
        } else {
            p = read_field(d, f, p, stop);
            while (at_separator(d, p, stop))
                p = read_field(d, f, p + d->separator_length, stop);
        }
        f->lines[f->line_count++] = (uint32_t)f->field_count - 1;
        if (p < end && *p == '\r' && !f->keeps_returns)
            p++;
        if (p < end && *p == '\n')
            p++;
    }
    f->line_starts[f->line_count] = (uint32_t)f->length;
}

void csv_line(const csv_fields *f, size_t line, uint32_t *start, uint32_t *end) {
    if (f->is_explicit) {
        *start = f->line_starts[line];
        *end = f->line_starts[line + 1];
    } else {
        *start = line == 0 ? 0 : f->ends[f->lines[line - 1]] + 1;
        *end = f->ends[f->lines[line]];
    }
    while (*end > *start &&
           (f->text[*end - 1] == '\n' || (f->text[*end - 1] == '\r' && !f->keeps_returns)))
        (*end)--;
}

static int is_blank_line(const csv_dialect *d, const csv_fields *f, size_t line) {
    uint32_t start, end;
    csv_line(f, line, &start, &end);
    if (start < end && d->comment && f->text[start] == d->comment)
        return 1;
    while (!d->multi_line && start < end && f->text[start] <= ' ')
        start++;
    return start == end;
}

void csv_collect_rows(const csv_dialect *d, const csv_fields *f, size_t *next_line, csv_rows *rows) {
    size_t line = *next_line;
    uint32_t count = rows->count;
    for (; line < f->line_count && count < rows->capacity; line++) {
        uint32_t first = line == 0 ? 0 : f->lines[line - 1] + 1;
        uint32_t fields = f->lines[line] + 1 - first;
        // A line of tabs alone is a blank one, as in Spark, though tabs may part its fields.
        if ((fields == 1 || d->comment || d->separator[0] <= ' ') && is_blank_line(d, f, line))
            continue;
        rows->lines[count] = (uint32_t)line;
        rows->first_fields[count] = first;
        rows->field_counts[count] = fields;
        count++;
    }
    rows->count = count;
    *next_line = line;
}

/// Takes blanks off a field without quotes.
static inline void trim_field(const csv_dialect *d, const uint8_t *text, uint32_t *start, uint32_t *end) {
    if (d->trim_leading)
        while (*start < *end && (text[*start] == ' ' || text[*start] == '\t'))
            (*start)++;
    if (d->trim_trailing)
        while (*end > *start && (text[*end - 1] == ' ' || text[*end - 1] == '\t'))
            (*end)--;
}

/// Handles the rare cases of a plain field: carriage returns and blanks around it.
static void adjust_field(const csv_dialect *d, const csv_fields *f, uint32_t *start, uint32_t *end) {
    if (f->has_returns && *end > *start && f->text[*end - 1] == '\r' && f->text[*end] == '\n')
        (*end)--;
    if (d->quote && f->text[*start] == d->quote && *end > *start + 1)
        return;
    trim_field(d, f->text, start, end);
}

/// Row by row, so that the text of a row is read once.
static void plain_columns(const csv_dialect *d, const csv_fields *f, const csv_rows *rows,
                          csv_columns *columns) {
    const uint8_t *text = f->text;
    uint32_t quote = f->has_quotes ? d->quote : 256, count = columns->count;
    size_t stride = columns->stride;
    int is_odd = d->trim_leading || d->trim_trailing || f->has_returns;
    for (uint32_t row = 0; row < rows->count; row++) {
        uint32_t first = rows->first_fields[row], field_count = rows->field_counts[row];
        const uint32_t *breaks = f->ends + first;
        uint32_t *starts = columns->starts + row, *ends = columns->ends + row;
        for (uint32_t c = 0; c < count; c++, starts += stride, ends += stride) {
            uint32_t column = columns->fields[c];
            if (column >= field_count) {
                *starts = 0xFFFFFFFEu;
                *ends = 0;
                continue;
            }
            uint32_t end = breaks[column];
            uint32_t start = column + first == 0 ? 0 : breaks[(ptrdiff_t)column - 1] + 1;
            if (is_odd)
                adjust_field(d, f, &start, &end);
            if (text[start] == quote && end > start + 1) {
                start++;
                *ends = end - 1;
                *starts = start;
            } else {
                *ends = end;
                *starts = start == end ? 0xFFFFFFFEu : start;
            }
        }
    }
}

static void explicit_columns(const csv_fields *f, const csv_rows *rows, csv_columns *columns) {
    for (uint32_t c = 0; c < columns->count; c++) {
        uint32_t column = columns->fields[c];
        uint32_t *starts = columns->starts + c * columns->stride, *ends = columns->ends + c * columns->stride;
        for (uint32_t row = 0; row < rows->count; row++) {
            int missing = column >= rows->field_counts[row];
            uint32_t k = rows->first_fields[row] + column;
            starts[row] = missing ? 0xFFFFFFFEu : f->starts[k];
            ends[row] = missing ? 0 : f->ends[k];
        }
    }
}

void csv_place(const csv_dialect *d, const csv_fields *f, const csv_rows *rows, csv_columns *columns,
               const uint8_t *null_text, size_t null_length) {
    if (f->is_explicit)
        explicit_columns(f, rows, columns);
    else
        plain_columns(d, f, rows, columns);
    if (null_length == 0 && !f->is_explicit && !f->has_quotes)
        return;
    for (uint32_t c = 0; c < columns->count; c++) {
        uint32_t *starts = columns->starts + c * columns->stride, *ends = columns->ends + c * columns->stride;
        for (uint32_t row = 0; row < rows->count; row++) {
            if (ends[row] - starts[row] != null_length || starts[row] >= 0xFFFFFFFEu)
                continue;
            if (memcmp(f->text + starts[row], null_text, null_length) == 0)
                starts[row] = 0xFFFFFFFEu;
        }
    }
}
