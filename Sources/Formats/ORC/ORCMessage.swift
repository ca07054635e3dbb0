import Vocabulary

/// Reads the fields of a message of Protocol Buffers one after the other
/// (https://protobuf.dev/programming-guides/encoding/). ORC's footers are such messages; what generated code
/// would build of them, each stripe's statistics included, is more than what is wanted.
struct ORCMessage {
    /// Holds a field's value: numbers of 64 and 32 bits are `number`, texts and messages `bytes`.
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private let bytes: ArraySlice<UInt8>
    private var at: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    /// Returns the number and the value of the next field, or nil at the end. Throws a `data` error for what
    /// is no message.
    mutating func next() throws(EngineError) -> (field: Int, value: Value)? {
        if at == bytes.endIndex { return nil }
        let key = try varint()
        guard let field = Int(exactly: key >> 3), field > 0 else { throw Self.damaged() }
        switch key & 7 {
        case 0: return (field, .number(try varint()))
        case 1: return (field, .number(try fixed(8)))
        case 5: return (field, .number(try fixed(4)))
        case 2:
            let length = try varint()
            guard length <= UInt64(bytes.endIndex - at) else { throw Self.damaged() }
            let value = bytes[at..<(at + Int(length))]
            at += Int(length)
            return (field, .bytes(value))
        default: throw Self.damaged()
        }
    }

    private mutating func varint() throws(EngineError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < bytes.endIndex, shift < 64 {
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.damaged()
    }

    private mutating func fixed(_ count: Int) throws(EngineError) -> UInt64 {
        guard bytes.endIndex - at >= count else { throw Self.damaged() }
        var value: UInt64 = 0
        for place in 0..<count { value |= UInt64(bytes[at + place]) << UInt64(place * 8) }
        at += count
        return value
    }

    private static func damaged() -> EngineError { ORCTail.damaged("a message of its footers does not end") }
}

extension ORCMessage.Value {
    /// The number, as a count of bytes or rows. Throws a `data` error for what cannot be one.
    func count() throws(EngineError) -> Int {
        guard case .number(let value) = self, value < 1 << 48 else {
            throw ORCTail.damaged("its footers have impossible numbers")
        }
        return Int(value)
    }

    /// The number, zigzag.
    var signed: Int64? {
        guard case .number(let value) = self else { return nil }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    var double: Double? {
        if case .number(let value) = self { Double(bitPattern: value) } else { nil }
    }

    /// The bytes. Throws a `data` error for a number.
    func message() throws(EngineError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = self else {
            throw ORCTail.damaged("its footers have numbers in the place of messages")
        }
        return bytes
    }

    func text() throws(EngineError) -> String { String(decoding: try message(), as: UTF8.self) }

    /// Numbers that are written one by one, or together.
    func counts() throws(EngineError) -> [Int] {
        if case .number = self { return [try count()] }
        var values: [Int] = []
        var rest = try message()
        while !rest.isEmpty {
            var value = 0
            var shift = 0
            while let byte = rest.popFirst() {
                value |= Int(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 { break }
                if shift > 42 || rest.isEmpty {
                    throw ORCTail.damaged("its footers have impossible numbers")
                }
            }
            values.append(value)
        }
        return values
    }
}
