import Vocabulary

/// Writes messages in protobuf's wire format. Fields with their default value are left out, as proto3 says.
/// Source: protobuf.dev, "Encoding".
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func tag(_ field: Int, _ wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

    mutating func unsigned(_ field: Int, _ value: UInt64) {
        if value == 0 { return }
        tag(field, 0)
        varint(value)
    }

    mutating func count(_ field: Int, _ value: Int) { unsigned(field, UInt64(max(0, value))) }

    /// Writes a count that may be missing; zero is written too.
    mutating func optionalCount(_ field: Int, _ value: Int?) {
        guard let value else { return }
        tag(field, 0)
        varint(UInt64(max(0, value)))
    }

    mutating func flag(_ field: Int, _ value: Bool) { unsigned(field, value ? 1 : 0) }

    /// Writes a boolean even when it is false: a member of a `oneof`.
    mutating func presentFlag(_ field: Int, _ value: Bool) {
        tag(field, 0)
        varint(value ? 1 : 0)
    }

    /// Writes a zigzag number even when it is zero.
    mutating func presentSigned(_ field: Int, _ value: Int64) {
        tag(field, 0)
        varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func fixed32(_ field: Int, _ value: UInt32) {
        tag(field, 5)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func fixed64(_ field: Int, _ value: UInt64) {
        tag(field, 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
        tag(field, 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func text(_ field: Int, _ value: String) { data(field, value.utf8) }

    mutating func packed(_ field: Int, _ values: [Int]) {
        if values.isEmpty { return }
        var inner = ProtobufWriter()
        for value in values { inner.varint(UInt64(max(0, value))) }
        data(field, inner.bytes)
    }

    mutating func texts(_ field: Int, _ values: [String: String]) {
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            var entry = ProtobufWriter()
            entry.text(1, key)
            entry.text(2, value)
            data(field, entry.bytes)
        }
    }

    mutating func message(_ field: Int, _ value: some ProtobufMessage) throws(EngineError) {
        var inner = ProtobufWriter()
        try value.encode(to: &inner)
        data(field, inner.bytes)
    }

    mutating func messages(_ field: Int, _ values: [some ProtobufMessage]) throws(EngineError) {
        for value in values { try message(field, value) }
    }

    mutating func optionalMessage(_ field: Int, _ value: (some ProtobufMessage)?) throws(EngineError) {
        if let value { try message(field, value) }
    }
}

/// A value with a message of `plans.proto`.
protocol ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError)
    init(decoding reader: inout ProtobufReader) throws(EngineError)
}
