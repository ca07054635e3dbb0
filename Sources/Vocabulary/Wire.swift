/// Writes values as bytes and reads them back: unsigned numbers as LEB128 varints, signed ones zigzag first,
/// text and arrays after their count. The layout of a type is the order of its `write` calls; a type that may
/// change starts with a version of its own.
package protocol WireCodable {
    func write(to writer: inout WireWriter)
    /// Throws `CORRUPT_MESSAGE` (system) on bytes that no writer made.
    init(from reader: inout WireReader) throws(EngineError)
}

extension WireCodable {
    /// Returns the value's bytes.
    package var wireBytes: [UInt8] {
        var writer = WireWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Reads a value that takes up all of `bytes`.
    package init(wireBytes bytes: [UInt8]) throws(EngineError) {
        var reader = WireReader(bytes)
        try self.init(from: &reader)
        if !reader.isAtEnd { throw WireReader.corrupt("bytes left over") }
    }
}

/// Collects the bytes of one message.
package struct WireWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Appends a LEB128 varint.
    package mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Appends raw bytes after their count.
    package mutating func data(_ raw: some Collection<UInt8>) {
        unsigned(UInt64(raw.count))
        bytes.append(contentsOf: raw)
    }

    package mutating func write(_ value: some WireCodable) { value.write(to: &self) }
}

/// Reads the bytes of one message in order; never past their end.
package struct WireReader {
    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var isAtEnd: Bool { position == bytes.count }

    static func corrupt(_ what: String) -> EngineError {
        .system("CORRUPT_MESSAGE", "A message or log record cannot be read: \(what)")
    }

    /// Reads a LEB128 varint of at most 64 bits.
    package mutating func unsigned() throws(EngineError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            if position == bytes.count { throw Self.corrupt("it ends too early") }
            let byte = bytes[position]
            position += 1
            if shift == 63, byte > 1 { throw Self.corrupt("a number is too large") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw Self.corrupt("a number is too long") }
        }
    }

    /// Reads a count of things that take at least one byte each.
    package mutating func count() throws(EngineError) -> Int {
        let value = try unsigned()
        if value > UInt64(bytes.count - position) { throw Self.corrupt("a count is larger than the message") }
        return Int(value)
    }

    /// Reads raw bytes after their count.
    package mutating func data() throws(EngineError) -> ArraySlice<UInt8> {
        let size = try count()
        defer { position += size }
        return bytes[position..<(position + size)]
    }

    /// Reads a value of the type that the caller expects.
    package mutating func read<Value: WireCodable>(_ type: Value.Type = Value.self) throws(EngineError)
        -> Value
    {
        try Value(from: &self)
    }

    /// Throws the error for a tag that this version does not know.
    package static func unknownTag(_ tag: UInt64, of name: String) -> EngineError {
        corrupt("\(name) has no case \(tag) in this version")
    }
}

extension UInt64: WireCodable {
    package func write(to writer: inout WireWriter) { writer.unsigned(self) }
    package init(from reader: inout WireReader) throws(EngineError) { self = try reader.unsigned() }
}

extension UInt32: WireCodable {
    package func write(to writer: inout WireWriter) { writer.unsigned(UInt64(self)) }
    package init(from reader: inout WireReader) throws(EngineError) {
        guard let value = UInt32(exactly: try reader.unsigned()) else {
            throw WireReader.corrupt("a number is too large")
        }
        self = value
    }
}

extension Int64: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.unsigned(UInt64(bitPattern: (self << 1) ^ (self >> 63)))
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let raw = try reader.unsigned()
        self = Int64(bitPattern: (raw >> 1) ^ (0 &- (raw & 1)))
    }
}

extension Int: WireCodable {
    package func write(to writer: inout WireWriter) { Int64(self).write(to: &writer) }
    package init(from reader: inout WireReader) throws(EngineError) { self = Int(try Int64(from: &reader)) }
}

extension Bool: WireCodable {
    package func write(to writer: inout WireWriter) { writer.unsigned(self ? 1 : 0) }
    package init(from reader: inout WireReader) throws(EngineError) { self = try reader.unsigned() != 0 }
}

extension String: WireCodable {
    package func write(to writer: inout WireWriter) { writer.data(utf8) }
    package init(from reader: inout WireReader) throws(EngineError) {
        self = String(decoding: try reader.data(), as: UTF8.self)
    }
}

extension Optional: WireCodable where Wrapped: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.write(self != nil)
        if let value = self { writer.write(value) }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        self = try reader.read(Bool.self) ? try reader.read(Wrapped.self) : nil
    }
}

extension Array: WireCodable where Element: WireCodable {
    package func write(to writer: inout WireWriter) {
        writer.unsigned(UInt64(count))
        for element in self { writer.write(element) }
    }
    package init(from reader: inout WireReader) throws(EngineError) {
        let count = try reader.count()
        self = []
        reserveCapacity(count)
        for _ in 0..<count { append(try reader.read(Element.self)) }
    }
}
