import Vocabulary

/// Names a Spark SQL data type.
package indirect enum DataType: Hashable, Sendable {
    /// The type of a bare NULL (`void`).
    case null
    case boolean
    case int8, int16, int32, int64
    case float, double
    /// A fixed-point number: `precision` digits, `scale` of them after the point; 0 ≤ scale ≤ precision ≤ 38.
    case decimal(precision: Int, scale: Int)
    case string, binary
    /// Days since 1970-01-01 in the proleptic Gregorian calendar.
    case date
    /// Microseconds since 1970-01-01T00:00:00Z: an instant, shown in the session's time zone.
    case timestamp
    /// Microseconds since 1970-01-01T00:00:00 of a clock on no zone's wall.
    case timestampNTZ
    /// Nanoseconds since midnight, less than a day has; `precision`, 0 to 6, is how many digits of a second
    /// a cast from another time leaves.
    case time(precision: Int)
    /// Months.
    case yearMonthInterval(IntervalFields)
    /// Microseconds.
    case dayTimeInterval(IntervalFields)
    /// Months, days and microseconds side by side: a `CalendarInterval`.
    case calendarInterval
    /// A value of any type that tells its type itself, as JSON holds it: metadata and value of Parquet's
    /// variant encoding, one behind the other.
    case variant
    case array(DataType, containsNull: Bool)
    case structure([Field])
    case map(key: DataType, value: DataType, valueContainsNull: Bool)
    /// A type of a file that SQL has not, by the name that its format has for it. Such a column stands in
    /// schemas; whoever reads it fails.
    case unsupported(String)

    /// Most digits of a time's seconds, and as many as `TIME` without digits has.
    package static let timePrecision = 6
    /// Most digits of a decimal.
    package static let maximumPrecision = 38
    /// Most digits of a decimal that is held in 64 bits.
    package static let int64Precision = 18
}

/// Names one column of a schema or one member of a structure.
package struct Field: Hashable, Sendable {
    package var name: String
    package var type: DataType
    package var nullable: Bool

    package init(_ name: String, _ type: DataType, nullable: Bool = true) {
        self.name = name
        self.type = type
        self.nullable = nullable
    }

    /// The name, between back quotes where it is no plain identifier.
    package var quotedName: String {
        func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
        let isPlain = name.utf8.allSatisfy { isDigit($0) || (97...122).contains($0 | 32) || $0 == 95 }
        if isPlain, !name.isEmpty, !name.utf8.allSatisfy(isDigit) { return name }
        return "`\(name.doubling("`"))`"
    }
}

/// Lists the columns of a relation in order.
package struct Schema: Hashable, Sendable {
    package var fields: [Field]

    package init(_ fields: [Field]) { self.fields = fields }

    package var count: Int { fields.count }
    package subscript(_ index: Int) -> Field { fields[index] }
    package var types: [DataType] { fields.map(\.type) }
    package var names: [String] { fields.map(\.name) }

    /// Returns the position of the column named `name`, ignoring case as Spark does, or nil.
    package func index(of name: String) -> Int? {
        if let exact = fields.firstIndex(where: { $0.name == name }) { return exact }
        let lowered = name.lowercased()
        return fields.firstIndex { $0.name.lowercased() == lowered }
    }
}

/// Names how the values of a type lie in memory. Kernels switch over this once per batch.
package enum PhysicalType: UInt8, Hashable, Sendable {
    /// No values at all.
    case null
    /// One byte, 0 or 1.
    case bool
    case int8, int16, int32, int64, int128
    case float, double
    /// A 16-byte `StringView`.
    case view
    /// `count + 1` 32-bit offsets into one child (array) or two (map: keys, values).
    case list
    /// One child per member.
    case structure

    /// Bytes that one value takes; 0 where values have no fixed width.
    package var width: Int {
        switch self {
        case .null, .structure: 0
        case .bool, .int8: 1
        case .int16: 2
        case .int32, .float, .list: 4
        case .int64, .double: 8
        case .int128, .view: 16
        }
    }
}

extension DataType {
    /// How values of this type lie in memory.
    package var physical: PhysicalType {
        switch self {
        case .null: .null
        case .boolean: .bool
        case .int8: .int8
        case .int16: .int16
        case .int32, .date, .yearMonthInterval: .int32
        case .int64, .timestamp, .timestampNTZ, .time, .dayTimeInterval: .int64
        case .float: .float
        case .double: .double
        case .decimal(let precision, _): precision <= DataType.int64Precision ? .int64 : .int128
        case .string, .binary, .variant, .unsupported: .view
        case .calendarInterval: .int128
        case .array, .map: .list
        case .structure: .structure
        }
    }

    package var isIntegral: Bool {
        switch self {
        case .int8, .int16, .int32, .int64: true
        default: false
        }
    }

    package var isClock: Bool { if case .time = self { true } else { false } }
    package var isDecimal: Bool { if case .decimal = self { true } else { false } }
    package var isFloating: Bool { self == .float || self == .double }
    package var isNumeric: Bool { isIntegral || isDecimal || isFloating }

    package var isNested: Bool {
        switch self {
        case .array, .structure, .map: true
        default: false
        }
    }

    /// The type as Spark names it in results, such as `struct<a:int>`, with the names of members as they are.
    package var catalogName: String {
        switch self {
        case .array(let element, _): "array<\(element.catalogName)>"
        case .structure(let fields):
            "struct<\(fields.map { "\($0.name):\($0.type.catalogName)" }.joined(separator: ","))>"
        case .map(let key, let value, _): "map<\(key.catalogName),\(value.catalogName)>"
        default: sqlName.lowercased()
        }
    }

    /// The type as Spark writes it in messages and DDL: `DECIMAL(10,2)`, `ARRAY<INT>`, `STRUCT<a: INT>`.
    package var sqlName: String {
        switch self {
        case .null: "VOID"
        case .boolean: "BOOLEAN"
        case .int8: "TINYINT"
        case .int16: "SMALLINT"
        case .int32: "INT"
        case .int64: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .string: "STRING"
        case .binary: "BINARY"
        case .date: "DATE"
        case .timestamp: "TIMESTAMP"
        case .timestampNTZ: "TIMESTAMP_NTZ"
        case .time(let precision): "TIME(\(precision))"
        case .yearMonthInterval(let fields), .dayTimeInterval(let fields): "INTERVAL \(fields.sqlName)"
        case .calendarInterval: "INTERVAL"
        case .variant: "VARIANT"
        case .array(let element, _): "ARRAY<\(element.sqlName)>"
        case .structure(let fields):
            "STRUCT<\(fields.map { "\($0.quotedName): \($0.type.sqlName)" }.joined(separator: ", "))>"
        case .map(let key, let value, _): "MAP<\(key.sqlName), \(value.sqlName)>"
        case .unsupported(let name): "UNSUPPORTED (\(name))"
        }
    }
}
