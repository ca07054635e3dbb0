import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Reads single values of a flat or constant vector; the type switch is one predictable branch.
struct Column {
    let vector: Vector
    private let base: UnsafeMutableRawPointer
    private let step: Int
    private let physical: PhysicalType
    private let scale: Double

    init(_ vector: Vector) {
        self.vector = vector
        base = (vector.values ?? Column.nothing).base
        step = vector.form == .constant ? 0 : 1
        physical = vector.type.physical
        if case .decimal(_, let scale) = vector.type { self.scale = Double(scale) } else { scale = 0 }
    }

    private static let nothing = Buffer.zeroed(byteCount: 64)

    /// Row within the values: 0 for constants.
    @inline(__always)
    func at(_ row: Int) -> Int { row &* step }

    /// An integer, date, timestamp, interval or boolean.
    @inline(__always)
    func integer(_ row: Int) -> Int {
        let i = row &* step
        switch physical {
        case .int32: return Int(base.assumingMemoryBound(to: Int32.self)[i])
        case .int64: return Int(base.assumingMemoryBound(to: Int64.self)[i])
        case .int16: return Int(base.assumingMemoryBound(to: Int16.self)[i])
        case .int8: return Int(base.assumingMemoryBound(to: Int8.self)[i])
        default: return Int(base.assumingMemoryBound(to: UInt8.self)[i])
        }
    }

    @inline(__always)
    func double(_ row: Int) -> Double {
        if physical == .float { return Double(base.assumingMemoryBound(to: Float.self)[row &* step]) }
        return base.assumingMemoryBound(to: Double.self)[row &* step]
    }

    @inline(__always)
    func view(_ row: Int) -> StringView { base.assumingMemoryBound(to: StringView.self)[row &* step] }

    /// A string as text.
    func text(_ row: Int) -> String { view(row).string }

    /// The bytes of a string or binary value.
    func bytes(_ row: Int) -> [UInt8] { view(row).withBytes { Array($0) } }

    func isNull(_ row: Int) -> Bool { vector.type == .null || vector.isNull(row) }

    /// First and one past the last element of a list.
    func range(_ row: Int) -> Range<Int> {
        let offsets = base.assumingMemoryBound(to: Int32.self)
        return Int(offsets[row &* step])..<Int(offsets[row &* step &+ 1])
    }
}

/// Walks over the rows of a call whose arguments are all not null, for functions that are computed row by
/// row.
struct Rows {
    let columns: [Column]
    let count: Int
    let validity: Bitmap?

    init(_ call: Invocation) {
        columns = call.arguments.map(Column.init)
        count = call.count
        var bits: Bitmap?
        for vector in call.arguments where vector.form != .constant {
            bits = Bitmap.intersection(bits, vector.validity)
        }
        validity = bits
    }

    @inline(__always)
    func integer(_ argument: Int, _ row: Int) -> Int { columns[argument].integer(row) }
    @inline(__always)
    func double(_ argument: Int, _ row: Int) -> Double { columns[argument].double(row) }
    func text(_ argument: Int, _ row: Int) -> String { columns[argument].text(row) }

    @inline(__always)
    func isValid(_ row: Int) -> Bool {
        guard let validity else { return true }
        return (validity.words[row &>> 6] &>> UInt64(row & 63)) & 1 == 1
    }

    /// Calls `body` with each row that is not null.
    @inline(__always)
    func each(_ body: (Int) throws -> Void) rethrows {
        var row = 0
        while row < count {
            if isValid(row) { try body(row) }
            row &+= 1
        }
    }

    /// Makes a vector of fixed-width values; none fails.
    @inline(__always)
    func map<T>(_ element: T.Type, _ type: DataType, _ body: (Int) throws -> T) rethrows -> Vector {
        let buffer = Buffer.zeroed(byteCount: max(count * MemoryLayout<T>.stride, 16))
        let out = buffer.pointer(as: T.self)
        try each { out[$0] = try body($0) }
        return .flat(type, count: count, values: buffer, validity: validity)
    }

    /// Makes a vector of integers of any width out of values that may be null.
    @inline(__always)
    func build(_ type: DataType, _ body: (Int) throws -> Int64?) rethrows -> Vector {
        let buffer = Buffer.zeroed(byteCount: max(count * 8, 16))
        var nulls = NullCollector(validity, count: count)
        let physical = type.physical
        try each { row in
            guard let value = try body(row) else { return nulls.setNull(row) }
            switch physical {
            case .bool, .int8: buffer.pointer(as: Int8.self)[row] = Int8(truncatingIfNeeded: value)
            case .int16: buffer.pointer(as: Int16.self)[row] = Int16(truncatingIfNeeded: value)
            case .int32: buffer.pointer(as: Int32.self)[row] = Int32(truncatingIfNeeded: value)
            default: buffer.pointer(as: Int64.self)[row] = value
            }
        }
        return .flat(type, count: count, values: buffer, validity: nulls.validity)
    }

    /// Makes a vector of doubles out of values that may be null.
    func doubles(_ body: (Int) throws -> Double?) rethrows -> Vector {
        let buffer = Buffer.zeroed(byteCount: max(count * 8, 16))
        let out = buffer.pointer(as: Double.self)
        var nulls = NullCollector(validity, count: count)
        try each { row in
            if let value = try body(row) { out[row] = value } else { nulls.setNull(row) }
        }
        return .flat(.double, count: count, values: buffer, validity: nulls.validity)
    }

    /// Makes a vector of strings or binaries out of bytes that may be null.
    func bytes(_ type: DataType = .string, _ body: (Int) throws -> [UInt8]?) rethrows -> Vector {
        let builder = ViewBuilder(count: count)
        var nulls = NullCollector(validity, count: count)
        try each { row in
            if let value = try body(row) { builder.put(value, row) } else { nulls.setNull(row) }
        }
        return builder.finish(type, validity: nulls.validity)
    }

    /// Makes a vector of strings or binaries out of what `body` appends to a buffer, which it gets empty for
    /// each row; null where it returns false. Nothing is allocated for a row.
    @inline(__always)
    func written(
        _ type: DataType = .string, _ body: (Int, inout [UInt8]) throws -> Bool
    ) rethrows -> Vector {
        let builder = ViewBuilder(count: count)
        var nulls = NullCollector(validity, count: count)
        var out: [UInt8] = []
        try each { row in
            out.removeAll(keepingCapacity: true)
            if try body(row, &out) { builder.put(out, row) } else { nulls.setNull(row) }
        }
        return builder.finish(type, validity: nulls.validity)
    }

    /// Makes a vector of strings out of texts that may be null.
    func texts(_ body: (Int) throws -> String?) rethrows -> Vector {
        try bytes { row in try body(row).map { Array($0.utf8) } }
    }

    /// Makes a vector of any type out of scalars; for results that are rare or nested.
    func scalars(_ type: DataType, _ body: (Int) throws -> Scalar) rethrows -> Vector {
        let builder = VectorBuilder(type)
        for row in 0..<count {
            // Values are copied once more when they are all there.
            if !MadeMemory.hasRoom(for: 2 * builder.byteCount) { return .nulls(type, count: count) }
            builder.append(isValid(row) ? try body(row) : .null)
        }
        return builder.finish()
    }
}
