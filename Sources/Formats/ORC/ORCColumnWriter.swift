import Columns
import Kernels
import Memory
import Vocabulary

/// Gathers the values of one type of a stripe. Used by one thread.
class ORCColumnWriter {
    let type: DataType
    let id: Int
    private let present = ORCByteEncoder()
    private var nullCount = 0
    /// Rows of the stripe so far, those that a structure around it lacks left out.
    private var rowCount = 0
    private var least: Int64?
    private var greatest: Int64?

    init(_ type: DataType, _ id: Int) {
        self.type = type
        self.id = id
    }

    var valueCount: Int { rowCount - nullCount }

    /// The writers below this one, in the order of their ids.
    var children: [ORCColumnWriter] { [] }

    /// Takes rows of a flat vector of the type.
    final func write(_ vector: Vector, _ rows: [Int]) throws(EngineError) {
        rowCount += rows.count
        if vector.validity == nil {
            for _ in rows { present.append(bit: true) }
            return try put(vector, rows)
        }
        var valid: [Int] = []
        valid.reserveCapacity(rows.count)
        for row in rows {
            let isNull = vector.isNull(row)
            present.append(bit: !isNull)
            if isNull { nullCount += 1 } else { valid.append(row) }
        }
        try put(vector, valid)
    }

    /// Takes values that are not null; what a subclass knows how to do.
    func put(_ vector: Vector, _ rows: [Int]) throws(EngineError) {}

    /// Includes a number in the statistics.
    @inline(__always)
    final func include(_ value: Int64) {
        if value < least ?? .max || least == nil { least = value }
        if value > greatest ?? .min || greatest == nil { greatest = value }
    }

    /// Bytes gathered, before they are compressed, about.
    var byteCount: Int { 0 }

    /// Names a stream's kind and holds its bytes.
    typealias Stream = (kind: Int, bytes: GrowingBytes)

    /// Ends the stripe: returns the streams but `present`.
    func streams() -> [Stream] { [] }

    /// Returns all streams of the stripe.
    final func finishedStreams() -> [Stream] {
        present.flush()
        return (nullCount > 0 ? [(0, present.out)] : []) + streams()
    }

    /// The encoding and the size of the dictionary, after `streams`.
    var encoding: (kind: Int, dictionarySize: Int) { (0, 0) }

    /// The statistics of the stripe, as a message.
    final func statistics() -> ORCMessageWriter {
        var message = ORCMessageWriter()
        message.put(1, valueCount)
        if let least, let greatest {
            var bounds = ORCMessageWriter()
            bounds.put(1, signed: least)
            bounds.put(2, signed: greatest)
            message.put(type == .date ? 7 : 2, bounds)
        }
        message.put(10, nullCount > 0 ? 1 : 0)
        return message
    }
}

/// Gathers integers, days, and what lies in memory as they do.
final class ORCIntegerWriter<T: FixedWidthInteger & BitwiseCopyable>: ORCColumnWriter {
    private let encoder = ORCIntegerEncoder(isSigned: true)

    override func put(_ vector: Vector, _ rows: [Int]) {
        let values = vector.pointer(as: T.self)
        for row in rows {
            let value = Int64(values[row])
            include(value)
            encoder.append(value)
        }
    }

    override var byteCount: Int { encoder.byteCount }
    override var encoding: (kind: Int, dictionarySize: Int) { (2, 0) }

    override func streams() -> [Stream] {
        encoder.flush()
        return [(1, encoder.out)]
    }
}

/// Gathers bytes (TINYINT) and booleans.
final class ORCByteWriter: ORCColumnWriter {
    private let encoder = ORCByteEncoder()

    override func put(_ vector: Vector, _ rows: [Int]) {
        let values = vector.pointer(as: UInt8.self)
        if type == .boolean {
            for row in rows { encoder.append(bit: values[row] & 1 == 1) }
        } else {
            for row in rows {
                include(Int64(Int8(bitPattern: values[row])))
                encoder.append(values[row])
            }
        }
    }

    override var byteCount: Int { encoder.byteCount }

    override func streams() -> [Stream] {
        encoder.flush()
        return [(1, encoder.out)]
    }
}

/// Gathers FLOAT and DOUBLE.
final class ORCFloatWriter<T: BitwiseCopyable>: ORCColumnWriter {
    private let out = GrowingBytes(capacity: 4096)

    override func put(_ vector: Vector, _ rows: [Int]) {
        let values = vector.pointer(as: T.self)
        for row in rows { out.append(values[row]) }
    }

    override var byteCount: Int { out.count }
    override func streams() -> [Stream] { [(1, out)] }
}

/// Gathers decimals.
final class ORCDecimalWriter: ORCColumnWriter {
    private let out = GrowingBytes(capacity: 4096)
    private let scales = ORCIntegerEncoder(isSigned: true)

    override func put(_ vector: Vector, _ rows: [Int]) {
        guard case .decimal(_, let scale) = type else { return }
        let isNarrow = type.physical == .int64
        let narrow = vector.pointer(as: Int64.self)
        let wide = vector.pointer(as: Int128.self)
        for row in rows {
            let value = isNarrow ? Int128(narrow[row]) : wide[row]
            var rest = UInt128(bitPattern: (value << 1) ^ (value >> 127))
            while rest >= 0x80 {
                out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            out.append(UInt8(rest))
            scales.append(Int64(scale))
        }
    }

    override var byteCount: Int { out.count + scales.byteCount }
    override var encoding: (kind: Int, dictionarySize: Int) { (2, 0) }

    override func streams() -> [Stream] {
        scales.flush()
        return [(1, out), (5, scales.out)]
    }
}

/// Gathers times, as seconds since 2015 by the writer's clock and nanoseconds.
final class ORCTimeWriter: ORCColumnWriter {
    private let seconds = ORCIntegerEncoder(isSigned: true)
    private let nanoseconds = ORCIntegerEncoder(isSigned: false)
    private let epoch: Int64

    init(_ type: DataType, _ id: Int, epoch: Int64) {
        self.epoch = epoch
        super.init(type, id)
    }

    /// Throws `UNSUPPORTED_FEATURE.ORC_TIMESTAMP_FRACTION` (user) for the last second of 1969: readers, this
    /// one too, take its fractions for those of the second after it.
    override func put(_ vector: Vector, _ rows: [Int]) throws(EngineError) {
        let values = vector.pointer(as: Int64.self)
        for row in rows {
            var whole = values[row] / 1_000_000
            var fraction = values[row] % 1_000_000
            if fraction < 0 {
                whole -= 1
                fraction += 1_000_000
            }
            if whole < 0, fraction > 999 {
                // Seconds before 1970 are cut towards zero, and readers know it by the fraction.
                whole += 1
                if whole == 0 { throw Self.lastSecond }
            }
            seconds.append(whole - epoch)
            nanoseconds.append(Self.packed(fraction * 1000))
        }
    }

    private static var lastSecond: EngineError {
        .user(
            "UNSUPPORTED_FEATURE.ORC_TIMESTAMP_FRACTION",
            "ORC files cannot have times within the last second of 1969",
            remedy: "Cut them with date_trunc('SECOND', …), or write Parquet.")
    }

    /// Leaves out zeros at the end, and puts their number, one fewer, into the lowest three bits.
    private static func packed(_ nanoseconds: Int64) -> Int64 {
        if nanoseconds == 0 || nanoseconds % 100 != 0 { return nanoseconds << 3 }
        var rest = nanoseconds / 100
        var zeros: Int64 = 1
        while rest % 10 == 0, zeros < 7 {
            rest /= 10
            zeros += 1
        }
        return rest << 3 | zeros
    }

    override var byteCount: Int { seconds.byteCount + nanoseconds.byteCount }
    override var encoding: (kind: Int, dictionarySize: Int) { (2, 0) }

    override func streams() -> [Stream] {
        seconds.flush()
        nanoseconds.flush()
        return [(1, seconds.out), (5, nanoseconds.out)]
    }
}
