import Vocabulary

/// Reads values of an inflated block one after the other, never past its end. Used by one thread.
final class AvroCursor {
    private let base: UnsafePointer<UInt8>
    private let count: Int
    private(set) var at = 0
    /// Elements without bytes that may still follow: a count alone must not make columns of any size.
    private var emptyElements = 1 << 20

    init(_ bytes: UnsafeRawBufferPointer) {
        base =
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            ?? UnsafePointer<UInt8>(bitPattern: 64).unsafelyUnwrapped
        count = bytes.count
    }

    var isAtEnd: Bool { at == count }

    static func damaged(_ why: String) -> EngineError {
        .data(
            "FAILED_READ_FILE", "The Avro file is damaged: \(why)",
            remedy: "Copy the file again from where it came from, or write it again.")
    }

    /// Reads a number of 64 bits, zigzag and seven bits a byte.
    @inline(__always)
    func long() throws(EngineError) -> Int64 {
        if at < count, base[at] < 0x80 {
            let byte = UInt64(base[at])
            at &+= 1
            return Int64(bitPattern: byte >> 1) ^ -Int64(bitPattern: byte & 1)
        }
        return try longNumber()
    }

    private func longNumber() throws(EngineError) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < count, shift < 64 {
            let byte = base[at]
            at &+= 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift &+= 7
        }
        throw AvroCursor.damaged("a number does not end")
    }

    func int() throws(EngineError) -> Int32 {
        guard let value = Int32(exactly: try long()) else {
            throw AvroCursor.damaged("an int has more than 32 bits")
        }
        return value
    }

    /// Takes bytes of a fixed number.
    @inline(__always)
    func take(_ byteCount: Int) throws(EngineError) -> UnsafeRawBufferPointer {
        guard byteCount >= 0, byteCount <= count &- at else {
            throw AvroCursor.damaged("a value leads past its block")
        }
        let start = UnsafeRawPointer(base + at)
        at &+= byteCount
        return UnsafeRawBufferPointer(start: start, count: byteCount)
    }

    /// Takes bytes behind their number.
    func bytes() throws(EngineError) -> UnsafeRawBufferPointer {
        let length = try long()
        guard length >= 0, length <= Int64(Limits.valueBytes) else {
            throw AvroCursor.damaged("a text of \(length) bytes")
        }
        return try take(Int(length))
    }

    func fixed<T: BitwiseCopyable>(_ type: T.Type) throws(EngineError) -> T {
        try take(MemoryLayout<T>.size).loadUnaligned(as: type)
    }

    func boolean() throws(EngineError) -> UInt8 { try take(1)[0] == 0 ? 0 : 1 }

    /// Reads the branch of a union.
    func branch(of branchCount: Int) throws(EngineError) -> Int {
        let index = try long()
        guard index >= 0, index < Int64(branchCount) else {
            throw AvroCursor.damaged("a union has no branch \(index)")
        }
        return Int(index)
    }

    /// Reads the number of items of the next part of an array or map; 0 at its end.
    func items(areEmpty: Bool) throws(EngineError) -> Int {
        var number = try long()
        if number < 0 {
            guard number != .min else { throw AvroCursor.damaged("a list of \(number) items") }
            number = -number
            _ = try long()
        }
        if areEmpty {
            guard number <= Int64(emptyElements) else {
                throw AvroCursor.damaged("a list of \(number) empty items")
            }
            emptyElements -= Int(number)
        } else if number > Int64(count - at) {
            throw AvroCursor.damaged("a list of \(number) items in \(count - at) bytes")
        }
        return Int(number)
    }

    /// Passes over a value.
    func skip(_ schema: AvroSchema) throws(EngineError) {
        switch schema {
        case .null: break
        case .boolean: _ = try take(1)
        case .int, .long, .enumeration: _ = try long()
        case .float: _ = try take(4)
        case .double: _ = try take(8)
        case .bytes, .string: _ = try bytes()
        case .fixed(let byteCount): _ = try take(byteCount)
        case .array(let element): try skipItems(element, hasKeys: false)
        case .map(let value): try skipItems(value, hasKeys: true)
        case .record(let fields): for field in fields { try skip(field.schema) }
        case .union(let branches): try skip(branches[try branch(of: branches.count)])
        case .logical(_, let plain): try skip(plain)
        }
    }

    private func skipItems(_ schema: AvroSchema, hasKeys: Bool) throws(EngineError) {
        while true {
            let number = try items(areEmpty: !hasKeys && schema.isEmpty)
            if number == 0 { return }
            for _ in 0..<number {
                if hasKeys { _ = try bytes() }
                try skip(schema)
            }
        }
    }
}
