#include "parquet_snappy.h"
#include <string.h>

static inline uint32_t load32(const uint8_t *p) {
    uint32_t value;
    memcpy(&value, p, 4);
    return value;
}

static inline uint64_t load64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, 8);
    return value;
}

static inline void copy8(uint8_t *to, const uint8_t *from) { memmove(to, from, 8); }
static inline void copy16(uint8_t *to, const uint8_t *from) { memmove(to, from, 16); }
static inline void copy32(uint8_t *to, const uint8_t *from) { memmove(to, from, 32); }

static int read_size(const uint8_t **at, const uint8_t *end, size_t *size) {
    uint64_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
        if (*at >= end)
            return -1;
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *size = (size_t)value;
            return value > 0xFFFFFFFFULL ? -1 : 0;
        }
    }
    return -1;
}

int snappy_raw_size(const uint8_t *in, size_t byte_count, size_t *size) {
    return read_size(&in, in + byte_count, size);
}

// Copies `length` bytes from `offset` bytes before `op`; may write up to 16 bytes past the copy.
static inline void copy_back(uint8_t *op, size_t offset, size_t length) {
    const uint8_t *from = op - offset;
    if (offset >= 16) {
        copy16(op, from);
        for (size_t done = 16; done < length; done += 16)
            copy16(op + done, from + done);
        return;
    }
    if (offset >= 8) {
        for (size_t done = 0; done < length; done += 8)
            copy8(op + done, from + done);
        return;
    }
    // A short pattern: laid down until a multiple of it, 8 bytes or more, can be copied by eights.
    size_t done = 0;
    size_t period = offset;
    while (period < 8) {
        for (size_t i = 0; i < offset && done < length; i++, done++)
            op[done] = from[done];
        period += offset;
        if (done >= length)
            return;
    }
    while (done < length) {
        copy8(op + done, op + done - period);
        done += 8;
    }
}

// What a tag byte says: bytes that it makes, and its part of the offset from which they come. Of a literal
// the offset is one that never overlaps. Tags that the fast loop does not take (long literals, four-byte
// offsets) claim more bytes than their offset, as a repeating pattern does: one comparison finds both.
typedef struct {
    uint16_t length, offset;
} tag_meaning;

#define LITERAL(n) {(n) < 60 ? (n) + 1 : 255, (n) < 60 ? 64 : 0}
#define COPY1(n) {((n) & 7) + 4, ((n) >> 3) << 8}
#define COPY2(n) {(n) + 1, 0}
#define COPY4(n) {255, 0}
#define TAGS(n) LITERAL(n), COPY1(n), COPY2(n), COPY4(n)
#define TAGS4(n) TAGS(n), TAGS((n) + 1), TAGS((n) + 2), TAGS((n) + 3)
#define TAGS16(n) TAGS4(n), TAGS4((n) + 4), TAGS4((n) + 8), TAGS4((n) + 12)
static const tag_meaning meanings[256] = {TAGS16(0), TAGS16(16), TAGS16(32), TAGS16(48)};

static const uint32_t offset_masks[4] = {0, 0xFF, 0xFFFF, 0};

// Bytes that the fast loop may read past a tag, and write past its output.
enum { input_slack = 72, output_slack = 64 };

// Takes the next tag, of any kind, with all checks. Returns 0, or -1 when the bytes are damaged.
static int inflate_one(const uint8_t **input, const uint8_t *end, uint8_t *out, uint8_t **output,
                       const uint8_t *limit) {
    const uint8_t *ip = *input;
    uint8_t *op = *output;
    const uint8_t tag = *ip++;
    const size_t extra = (tag & 3) == 3 ? 4 : tag & 3;
    size_t length = (size_t)(tag >> 2) + 1, offset;
    if ((size_t)(end - ip) < extra)
        return -1;
    if ((tag & 3) == 0) {
        if (length > 60) {
            size_t more = length - 60;
            if ((size_t)(end - ip) < more)
                return -1;
            length = (size_t)(load32(ip) & (uint32_t)(0xFFFFFFFFULL >> (8 * (4 - more)))) + 1;
            ip += more;
        }
        if (length > (size_t)(end - ip) || length > (size_t)(limit - op))
            return -1;
        memcpy(op, ip, length);
        *input = ip + length;
        *output = op + length;
        return 0;
    }
    if ((tag & 3) == 1) {
        length = (size_t)((tag >> 2) & 7) + 4;
        offset = (size_t)(tag >> 5) << 8 | *ip;
    } else {
        offset = load32(ip) & ((tag & 3) == 2 ? 0xFFFF : 0xFFFFFFFF);
    }
    if (offset == 0 || offset > (size_t)(op - out) || length > (size_t)(limit - op))
        return -1;
    copy_back(op, offset, length);
    *input = ip + extra;
    *output = op + length;
    return 0;
}

// Takes tags until one is not of the usual kinds, or an end comes near; returns the end of what was made.
// Literals and copies go one way, by selected pointers: their order is as good as random, and a branch on it
// would be mispredicted half the time. (The technique is that of Google's Snappy 1.1.9.)
static uint8_t *inflate_fast(const uint8_t **input, const uint8_t *last, const uint8_t *out, uint8_t *op,
                             const uint8_t *limit) {
    const uint8_t *ip = *input + 1;
    size_t tag = ip[-1];
    while (ip < last && op < limit) {
        const uint8_t *const operand = ip;
        const tag_meaning meaning = meanings[tag];
        const size_t length = meaning.length, kind = tag & 3;
        const size_t step = kind ? kind : (tag >> 2) + 1;
        const size_t offset = meaning.offset + (load32(operand) & offset_masks[kind]);
        if (__builtin_expect(offset > (size_t)(op - out), 0))
            break;
        if (__builtin_expect(length > offset, 0)) {
            if (length > 64 || offset == 0)
                break;
            copy_back(op, offset, length);
        } else {
            const uint8_t *from = op - offset;
            from = kind ? from : operand;
            copy32(op, from);
            if (__builtin_expect(length > 32, 0))
                copy32(op + 32, from + 32);
        }
        tag = operand[step];
        ip = operand + step + 1;
        op += length;
    }
    *input = ip - 1;
    return op;
}

int snappy_raw_inflate(const uint8_t *in, size_t byte_count, uint8_t *out, size_t size) {
    const uint8_t *ip = in, *const end = in + byte_count;
    uint8_t *op = out, *const limit = out + size;
    size_t declared;
    if (read_size(&ip, end, &declared) || declared != size)
        return -1;
    while (ip < end) {
        if (end - ip > input_slack && limit - op > output_slack)
            op = inflate_fast(&ip, end - input_slack, out, op, limit - output_slack);
        if (inflate_one(&ip, end, out, &op, limit))
            return -1;
    }
    return op == limit ? 0 : -1;
}

size_t snappy_raw_bound(size_t byte_count) { return 32 + byte_count + byte_count / 6; }

static uint8_t *put_literal(uint8_t *op, const uint8_t *from, size_t length) {
    size_t n = length - 1;
    if (n < 60) {
        *op++ = (uint8_t)(n << 2);
        if (length <= 16) {
            copy16(op, from);
            return op + length;
        }
    } else if (n < 256) {
        *op++ = 60 << 2;
        *op++ = (uint8_t)n;
    } else {
        *op++ = 61 << 2;
        *op++ = (uint8_t)n;
        *op++ = (uint8_t)(n >> 8);
    }
    memcpy(op, from, length);
    return op + length;
}

static inline uint8_t *put_copy_up_to_64(uint8_t *op, size_t offset, size_t length) {
    if (length < 12 && offset < 2048) {
        *op++ = (uint8_t)(1 + ((length - 4) << 2) + ((offset >> 3) & 0xE0));
        *op++ = (uint8_t)offset;
    } else {
        *op++ = (uint8_t)(2 + ((length - 1) << 2));
        *op++ = (uint8_t)offset;
        *op++ = (uint8_t)(offset >> 8);
    }
    return op;
}

static uint8_t *put_copy(uint8_t *op, size_t offset, size_t length) {
    while (length >= 68) {
        op = put_copy_up_to_64(op, offset, 64);
        length -= 64;
    }
    if (length > 64) {
        op = put_copy_up_to_64(op, offset, 60);
        length -= 60;
    }
    return put_copy_up_to_64(op, offset, length);
}

static size_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *end) {
    const uint8_t *start = b;
    while (end - b >= 8) {
        uint64_t differing = load64(a) ^ load64(b);
        if (differing)
            return (size_t)(b - start) + (size_t)(__builtin_ctzll(differing) >> 3);
        a += 8;
        b += 8;
    }
    while (b < end && *a == *b)
        a++, b++;
    return (size_t)(b - start);
}

enum { block_bytes = 1 << 16, table_bits = 14 };

static inline uint32_t slot_of(uint32_t bytes) { return (bytes * 0x1E35A7BDu) >> (32 - table_bits); }

// Deflates one block of up to 64 KiB, the reach of a two-byte offset.
static uint8_t *deflate_block(const uint8_t *in, size_t byte_count, uint8_t *op, uint16_t *table) {
    const uint8_t *ip = in, *const end = in + byte_count, *literal = in;
    if (byte_count >= 16) {
        const uint8_t *const last = end - 15;
        memset(table, 0, sizeof(uint16_t) << table_bits);
        ip++;
        while (ip < last) {
            const uint8_t *candidate;
            uint32_t misses = 32;
            for (;;) {
                uint32_t slot = slot_of(load32(ip));
                candidate = in + table[slot];
                table[slot] = (uint16_t)(ip - in);
                if (load32(candidate) == load32(ip))
                    break;
                ip += misses++ >> 5;
                if (ip >= last)
                    goto rest;
            }
            if (ip > literal)
                op = put_literal(op, literal, (size_t)(ip - literal));
            do {
                size_t length = 4 + match_length(candidate + 4, ip + 4, end);
                op = put_copy(op, (size_t)(ip - candidate), length);
                ip += length;
                literal = ip;
                if (ip >= last)
                    goto rest;
                table[slot_of(load32(ip - 1))] = (uint16_t)(ip - 1 - in);
                uint32_t slot = slot_of(load32(ip));
                candidate = in + table[slot];
                table[slot] = (uint16_t)(ip - in);
            } while (load32(candidate) == load32(ip));
            ip++;
        }
    }
rest:
    if (literal < end)
        op = put_literal(op, literal, (size_t)(end - literal));
    return op;
}

size_t snappy_raw_deflate(const uint8_t *in, size_t byte_count, uint8_t *out) {
    uint16_t table[1 << table_bits];
    uint8_t *op = out;
    size_t size = byte_count;
    while (size >= 0x80) {
        *op++ = (uint8_t)(size | 0x80);
        size >>= 7;
    }
    *op++ = (uint8_t)size;
    for (size_t done = 0; done < byte_count; done += block_bytes) {
        size_t take = byte_count - done < block_bytes ? byte_count - done : block_bytes;
        op = deflate_block(in + done, take, op, table);
    }
    return (size_t)(op - out);
}
