import Vocabulary

/// Reads the fields of one message in protobuf's wire format. Never reads past the message, never nests
/// deeper than
/// `depthLimit`; what does not fit is a `CORRUPT_MESSAGE`.
struct ProtobufReader {
    /// Deepest nesting of messages. A plan node or an expression takes two levels.
    static let depthLimit = 4 * Limits.nestingDepth

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    private let depth: Int
    private var wireType: UInt64 = 0

    init(_ bytes: [UInt8]) {
        self.init(bytes, 0, bytes.count, depth: 0)
    }

    private init(_ bytes: [UInt8], _ start: Int, _ end: Int, depth: Int) {
        self.bytes = bytes
        self.position = start
        self.end = end
        self.depth = depth
    }

    static func corrupt(_ what: String) -> EngineError {
        .system(
            "CORRUPT_MESSAGE", "A plan cannot be read: \(what)", remedy: "Run the same release on every node."
        )
    }

    private mutating func varint() throws(EngineError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.corrupt("a number is cut short or too long")
    }

    /// Moves to the next field and returns its number, or nil at the end of the message. Its value must be
    /// read or skipped.
    mutating func next() throws(EngineError) -> Int? {
        if position == end { return nil }
        let key = try varint()
        wireType = key & 7
        return Int(key >> 3)
    }

    mutating func unsigned() throws(EngineError) -> UInt64 {
        if wireType != 0 { throw Self.corrupt("a field has another type") }
        return try varint()
    }

    mutating func count() throws(EngineError) -> Int {
        guard let value = Int(exactly: try unsigned()) else { throw Self.corrupt("a count is too large") }
        return value
    }

    mutating func identifier() throws(EngineError) -> UInt32 {
        guard let value = UInt32(exactly: try unsigned()) else { throw Self.corrupt("an id is too large") }
        return value
    }

    mutating func flag() throws(EngineError) -> Bool { try unsigned() != 0 }

    mutating func signed() throws(EngineError) -> Int64 {
        let raw = try unsigned()
        return Int64(bitPattern: (raw >> 1) ^ (0 &- (raw & 1)))
    }

    private mutating func fixed(_ size: Int, _ expected: UInt64) throws(EngineError) -> UInt64 {
        if wireType != expected || end - position < size { throw Self.corrupt("a field has another type") }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += size
        return value
    }

    mutating func fixed32() throws(EngineError) -> UInt32 { UInt32(truncatingIfNeeded: try fixed(4, 5)) }
    mutating func fixed64() throws(EngineError) -> UInt64 { try fixed(8, 1) }

    private mutating func range() throws(EngineError) -> Range<Int> {
        if wireType != 2 { throw Self.corrupt("a field has another type") }
        let size = try varint()
        if size > UInt64(end - position) { throw Self.corrupt("a field is longer than its message") }
        let start = position
        position += Int(size)
        return start..<position
    }

    mutating func data() throws(EngineError) -> ArraySlice<UInt8> { bytes[try range()] }
    mutating func text() throws(EngineError) -> String { String(decoding: try data(), as: UTF8.self) }

    /// Reads the values of a packed field, or the one of an unpacked field, behind those of `values`.
    mutating func counts(into values: inout [Int]) throws(EngineError) {
        if wireType == 0 {
            values.append(try count())
            return
        }
        let span = try range()
        var inner = ProtobufReader(bytes, span.lowerBound, span.upperBound, depth: depth)
        while inner.position < inner.end {
            guard let value = Int(exactly: try inner.varint()) else {
                throw Self.corrupt("a count is too large")
            }
            values.append(value)
        }
    }

    mutating func message<Message: ProtobufMessage>(
        _ type: Message.Type = Message.self
    ) throws(EngineError) -> Message {
        let span = try range()
        if depth >= Self.depthLimit { throw Self.corrupt("it is nested too deeply") }
        var inner = ProtobufReader(bytes, span.lowerBound, span.upperBound, depth: depth + 1)
        return try Message(decoding: &inner)
    }

    /// Reads one entry of a map of texts.
    mutating func entry(into values: inout [String: String]) throws(EngineError) {
        let span = try range()
        var inner = ProtobufReader(bytes, span.lowerBound, span.upperBound, depth: depth)
        var key = ""
        var value = ""
        while let field = try inner.next() {
            switch field {
            case 1: key = try inner.text()
            case 2: value = try inner.text()
            default: try inner.skip()
            }
        }
        values[key] = value
    }

    /// Passes over the value of a field that is not known.
    mutating func skip() throws(EngineError) {
        switch wireType {
        case 0: _ = try varint()
        case 1: _ = try fixed(8, 1)
        case 2: _ = try range()
        case 5: _ = try fixed(4, 5)
        default: throw Self.corrupt("a field has an unknown wire type")
        }
    }

    /// Returns a part that the message must have.
    static func required<Value>(_ value: Value?, _ name: String) throws(EngineError) -> Value {
        guard let value else { throw corrupt("\(name) is missing") }
        return value
    }
}
