import CKernels
import Columns

/// Names how a type is stored in Parquet, with Spark's conventions.
struct StoredType {
    var physical: ParquetPhysicalType
    var logical: ParquetLogicalType
    /// Bytes of a stored value of fixed width; 0 for byte arrays.
    var width: Int
    /// Whether stored microseconds are held as nanoseconds.
    var cutsToMicroseconds = false

    /// Returns nil for nested types, and types that files cannot hold.
    init?(_ type: DataType) {
        switch type {
        case .boolean: self.init(.boolean, .none, 1)
        case .int8: self.init(.int32, .integer(bits: 8, signed: true), 4)
        case .int16: self.init(.int32, .integer(bits: 16, signed: true), 4)
        case .int32, .yearMonthInterval: self.init(.int32, .none, 4)
        case .int64, .dayTimeInterval: self.init(.int64, .none, 8)
        case .date: self.init(.int32, .date, 4)
        case .timestamp: self.init(.int64, .timestamp(.microseconds, adjustedToUTC: true), 8)
        case .timestampNTZ: self.init(.int64, .timestamp(.microseconds, adjustedToUTC: false), 8)
        case .time:
            self.init(.int64, .time(.microseconds), 8)
            cutsToMicroseconds = true
        case .float: self.init(.float, .none, 4)
        case .double: self.init(.double, .none, 8)
        case .string: self.init(.byteArray, .string, 0)
        case .binary: self.init(.byteArray, .none, 0)
        case .decimal(let precision, let scale):
            let logical = ParquetLogicalType.decimal(precision: precision, scale: scale)
            if precision <= 9 {
                self.init(.int32, logical, 4)
            } else if precision <= 18 {
                self.init(.int64, logical, 8)
            } else {
                self.init(.fixedByteArray, logical, StoredType.decimalBytes[precision])
            }
        // As Spark has it.
        case .null: self.init(.boolean, .unknown, 1)
        case .array, .structure, .map, .calendarInterval, .variant, .unsupported: return nil
        }
    }

    private init(_ physical: ParquetPhysicalType, _ logical: ParquetLogicalType, _ width: Int) {
        (self.physical, self.logical, self.width) = (physical, logical, width)
    }

    /// Least bytes that hold any decimal of a precision, by precision.
    private static let decimalBytes: [Int] = (0...38).map { precision in
        var limit: UInt128 = 1
        for _ in 0..<precision { limit *= 10 }
        var bytes = 1
        while bytes < 16, UInt128(1) << UInt128(8 * bytes - 1) < limit { bytes += 1 }
        return bytes
    }
}

/// Turns values of our layout into stored ones of fixed width.
enum StoredValues {
    /// Writes `count` values of `vector`, flat and of fixed width, from row `first` on, or its rows `rows`,
    /// to `out`.
    static func put(
        _ vector: Vector, first: Int, rows: UnsafePointer<UInt32>?, count: Int, as stored: StoredType,
        to out: UnsafeMutableRawPointer, scratch: GrowingBytes
    ) {
        let width = vector.type.physical.width
        let base = vector.pointer(as: UInt8.self)
        guard let rows else {
            return convert(UnsafeRawPointer(base + first * width), width, count, stored, out)
        }
        if width == stored.width, stored.physical != .fixedByteArray, !stored.cutsToMicroseconds {
            return parquet_gather(base, rows, Int64(count), out, Int32(width))
        }
        scratch.removeAll()
        let gathered = scratch.reserve(count * width)
        parquet_gather(base, rows, Int64(count), gathered, Int32(width))
        convert(UnsafeRawPointer(gathered), width, count, stored, out)
    }

    private static func convert(
        _ input: UnsafeRawPointer, _ width: Int, _ count: Int, _ stored: StoredType,
        _ out: UnsafeMutableRawPointer
    ) {
        if stored.physical == .fixedByteArray {
            let bytes = out.assumingMemoryBound(to: UInt8.self)
            return parquet_put_big_endian(input, Int32(stored.width), Int64(count), bytes)
        }
        if stored.cutsToMicroseconds {
            let (from, to) = (
                input.assumingMemoryBound(to: Int64.self), out.assumingMemoryBound(to: Int64.self)
            )
            var i = 0
            while i < count {
                to[i] = from[i] / 1_000
                i &+= 1
            }
            return
        }
        let numbers = out.assumingMemoryBound(to: Int32.self)
        switch (width, stored.width) {
        case (8, 4): parquet_narrow_64(input.assumingMemoryBound(to: Int64.self), Int64(count), numbers)
        case (1, 4): parquet_widen_8(input.assumingMemoryBound(to: Int8.self), Int64(count), numbers)
        case (2, 4): parquet_widen_16(input.assumingMemoryBound(to: Int16.self), Int64(count), numbers)
        default: out.copyMemory(from: input, byteCount: count * width)
        }
    }
}
