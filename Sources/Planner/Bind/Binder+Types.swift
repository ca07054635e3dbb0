import Columns
import Plans
import SQLSyntax
import Vocabulary

extension DataType {
    /// Reads a type as written. Texts of bounded length are plain strings here.
    package init(_ syntax: TypeSyntax) {
        switch syntax {
        case .boolean: self = .boolean
        case .tinyint: self = .int8
        case .smallint: self = .int16
        case .integer: self = .int32
        case .bigint: self = .int64
        case .float: self = .float
        case .double: self = .double
        case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
        case .string, .char, .varchar: self = .string
        case .binary: self = .binary
        case .date: self = .date
        case .timestamp: self = .timestamp
        case .timestampNTZ: self = .timestampNTZ
        case .time(let precision): self = .time(precision: precision)
        case .interval(let from, let to): self = .interval(IntervalFields(from, to))
        case .calendarInterval: self = .calendarInterval
        case .variant: self = .variant
        case .void: self = .null
        case .array(let element): self = .array(DataType(element), containsNull: true)
        case .map(let key, let value):
            self = .map(key: DataType(key), value: DataType(value), valueContainsNull: true)
        case .structure(let fields): self = .structure(fields.map(Field.init))
        }
    }
}

extension IntervalFields {
    /// Takes units as written: weeks count as days, units below the second as seconds.
    init(_ from: IntervalUnit, _ to: IntervalUnit) { self.init(Self.unit(from), Self.unit(to)) }

    private static func unit(_ unit: IntervalUnit) -> Unit {
        switch unit {
        case .year: .year
        case .month: .month
        case .week, .day: .day
        case .hour: .hour
        case .minute: .minute
        case .second, .millisecond, .microsecond: .second
        }
    }
}

extension Field {
    /// Reads a field of a struct type or a column of a schema as written.
    package init(_ syntax: FieldSyntax) {
        self.init(syntax.name.text, DataType(syntax.type), nullable: syntax.isNullable)
    }
}

extension Schema {
    /// Reads a schema as written.
    package init(_ fields: [FieldSyntax]) { self.init(fields.map(Field.init)) }
}
