import Columns
import Memory
import Vocabulary

/// Decodes one type of a stripe, a number of rows after the other. Used by one thread.
class ORCColumn {
    let type: DataType
    private let present: ORCByteRuns?

    /// Rows of a column within arrays and maps that one batch may have.
    static let elementLimit = 1 << 24
    /// Numbers that are decoded at a time.
    static let stepRows = 4096

    init(_ type: DataType, _ present: ORCByteRuns?) {
        self.type = type
        self.present = present
    }

    /// Reads the next rows. `within` says in which of them the structure around it is not null; the others
    /// are null here, and nothing is stored for them.
    final func read(_ count: Int, within: [Bool]? = nil) throws(EngineError) -> Vector {
        if present == nil, within == nil { return try values(count, nil) }
        var valid = within ?? [Bool](repeating: true, count: count)
        var hasNull = false
        for row in 0..<count {
            if valid[row], let present { valid[row] = try present.bit() }
            if !valid[row] { hasNull = true }
        }
        return try values(count, hasNull ? valid : nil)
    }

    /// Reads the values of the rows that are not null; what a subclass knows how to do.
    func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector { .nulls(type, count: count) }

    static func bitmap(_ valid: [Bool]?) -> Bitmap? { valid.map { Bitmap($0) } }

    /// How many rows of a part are not null.
    static func stored(_ valid: [Bool]?, _ rows: Range<Int>) -> Int {
        guard let valid else { return rows.count }
        var count = 0
        for row in rows where valid[row] { count += 1 }
        return count
    }
}

/// Decodes integers, days, and what lies in memory as they do.
final class ORCIntegerColumn<T: FixedWidthInteger & BitwiseCopyable>: ORCColumn {
    private let integers: ORCIntegers
    private let scratch = Buffer(byteCount: ORCColumn.stepRows * 8)
    /// Turns days of the file's calendar into Gregorian ones.
    private let rebase: ((Int64) -> Int64)?

    init(
        _ type: DataType, _ present: ORCByteRuns?, _ integers: ORCIntegers,
        rebase: ((Int64) -> Int64)? = nil
    ) {
        self.integers = integers
        self.rebase = rebase
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        let buffer = Buffer(byteCount: max(1, count) * MemoryLayout<T>.stride)
        let out = buffer.pointer(as: T.self)
        let from = scratch.pointer(as: Int64.self)
        var start = 0
        var isTooWide = false
        while start < count {
            let end = min(count, start + ORCColumn.stepRows)
            try integers.read(from, ORCColumn.stored(valid, start..<end))
            if let rebase { for place in 0..<(end - start) { from[place] = rebase(from[place]) } }
            var place = 0
            for row in start..<end {
                if let valid, !valid[row] {
                    out[row] = 0
                    continue
                }
                let value = T(truncatingIfNeeded: from[place])
                isTooWide = isTooWide || Int64(value) != from[place]
                out[row] = value
                place &+= 1
            }
            start = end
        }
        if isTooWide { throw ORCTail.damaged("a number is too large for its type") }
        return .flat(type, count: count, values: buffer, validity: ORCColumn.bitmap(valid))
    }
}

/// Decodes bytes (TINYINT) and booleans.
final class ORCByteColumn: ORCColumn {
    private let runs: ORCByteRuns
    private let areBits: Bool

    init(_ type: DataType, _ present: ORCByteRuns?, _ runs: ORCByteRuns, areBits: Bool) {
        self.runs = runs
        self.areBits = areBits
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        let buffer = Buffer(byteCount: max(1, count))
        let out = buffer.pointer(as: UInt8.self)
        for row in 0..<count {
            if let valid, !valid[row] {
                out[row] = 0
            } else {
                out[row] = try areBits ? (runs.bit() ? 1 : 0) : runs.byte()
            }
        }
        return .flat(type, count: count, values: buffer, validity: ORCColumn.bitmap(valid))
    }
}

/// Decodes FLOAT and DOUBLE, which lie in files as in memory, the lowest byte first.
final class ORCFloatColumn<T: BitwiseCopyable>: ORCColumn {
    private let bytes: ORCBytes
    private let scratch = Buffer(byteCount: ORCColumn.stepRows * MemoryLayout<T>.stride)
    private let zero: T

    init(_ type: DataType, _ present: ORCByteRuns?, _ bytes: ORCBytes, zero: T) {
        self.bytes = bytes
        self.zero = zero
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        let stride = MemoryLayout<T>.stride
        let buffer = Buffer(byteCount: max(1, count) * stride)
        let out = buffer.pointer(as: T.self)
        let from = scratch.pointer(as: T.self)
        var start = 0
        while start < count {
            let end = min(count, start + ORCColumn.stepRows)
            guard let valid else {
                try bytes.read(out + start, (end - start) * stride)
                start = end
                continue
            }
            try bytes.read(from, ORCColumn.stored(valid, start..<end) * stride)
            var place = 0
            for row in start..<end {
                out[row] = valid[row] ? from[place] : zero
                if valid[row] { place &+= 1 }
            }
            start = end
        }
        return .flat(type, count: count, values: buffer, validity: ORCColumn.bitmap(valid))
    }
}

/// Decodes decimals: numbers of any width, zigzag and seven bits a byte, and the scale of each.
final class ORCDecimalColumn: ORCColumn {
    private let bytes: ORCBytes
    private let scales: ORCIntegers
    private let precision: Int
    private let scale: Int
    private let scratch = Buffer(byteCount: ORCColumn.stepRows * 8)

    init(
        _ type: DataType, _ present: ORCByteRuns?, _ bytes: ORCBytes, _ scales: ORCIntegers, precision: Int,
        scale: Int
    ) {
        self.bytes = bytes
        self.scales = scales
        self.precision = precision
        self.scale = scale
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        let isNarrow = type.physical == .int64
        let buffer = Buffer(byteCount: max(1, count) * (isNarrow ? 8 : 16))
        let narrow = buffer.pointer(as: Int64.self)
        let wide = buffer.pointer(as: Int128.self)
        let given = scratch.pointer(as: Int64.self)
        let limit = Self.power(precision)
        var start = 0
        while start < count {
            let end = min(count, start + ORCColumn.stepRows)
            try scales.read(given, ORCColumn.stored(valid, start..<end))
            var place = 0
            for row in start..<end {
                var value: Int128 = 0
                if valid?[row] ?? true {
                    value = try Self.scaled(try number(), from: given[place], to: scale)
                    guard value < limit, value > -limit else { throw Self.tooWide }
                    place &+= 1
                }
                if isNarrow { narrow[row] = Int64(truncatingIfNeeded: value) } else { wide[row] = value }
            }
            start = end
        }
        return .flat(type, count: count, values: buffer, validity: ORCColumn.bitmap(valid))
    }

    private static var tooWide: EngineError { ORCTail.damaged("a decimal has more digits than its type") }

    private func number() throws(EngineError) -> Int128 {
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while shift < 126 {
            let byte = try bytes.byte()
            value |= UInt128(byte & 0x7F) << shift
            if byte < 0x80 { return Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1) }
            shift &+= 7
        }
        // 128 bits take nineteen bytes, of which the last has two.
        let byte = try bytes.byte()
        guard byte < 4 else { throw Self.tooWide }
        value |= UInt128(byte) << 126
        return Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1)
    }

    private static func scaled(_ value: Int128, from: Int64, to: Int) throws(EngineError) -> Int128 {
        if from == Int64(to) { return value }
        guard (0...38).contains(from) else { throw ORCTail.damaged("a decimal has the scale \(from)") }
        let difference = to - Int(from)
        if difference < 0 {
            let divisor = power(-difference)
            let half = divisor / 2
            let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
            return rest >= half ? quotient + 1 : rest <= -half ? quotient - 1 : quotient
        }
        let (product, overflow) = value.multipliedReportingOverflow(by: power(difference))
        if overflow { throw tooWide }
        return product
    }

    /// Ten to a power up to 38.
    private static func power(_ exponent: Int) -> Int128 {
        var value: Int128 = 1
        for _ in 0..<min(exponent, 38) { value *= 10 }
        return value
    }
}
