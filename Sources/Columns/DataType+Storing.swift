extension DataType {
    /// Says whether INSERT makes values of this plain type into those of a column's: Spark's ANSI store
    /// assignment (`Cast.canANSIStoreAssign`). Numbers go to numbers, anything plain to STRING, times to
    /// times; a value that does not fit fails the statement.
    package func isStorable(as column: DataType) -> Bool {
        if self == column || self == .null { return true }
        if case .unsupported = self { return false }
        if isNumeric, column.isNumeric { return true }
        if column == .string { return !isNested && self != .calendarInterval }
        return isTime && column.isTime || isClock && column.isClock
    }

    /// Whether values are days or moments.
    package var isTime: Bool { self == .date || self == .timestamp || self == .timestampNTZ }

    /// The same type where everything in it may be null: files and queries of one type differ in that.
    package var withNulls: DataType {
        switch self {
        case .array(let element, _): .array(element.withNulls, containsNull: true)
        case .map(let key, let value, _):
            .map(key: key.withNulls, value: value.withNulls, valueContainsNull: true)
        case .structure(let fields): .structure(fields.map { Field($0.name, $0.type.withNulls) })
        default: self
        }
    }
}
