import Memory

/// Writes a message of Protocol Buffers. Fields with the value 0 are written, too.
struct ORCMessageWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ field: Int, _ number: Int) {
        putVarint(UInt64(field) << 3)
        putVarint(UInt64(number))
    }

    /// Writes a number as zigzag.
    mutating func put(_ field: Int, signed value: Int64) {
        putVarint(UInt64(field) << 3)
        putVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func put(_ field: Int, _ text: [UInt8]) {
        putVarint(UInt64(field) << 3 | 2)
        putVarint(UInt64(text.count))
        bytes += text
    }

    mutating func put(_ field: Int, _ text: String) { put(field, Array(text.utf8)) }
    mutating func put(_ field: Int, _ message: ORCMessageWriter) { put(field, message.bytes) }

    /// Appends the fields of another message.
    mutating func append(_ message: ORCMessageWriter) { bytes += message.bytes }

    private mutating func putVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
