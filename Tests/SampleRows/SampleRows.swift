import Columns

/// Makes rows of every type, which files and blocks hold that tests damage.
package enum SampleRows {
    /// Fields that every format of rows can hold.
    package static let common = [
        Field("id", .int64), Field("text", .string), Field("flag", .boolean), Field("day", .date),
        Field("amount", .decimal(precision: 20, scale: 2)), Field("at", .timestamp),
        Field("list", .array(.string, containsNull: true)),
        Field("pairs", .map(key: .string, value: .int32, valueContainsNull: true)),
        Field("record", .structure([Field("x", .double), Field("y", .binary)])),
    ]
    /// Those, and numbers of types that not every format has.
    package static let schema = Schema(
        common + [
            Field("byte", .int8), Field("short", .int16), Field("f", .float),
            Field("price", .decimal(precision: 9, scale: 2)),
        ])

    /// Makes rows, in which every seventh value of a column is null.
    package static func batch(_ schema: Schema = schema, rowCount: Int) -> Batch {
        let columns = schema.fields.enumerated().map { place, field in
            Vector.of(
                field.type, (0..<rowCount).map { ($0 + place) % 7 == 0 ? .null : value(field.type, $0) })
        }
        return Batch(columns: columns, count: rowCount)
    }

    /// The value of a type in a row.
    package static func value(_ type: DataType, _ row: Int) -> Scalar {
        switch type {
        case .boolean: .boolean(row % 2 == 0)
        case .string: .string("text number \(row % 11)")
        case .binary: .binary([UInt8](repeating: 7, count: row % 5))
        case .double: .double(Double(row) / 3)
        case .float: .float(Float(row) / 4)
        case .int8: .integer(Int64(row % 100 - 50))
        case .decimal(let precision, _): .decimal(Int128(row) * (precision > 18 ? 1_000_000_007 : 1009))
        case .timestamp: .integer(Int64(row - 75) * 1_000_000_000_000 + Int64(row) * 1000)
        case .array(let element, _): .array((0..<(row % 4)).map { value(element, $0) })
        case .map(let key, let element, _):
            .map(
                keys: (0..<(row % 3)).map { value(key, $0) },
                values: (0..<(row % 3)).map { value(element, $0) })
        case .structure(let fields): .structure(fields.map { value($0.type, row) })
        default: .integer(Int64(row))
        }
    }
}
