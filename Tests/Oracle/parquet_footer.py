"""Rewrites the schema in a Parquet file's footer, to make files that pyarrow reads but does not write.

Speaks as much of Thrift's compact protocol as a footer takes: a structure is a list of [field id, type, value].
"""
import struct

STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)
# Fields of a SchemaElement.
TYPE, TYPE_LENGTH, REPETITION, NAME, CHILDREN, CONVERTED, SCALE, PRECISION, FIELD_ID, LOGICAL = range(1, 11)
CONVERTED_DECIMAL = 5


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def value(self, kind):
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind == BYTE:
            return self.byte()
        if kind in (I16, I32, I64):
            return self.zigzag()
        if kind == DOUBLE:
            self.at += 8
            return self.data[self.at - 8:self.at]
        if kind == BINARY:
            size = self.varint()
            self.at += size
            return self.data[self.at - size:self.at]
        if kind == LIST:
            head = self.byte()
            size = head >> 4 if head >> 4 < 15 else self.varint()
            return [head & 15, [self.byte() == TRUE if head & 15 in (TRUE, FALSE) else self.value(head & 15) for _ in range(size)]]
        if kind == STRUCT:
            fields, last = [], 0
            while True:
                head = self.byte()
                if head == STOP:
                    return fields
                last = last + (head >> 4) if head >> 4 else self.zigzag()
                fields.append([last, head & 15, self.value(head & 15)])
        raise ValueError(kind)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def write(kind, value):
    if kind in (TRUE, FALSE):
        return b""
    if kind == BYTE:
        return bytes([value])
    if kind in (I16, I32, I64):
        return zigzag(value)
    if kind == DOUBLE:
        return value
    if kind == BINARY:
        return varint(len(value)) + value
    if kind == LIST:
        element, items = value
        head = bytes([len(items) << 4 | element]) if len(items) < 15 else bytes([0xF0 | element]) + varint(len(items))
        return head + b"".join(bytes([TRUE if i else FALSE]) if element in (TRUE, FALSE) else write(element, i) for i in items)
    out, last = bytearray(), 0
    for number, kind, item in value:
        delta = number - last
        out += bytes([delta << 4 | kind]) if 0 < delta < 16 else bytes([kind]) + zigzag(number)
        out += write(kind, item)
        last = number
    return bytes(out) + b"\0"


def field(element, number):
    return next((f for f in element if f[0] == number), None)


def edit(path, change):
    """Calls `change` with the file's list of schema elements and writes them back."""
    data = path.read_bytes()
    size = struct.unpack("<I", data[-8:-4])[0]
    footer = Reader(data[-8 - size:-8]).value(STRUCT)
    change(field(footer, 2)[2][1])
    # The Arrow schema that pyarrow keeps beside it would overrule the change.
    footer[:] = [f for f in footer if f[0] != 5]
    new = write(STRUCT, footer)
    path.write_bytes(data[:-8 - size] + new + struct.pack("<I", len(new)) + b"PAR1")


def make_decimal(element, precision, scale):
    """Declares a column of bytes to be decimals."""
    element[:] = [f for f in element if f[0] not in (CONVERTED, SCALE, PRECISION, LOGICAL)]
    element += [[CONVERTED, I32, CONVERTED_DECIMAL], [SCALE, I32, scale], [PRECISION, I32, precision]]


def make_two_level(schema):
    """Leaves out the middle of a required list of required elements: root, list, repeated, element."""
    del schema[2]
    field(schema[2], REPETITION)[2] = 2


def make_repeated(schema):
    """Makes one repeated column without annotation of a required list of required elements."""
    make_two_level(schema)
    field(schema[2], NAME)[2] = field(schema[1], NAME)[2]
    del schema[1]
