#include "json_walk.h"

#include <string.h>

#include "json_escapes.h"

#define JSON_DEPTH 1000
/// What the search for a member says of a key that is not JSON; -1 is a key that nobody asked for.
#define JSON_BAD_KEY (-2)

typedef struct {
    json_walk *walk;
    const uint8_t *text;
    const uint32_t *next;
} cursor;

static int skip_value(cursor *c, int depth);
static int walk_value(cursor *c, int32_t node, uint32_t index, int depth);

static inline int is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/// Trims blanks before the next structural position: one past the last byte of the scalar that ends there.
static inline uint32_t token_end(const cursor *c, uint32_t limit) {
    while (limit && is_blank(c->text[limit - 1]))
        limit--;
    return limit;
}

int json_is_number(const uint8_t *p, size_t length) {
    const uint8_t *end = p + length;
    if (p < end && *p == '-')
        p++;
    if (p == end || *p < '0' || *p > '9')
        return 0;
    if (*p == '0' && p + 1 < end && p[1] >= '0' && p[1] <= '9')
        return 0;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    if (p < end && *p == '.') {
        p++;
        if (p == end || *p < '0' || *p > '9')
            return 0;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (p == end || *p < '0' || *p > '9')
            return 0;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
    }
    return p == end;
}

/// Says whether a scalar that is no string is a literal, a number, or one of the names for numbers that are
/// none.
static int is_plain_scalar(const uint8_t *p, size_t n) {
    switch (*p) {
    case 't':
        return n == 4 && memcmp(p, "true", 4) == 0;
    case 'n':
        return n == 4 && memcmp(p, "null", 4) == 0;
    case 'f':
        return n == 5 && memcmp(p, "false", 5) == 0;
    case 'N':
        return n == 3 && memcmp(p, "NaN", 3) == 0;
    case 'I':
        return n == 8 && memcmp(p, "Infinity", 8) == 0;
    case '+':
        return (n == 9 && memcmp(p, "+Infinity", 9) == 0) || (n == 4 && memcmp(p, "+INF", 4) == 0);
    case '-':
        if (n > 1 && p[1] == 'I')
            return (n == 9 && memcmp(p, "-Infinity", 9) == 0) || (n == 4 && memcmp(p, "-INF", 4) == 0);
        return json_is_number(p, n);
    default:
        return json_is_number(p, n);
    }
}

/// Reads past a comma or the closing bracket: 1 after a comma, 0 at the end, -1 for anything else.
static inline int next_item(cursor *c, uint8_t closing) {
    uint8_t byte = c->text[*c->next];
    c->next++;
    if (byte == ',')
        return 1;
    return byte == closing ? 0 : -1;
}

/// Checks the escapes of the string that begins at `at` and ends before `limit`, where the text has any.
static inline int check_string(const cursor *c, uint32_t at, uint32_t limit) {
    return !c->walk->has_escapes || json_are_escapes_valid(c->text + at + 1, token_end(c, limit) - at - 1);
}

static int skip_container(cursor *c, uint8_t opening, int depth) {
    uint8_t closing = opening == '{' ? '}' : ']';
    c->next++;
    if (depth >= JSON_DEPTH)
        return 0;
    if (c->text[*c->next] == closing) {
        c->next++;
        return 1;
    }
    for (;;) {
        if (opening == '{') {
            if (c->text[c->next[0]] != '"' || c->text[c->next[1]] != ':')
                return 0;
            if (!check_string(c, c->next[0], c->next[1]))
                return 0;
            c->next += 2;
        }
        if (!skip_value(c, depth + 1))
            return 0;
        int more = next_item(c, closing);
        if (more <= 0)
            return more == 0;
    }
}

/// Checks and passes over a value; 0 when it is not JSON.
static int skip_value(cursor *c, int depth) {
    uint32_t at = *c->next;
    uint8_t byte = c->text[at];
    if (byte == '"') {
        c->next++;
        return check_string(c, at, *c->next);
    }
    if (byte == '{' || byte == '[')
        return skip_container(c, byte, depth);
    uint32_t end = token_end(c, c->next[1]);
    c->next++;
    return end > at && is_plain_scalar(c->text + at, end - at);
}

/// Clears value `index` of a node and of its members.
static void clear_entry(json_walk *walk, int32_t index_of_node, uint32_t index) {
    json_node *node = &walk->nodes[index_of_node];
    node->starts[index] = JSON_MISSING;
    node->ends[index] = 0;
    if (node->kind == JSON_STRUCTURE)
        for (int32_t k = 0; k < node->key_count; k++)
            clear_entry(walk, walk->keys[node->first_key + k].node, index);
}

static void drop_elements(json_walk *walk, json_node *node, uint32_t dropped);

/// Forgets the last values of an element's node, down to `count`.
static void truncate_node(json_walk *walk, int32_t index_of_node, uint32_t from, uint32_t count) {
    json_node *node = &walk->nodes[index_of_node];
    if (node->kind == JSON_STRUCTURE) {
        for (int32_t k = 0; k < node->key_count; k++)
            truncate_node(walk, walk->keys[node->first_key + k].node, from, count);
    } else if (node->kind != JSON_SCALAR) {
        uint32_t dropped = 0;
        for (uint32_t i = count; i < from; i++)
            if (node->starts[i] < JSON_MISMATCH)
                dropped += node->ends[i];
        drop_elements(walk, node, dropped);
    }
}

static void drop_elements(json_walk *walk, json_node *node, uint32_t dropped) {
    json_node *element = &walk->nodes[node->element];
    truncate_node(walk, node->element, element->count, element->count - dropped);
    element->count -= dropped;
    if (node->kind == JSON_MAP)
        walk->nodes[node->key].count -= dropped;
}

/// Takes back value `index`, the last one written of this node, with its elements.
static void undo_entry(json_walk *walk, int32_t index_of_node, uint32_t index) {
    truncate_node(walk, index_of_node, index + 1, index);
    clear_entry(walk, index_of_node, index);
}

/// Finds the member that a key's text names; -1 when the schema does not ask for it.
static int32_t find_key(const json_walk *walk, const json_node *node, const uint8_t *name, uint32_t length) {
    uint8_t plain[256];
    if (length <= sizeof plain && memchr(name, '\\', length)) {
        int64_t unescaped = json_unescape(name, length, plain);
        if (unescaped < 0)
            return -1;
        name = plain;
        length = (uint32_t)unescaped;
    }
    for (int32_t k = 0; k < node->key_count; k++) {
        const json_key *key = &walk->keys[node->first_key + k];
        if (key->length == length && memcmp(key->name, name, length) == 0)
            return key->node;
    }
    return -1;
}

/// Finds the closing quote of the string that begins at `start`, before `limit`.
static inline uint32_t closing_quote(const cursor *c, uint32_t limit) { return token_end(c, limit) - 1; }

static int32_t learn_key(cursor *c, const json_node *node, uint32_t ordinal, uint32_t start, uint32_t colon) {
    uint32_t quote = closing_quote(c, colon);
    if (!check_string(c, start, colon))
        return JSON_BAD_KEY;
    uint32_t length = quote - start - 1;
    int32_t found = find_key(c->walk, node, c->text + start + 1, length);
    json_shape *shape = &c->walk->shapes[node->shape];
    if (ordinal < JSON_SHAPE_KEYS && length < JSON_SHAPE_NAME) {
        shape->lengths[ordinal] = (uint8_t)(length + 1);
        shape->nodes[ordinal] = found;
        memcpy(shape->names[ordinal], c->text + start + 1, length + 1);
        if (shape->count < ordinal + 1 && shape->count == ordinal)
            shape->count = ordinal + 1;
    }
    return found;
}

static inline int same_name(const uint8_t *a, const uint8_t *b, uint32_t length) {
    if (length <= 8) {
        uint64_t x, y;
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        return ((x ^ y) << (64 - 8 * length)) == 0;
    }
    return memcmp(a, b, length) == 0;
}

static int walk_object(cursor *c, int32_t index_of_node, uint32_t index, int depth) {
    json_walk *walk = c->walk;
    const json_node *node = &walk->nodes[index_of_node];
    const json_shape *shape = &walk->shapes[node->shape];
    c->next++;
    if (c->text[*c->next] == '}') {
        c->next++;
        return 1;
    }
    for (uint32_t ordinal = 0;; ordinal++) {
        uint32_t at = c->next[0], colon = c->next[1];
        if (c->text[at] != '"' || c->text[colon] != ':')
            return 0;
        int32_t member;
        if (ordinal < shape->count &&
            same_name(c->text + at + 1, shape->names[ordinal], shape->lengths[ordinal]))
            member = shape->nodes[ordinal];
        else
            member = learn_key(c, node, ordinal, at, colon);
        if (member == JSON_BAD_KEY)
            return 0;
        c->next += 2;
        if (member < 0) {
            if (!skip_value(c, depth + 1))
                return 0;
        } else {
            if (walk->nodes[member].starts[index] != JSON_MISSING)
                undo_entry(walk, member, index);
            if (!walk_value(c, member, index, depth + 1))
                return 0;
        }
        int more = next_item(c, '}');
        if (more <= 0)
            return more == 0;
    }
}

static int walk_list(cursor *c, json_node *node, uint32_t index, int depth) {
    json_walk *walk = c->walk;
    json_node *element = &walk->nodes[node->element];
    c->next++;
    if (c->text[*c->next] == ']') {
        c->next++;
        return 1;
    }
    for (;;) {
        if (element->count >= element->capacity)
            return 0;
        uint32_t at = element->count++;
        node->ends[index]++;
        clear_entry(walk, node->element, at);
        if (!walk_value(c, node->element, at, depth + 1))
            return 0;
        int more = next_item(c, ']');
        if (more <= 0)
            return more == 0;
    }
}

static int walk_map(cursor *c, json_node *node, uint32_t index, int depth) {
    json_walk *walk = c->walk;
    json_node *element = &walk->nodes[node->element];
    json_node *key = &walk->nodes[node->key];
    c->next++;
    if (c->text[*c->next] == '}') {
        c->next++;
        return 1;
    }
    for (;;) {
        if (c->text[c->next[0]] != '"' || c->text[c->next[1]] != ':')
            return 0;
        if (element->count >= element->capacity)
            return 0;
        uint32_t at = element->count++;
        key->starts[at] = c->next[0];
        key->ends[at] = token_end(c, c->next[1]);
        key->count = element->count;
        node->ends[index]++;
        c->next += 2;
        clear_entry(walk, node->element, at);
        if (!walk_value(c, node->element, at, depth + 1))
            return 0;
        int more = next_item(c, '}');
        if (more <= 0)
            return more == 0;
    }
}

static int walk_container(cursor *c, int32_t index_of_node, uint32_t index, int depth) {
    json_node *node = &c->walk->nodes[index_of_node];
    uint32_t at = *c->next;
    int is_object = c->text[at] == '{';
    if (node->kind == JSON_SCALAR) {
        if (!skip_container(c, c->text[at], depth))
            return 0;
        node->starts[index] = at;
        node->ends[index] = c->next[-1] + 1;
        return 1;
    }
    if (is_object ? node->kind == JSON_LIST : node->kind != JSON_LIST) {
        node->starts[index] = JSON_MISMATCH;
        return skip_container(c, c->text[at], depth);
    }
    node->starts[index] = at;
    if (node->kind == JSON_STRUCTURE)
        return walk_object(c, index_of_node, index, depth);
    return is_object ? walk_map(c, node, index, depth) : walk_list(c, node, index, depth);
}

static int walk_value(cursor *c, int32_t index_of_node, uint32_t index, int depth) {
    uint32_t at = *c->next;
    uint8_t byte = c->text[at];
    if (byte == '{' || byte == '[')
        return depth < JSON_DEPTH && walk_container(c, index_of_node, index, depth);
    json_node *node = &c->walk->nodes[index_of_node];
    uint32_t end = token_end(c, c->next[1]);
    c->next++;
    if (byte != '"') {
        if (end <= at)
            return 0;
        if (!is_plain_scalar(c->text + at, end - at))
            return 0;
        if (byte == 'n') {
            if (node->kind == JSON_SCALAR)
                node->ends[index] = JSON_MISSING;
            return 1;
        }
    } else if (!check_string(c, at, *c->next)) {
        return 0;
    }
    node->starts[index] = node->kind == JSON_SCALAR ? at : JSON_MISMATCH;
    if (node->kind == JSON_SCALAR)
        node->ends[index] = end;
    return 1;
}

/// Writes one row from the object at the cursor; 0 when it is not JSON before `limit`.
static int walk_row(cursor *c, uint32_t start, uint32_t end) {
    json_walk *walk = c->walk;
    uint32_t row = walk->row_count++;
    walk->row_starts[row] = start;
    walk->row_ends[row] = end;
    walk->row_broken[row] = 0;
    if (c->text[*c->next] == '{' && walk_object(c, 0, row, 1) && c->next[-1] < end)
        return 1;
    undo_entry(walk, 0, row);
    walk->row_broken[row] = 1;
    walk->broken_count++;
    return 0;
}

/// Walks the elements of an array of records; 0 when the rows are full before its end. A broken element makes
/// the whole array one broken row.
static int walk_array(cursor *c, uint32_t start, uint32_t end) {
    json_walk *walk = c->walk;
    uint32_t first = walk->row_count;
    if (walk->inside_array == 1 && c->text[*c->next] == ']' && *c->next < end) {
        walk->inside_array = 0;
        return 1;
    }
    for (;;) {
        if (walk->row_count == walk->row_capacity)
            return 0;
        int good = walk_row(c, start, end);
        int more = good ? next_item(c, ']') : 0;
        // A bracket of another line closes nothing.
        if (good && more == 0 && c->next[-1] >= end)
            more = -1;
        if (good && more > 0) {
            walk->inside_array = 2;
            continue;
        }
        if (good && more < 0) {
            undo_entry(walk, 0, walk->row_count - 1);
            walk->row_broken[walk->row_count - 1] = 1;
            walk->broken_count++;
            good = 0;
        }
        while (!good && walk->row_count > first + 1) {
            walk->row_broken[--walk->row_count] = 0;
            undo_entry(walk, 0, walk->row_count - 1);
            walk->row_broken[walk->row_count - 1] = 1;
        }
        walk->inside_array = 0;
        return 1;
    }
}

/// Walks the record or records of one line.
static int walk_line(cursor *c, uint32_t start, uint32_t end) {
    json_walk *walk = c->walk;
    if (!walk->inside_array) {
        if (c->text[*c->next] != '[') {
            walk_row(c, start, end);
            return 1;
        }
        walk->inside_array = 1;
        c->next++;
    }
    return walk_array(c, start, end);
}

int json_walk_records(json_walk *walk) {
    cursor c = {walk, walk->text, walk->positions + walk->cursor};
    const uint32_t *last = walk->positions + walk->position_count;
    while (c.next < last && walk->offset < walk->length) {
        if (walk->row_count == walk->row_capacity) {
            walk->cursor = (size_t)(c.next - walk->positions);
            return 0;
        }
        size_t start = walk->offset;
        const uint8_t *found =
            walk->multi_line ? NULL : memchr(walk->text + start, '\n', walk->length - start);
        size_t end = found ? (size_t)(found - walk->text) : walk->length;
        if (*c.next < end) {
            if (!walk_line(&c, (uint32_t)start, (uint32_t)end)) {
                walk->cursor = (size_t)(c.next - walk->positions);
                return 0;
            }
            // A broken record may have been left early, or have run on into the next line.
            while (c.next > walk->positions && c.next[-1] >= end)
                c.next--;
            while (c.next < last && *c.next < end)
                c.next++;
        }
        walk->offset = end + 1;
    }
    walk->cursor = (size_t)(c.next - walk->positions);
    return 1;
}
