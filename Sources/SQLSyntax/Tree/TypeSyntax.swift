import Vocabulary

/// Holds a type as written in SQL text.
package indirect enum TypeSyntax: Sendable, Hashable {
    case boolean, tinyint, smallint, integer, bigint, float, double
    case decimal(precision: Int, scale: Int)
    case string, binary
    case char(Int)
    case varchar(Int)
    case date, timestamp, timestampNTZ
    /// A time of day with so many digits of a second.
    case time(precision: Int)
    /// An interval of the units from the first to the second.
    case interval(from: IntervalUnit, to: IntervalUnit)
    /// Spark's old calendar interval, `INTERVAL` without units.
    case calendarInterval
    case void
    case variant
    case array(TypeSyntax)
    case map(key: TypeSyntax, value: TypeSyntax)
    case structure([FieldSyntax])

    /// Prints as Spark's `DataType.sql`: `DECIMAL(10,2)`, `ARRAY<INT>`, `STRUCT<a: INT NOT NULL>`.
    package var sql: String {
        switch self {
        case .boolean: return "BOOLEAN"
        case .tinyint: return "TINYINT"
        case .smallint: return "SMALLINT"
        case .integer: return "INT"
        case .bigint: return "BIGINT"
        case .float: return "FLOAT"
        case .double: return "DOUBLE"
        case .decimal(let precision, let scale): return "DECIMAL(\(precision),\(scale))"
        case .string: return "STRING"
        case .binary: return "BINARY"
        case .char(let length): return "CHAR(\(length))"
        case .varchar(let length): return "VARCHAR(\(length))"
        case .date: return "DATE"
        case .timestamp: return "TIMESTAMP"
        case .timestampNTZ: return "TIMESTAMP_NTZ"
        case .time(let precision): return "TIME(\(precision))"
        case .interval(let from, let to):
            return from == to ? "INTERVAL \(from.rawValue)" : "INTERVAL \(from.rawValue) TO \(to.rawValue)"
        case .calendarInterval: return "INTERVAL"
        case .void: return "VOID"
        case .variant: return "VARIANT"
        case .array(let element): return "ARRAY<\(element.sql)>"
        case .map(let key, let value): return "MAP<\(key.sql), \(value.sql)>"
        case .structure(let fields):
            let parts = fields.map {
                "\(Self.quoted($0.name.text)): \($0.type.sql)\($0.isNullable ? "" : " NOT NULL")"
            }
            return "STRUCT<\(parts.joined(separator: ", "))>"
        }
    }

    /// Puts back quotes around a name that is no plain identifier.
    static func quoted(_ name: String) -> String {
        let isPlain =
            !name.isEmpty && name.utf8.allSatisfy { isWordByte($0) } && !name.utf8.allSatisfy { isDigit($0) }
        return isPlain ? name : "`\(name.doubling("`"))`"
    }
}

/// Holds one field of a struct type, or one column of a schema.
package struct FieldSyntax: Sendable, Hashable {
    package var name: NameSyntax
    package var type: TypeSyntax
    package var isNullable: Bool
    package var comment: String?
    /// The text of `DEFAULT expression`, which a table's column may have.
    package var defaultText: String?
}

/// Names a unit of an interval, greatest first.
package enum IntervalUnit: String, Sendable, Hashable, CaseIterable {
    case year = "YEAR"
    case month = "MONTH"
    case week = "WEEK"
    case day = "DAY"
    case hour = "HOUR"
    case minute = "MINUTE"
    case second = "SECOND"
    case millisecond = "MILLISECOND"
    case microsecond = "MICROSECOND"

    /// Reads a unit in singular or plural, in any case.
    package init?(word: String) {
        var upper = word.uppercased()
        if upper.hasSuffix("S") { upper.removeLast() }
        self.init(rawValue: upper)
    }

    /// True for the units of year-month intervals.
    package var isYearMonth: Bool { self == .year || self == .month }
}

/// Holds the value of a literal.
package enum LiteralSyntax: Sendable, Hashable {
    case null
    case boolean(Bool)
    case int8(Int8)
    case int16(Int16)
    case int32(Int32)
    case int64(Int64)
    case float(Float)
    case double(Double)
    /// Digits with an optional sign and point, as written; its precision and scale follow from the digits.
    case decimal(String)
    case string(String)
    case binary([UInt8])
    /// The text of `DATE '…'`, unchecked.
    case date(String)
    /// The text of `TIMESTAMP '…'` or `TIMESTAMP_LTZ '…'`, unchecked.
    case timestamp(String)
    /// The text of `TIMESTAMP_NTZ '…'`, unchecked.
    case timestampNTZ(String)
    /// The text of `TIME '…'`, unchecked.
    case time(String)
    case interval(IntervalSyntax)
}

/// Holds the value of an interval literal and the units it spans.
package enum IntervalSyntax: Sendable, Hashable {
    case months(Int32, from: IntervalUnit, to: IntervalUnit)
    case microseconds(Int64, from: IntervalUnit, to: IntervalUnit)
}
