import Vocabulary

/// Reads Thrift's compact protocol
/// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) from memory that
/// outlives it. Every length is checked against the bytes that are left before anything is allocated.
struct ThriftReader {
    /// Types of the compact protocol.
    enum Kind: UInt8 {
        case stop = 0, yes = 1, no = 2, byte = 3, int16 = 4, int32 = 5, int64 = 6, double = 7, binary = 8,
            list = 9
        case set = 10, map = 11, structure = 12
    }

    private var next: UnsafePointer<UInt8>
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ bytes: UnsafeRawBufferPointer) {
        let empty = UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        start = (bytes.baseAddress ?? empty).assumingMemoryBound(to: UInt8.self)
        next = start
        end = start + bytes.count
    }

    /// Bytes read so far.
    var consumed: Int { next - start }

    private func damaged() -> EngineError {
        .data("FAILED_READ_FILE", "The Parquet metadata is damaged at its byte \(consumed)")
    }

    private mutating func byte() throws(EngineError) -> UInt8 {
        if next >= end { throw damaged() }
        defer { next += 1 }
        return next.pointee
    }

    /// Reads a value of kind `byte`.
    mutating func byteValue() throws(EngineError) -> Int { Int(try byte()) }

    private mutating func varint() throws(EngineError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw damaged()
    }

    mutating func int64() throws(EngineError) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: (raw >> 1) ^ (0 &- (raw & 1)))
    }

    mutating func int32() throws(EngineError) -> Int32 { Int32(truncatingIfNeeded: try int64()) }

    /// Reads a count or size that must fit in memory.
    mutating func int() throws(EngineError) -> Int { Int(try int64()) }

    mutating func binary() throws(EngineError) -> UnsafeRawBufferPointer {
        let length = try varint()
        if length > UInt64(end - next) { throw damaged() }
        defer { next += Int(length) }
        return UnsafeRawBufferPointer(start: next, count: Int(length))
    }

    mutating func string() throws(EngineError) -> String { String(decoding: try binary(), as: UTF8.self) }

    /// Calls `member` for each member of a structure; it reads the value, or calls `skip`. A boolean's value
    /// is its kind.
    mutating func structure(
        _ member: (inout ThriftReader, Int, Kind) throws(EngineError) -> Void
    ) throws(EngineError) {
        var id = 0
        while true {
            let head = try byte()
            guard let kind = Kind(rawValue: head & 15) else { throw damaged() }
            if kind == .stop { return }
            id = head >> 4 != 0 ? id &+ Int(head >> 4) : Int(try int64())
            try member(&self, id, kind)
        }
    }

    /// Reads a list's head: the kind and the number of its elements, each of which takes a byte at least. The
    /// kind that takes none is no element's: lists of lists of it would be as long as they like.
    mutating func listHead() throws(EngineError) -> (kind: Kind, count: Int) {
        let head = try byte()
        let count = head >> 4 == 15 ? try varint() : UInt64(head >> 4)
        guard let kind = Kind(rawValue: head & 15), kind != .stop || count == 0, count <= UInt64(end - next)
        else { throw damaged() }
        return (kind, Int(count))
    }

    /// Reads a list, one call of `element` for each element.
    mutating func list<T>(
        _ element: (inout ThriftReader) throws(EngineError) -> T
    ) throws(EngineError) -> [T] {
        let (_, count) = try listHead()
        var result: [T] = []
        for _ in 0..<count { result.append(try element(&self)) }
        return result
    }

    /// Passes over a value of `kind`.
    mutating func skip(_ kind: Kind, depth: Int = 0) throws(EngineError) {
        if depth > Limits.nestingDepth { throw damaged() }
        switch kind {
        case .stop, .yes, .no: break
        case .byte: _ = try byte()
        case .int16, .int32, .int64: _ = try varint()
        case .double:
            if end - next < 8 { throw damaged() }
            next += 8
        case .binary: _ = try binary()
        case .list, .set:
            let (element, count) = try listHead()
            for _ in 0..<count { try skipElement(element, depth: depth + 1) }
        case .map:
            let count = try varint()
            if count == 0 { return }
            let kinds = try byte()
            guard count <= UInt64(end - next), let key = Kind(rawValue: kinds >> 4),
                let value = Kind(rawValue: kinds & 15), key != .stop, value != .stop
            else { throw damaged() }
            for _ in 0..<count {
                try skipElement(key, depth: depth + 1)
                try skipElement(value, depth: depth + 1)
            }
        case .structure:
            try structure { (reader, _, kind) throws(EngineError) in try reader.skip(kind, depth: depth + 1) }
        }
    }

    /// Passes over an element of a collection, where booleans take a byte.
    private mutating func skipElement(_ kind: Kind, depth: Int) throws(EngineError) {
        if kind == .yes || kind == .no { _ = try byte() } else { try skip(kind, depth: depth) }
    }
}
