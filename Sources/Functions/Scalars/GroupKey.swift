import Columns
import Kernels
import Vocabulary

/// Writes values of any type as bytes that are equal exactly where the values are, to group by arrays and
/// structures.
enum GroupKey {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "group_key", typing: Signature.of([.any], .binary), nulls: .handled,
            "Returns bytes that are equal where values are equal, null included.",
            example: "group_key(array(1, 2))"
        ) { call in
            let vector = call[0].flattened()
            let builder = ViewBuilder(count: call.count)
            for row in 0..<call.count {
                var bytes: [UInt8] = []
                append(vector, row, to: &bytes)
                builder.put(bytes, row)
            }
            return builder.finish(.binary, validity: nil)
        }
    ]

    private static func append(_ vector: Vector, _ row: Int, to bytes: inout [UInt8]) {
        if vector.type == .null || vector.isNullConstant || vector.isNull(row) {
            bytes.append(0)
            return
        }
        bytes.append(1)
        switch vector.type.physical {
        case .structure: for child in vector.children { append(child.flattened(), row, to: &bytes) }
        case .list:
            let range = Int(vector.offsets[row])..<Int(vector.offsets[row + 1])
            put(UInt64(range.count), to: &bytes)
            let children = vector.children.map { $0.flattened() }
            var entries = range.map { at in
                var entry: [UInt8] = []
                for child in children { append(child, at, to: &entry) }
                return entry
            }
            // The order of a map's entries means nothing.
            if case .map = vector.type { entries.sort { $0.lexicographicallyPrecedes($1) } }
            for entry in entries { bytes += entry }
        case .view:
            let text = Column(vector).bytes(row)
            put(UInt64(text.count), to: &bytes)
            bytes += text
        case .float, .double:
            // All NaN are one value, and so are both zeros.
            let value = Column(vector).double(row)
            put(value == 0 ? 0 : value.isNaN ? Double.nan.bitPattern : value.bitPattern, to: &bytes)
        case .int128:
            let value = vector.pointer(as: Int128.self)[row]
            put(UInt64(truncatingIfNeeded: value), to: &bytes)
            put(UInt64(truncatingIfNeeded: value >> 64), to: &bytes)
        default: put(UInt64(bitPattern: Int64(Column(vector).integer(row))), to: &bytes)
        }
    }

    private static func put(_ value: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
