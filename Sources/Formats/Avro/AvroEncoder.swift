import Columns
import Kernels
import Vocabulary

/// Writes rows of one flat column as Avro's binary form; a value is behind the number of its branch, 0, and
/// null is branch 1. Used by one thread.
class AvroEncoder {
    private let vector: Vector
    /// False for a column of nulls, which is no union, and for a map's keys.
    private let isUnion: Bool

    init(_ vector: Vector, isUnion: Bool = true) {
        self.vector = vector
        self.isUnion = isUnion
    }

    @inline(__always)
    final func write(_ row: Int, to out: GrowingBytes) {
        if isUnion {
            if vector.isNull(row) {
                out.putLong(1)
                return
            }
            out.putLong(0)
        }
        put(row, out)
    }

    /// Appends a value that is not null.
    func put(_ row: Int, _ out: GrowingBytes) {}

    /// Makes the encoder of a column.
    static func make(_ given: Vector, isUnion: Bool = true) -> AvroEncoder {
        if given.type == .null { return AvroEncoder(given, isUnion: false) }
        let vector = given.flattened()
        func values<T>(_ type: T.Type, _ put: @escaping (T, GrowingBytes) -> Void) -> AvroEncoder {
            AvroValueEncoder(vector, vector.pointer(as: type), put)
        }
        switch vector.type.physical {
        case .null: return AvroEncoder(vector, isUnion: false)
        case .bool: return values(UInt8.self) { $1.append($0 & 1) }
        case .int8: return values(Int8.self) { $1.putLong(Int64($0)) }
        case .int16: return values(Int16.self) { $1.putLong(Int64($0)) }
        case .int32: return values(Int32.self) { $1.putLong(Int64($0)) }
        case .int64:
            guard case .decimal(let precision, _) = vector.type else {
                return values(Int64.self) { $1.putLong($0) }
            }
            let width = AvroSchemaWriter.decimalBytes(precision)
            return values(Int64.self) { putDecimal(Int128($0), width, $1) }
        case .int128:
            guard case .decimal(let precision, _) = vector.type else { return AvroEncoder(vector) }
            let width = AvroSchemaWriter.decimalBytes(precision)
            return values(Int128.self) { putDecimal($0, width, $1) }
        case .float: return values(Float.self) { $1.append($0.bitPattern) }
        case .double: return values(Double.self) { $1.append($0.bitPattern) }
        case .view: return AvroTextEncoder(vector, isUnion: isUnion)
        case .list: return AvroListEncoder(vector)
        case .structure: return AvroStructureEncoder(vector)
        }
    }

    /// Appends a number in two's complement, the highest byte first.
    private static func putDecimal(_ value: Int128, _ width: Int, _ out: GrowingBytes) {
        for place in 0..<width {
            out.append(UInt8(truncatingIfNeeded: value >> Int128((width - 1 - place) * 8)))
        }
    }
}

/// Writes values of a fixed width.
private final class AvroValueEncoder<T>: AvroEncoder {
    private let values: UnsafeMutablePointer<T>
    private let putValue: (T, GrowingBytes) -> Void

    init(_ vector: Vector, _ values: UnsafeMutablePointer<T>, _ put: @escaping (T, GrowingBytes) -> Void) {
        self.values = values
        putValue = put
        super.init(vector)
    }

    override func put(_ row: Int, _ out: GrowingBytes) { putValue(values[row], out) }
}

/// Writes texts and bytes.
private final class AvroTextEncoder: AvroEncoder {
    private let views: UnsafeMutablePointer<StringView>

    override init(_ vector: Vector, isUnion: Bool) {
        views = vector.pointer(as: StringView.self)
        super.init(vector, isUnion: isUnion)
    }

    override func put(_ row: Int, _ out: GrowingBytes) {
        let count = views[row].count
        out.putLong(Int64(count))
        views[row].copyBytes(to: out.reserve(count))
        out.commit(count)
    }
}

/// Writes arrays and maps: the number of items, the items, and a zero.
private final class AvroListEncoder: AvroEncoder {
    private let offsets: UnsafeMutablePointer<Int32>
    private let items: [AvroEncoder]

    init(_ vector: Vector) {
        offsets = vector.offsets
        var items: [AvroEncoder] = []
        if case .map = vector.type { items.append(.make(vector.children[0], isUnion: false)) }
        if let values = vector.children.last { items.append(.make(values)) }
        self.items = items
        super.init(vector)
    }

    override func put(_ row: Int, _ out: GrowingBytes) {
        let (start, end) = (Int(offsets[row]), Int(offsets[row + 1]))
        if end > start {
            out.putLong(Int64(end - start))
            for place in start..<end { for item in items { item.write(place, to: out) } }
        }
        out.putLong(0)
    }
}

/// Writes records within records.
private final class AvroStructureEncoder: AvroEncoder {
    private let members: [AvroEncoder]

    init(_ vector: Vector) {
        members = vector.children.map { .make($0) }
        super.init(vector)
    }

    override func put(_ row: Int, _ out: GrowingBytes) {
        for member in members { member.write(row, to: out) }
    }
}
