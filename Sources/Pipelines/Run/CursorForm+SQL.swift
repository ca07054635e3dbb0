// The order of a cursor's texts in SQL, the same as where a REST source compares them (`CursorOrder`).
extension CursorForm {
    /// Returns an aggregate that says the form of a column's texts; null where there are none.
    static func found(in column: String) -> String {
        let isNumber = "\(column) RLIKE \(SQLText.value(#"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$"#))"
        return "CASE WHEN count(\(column)) = 0 THEN NULL WHEN bool_and(\(isNumber)) THEN 'number' "
            + "WHEN bool_and(\(ZonedText.isOne(column))) THEN 'time' ELSE 'text' END"
    }

    /// Returns expressions by which, one after the other, texts are in order.
    func keys(_ text: String) -> [String] {
        switch self {
        case .number: ["try_cast(\(text) AS DOUBLE)", "try_cast(\(text) AS DECIMAL(38,6))", text]
        case .time: [ZonedText.instant(text), ZonedText.smallest(text), text]
        case .text: [text]
        }
    }

    /// Returns an aggregate that gives the greatest text of a column.
    func greatest(_ column: String) -> String {
        self == .text
            ? "max(\(column))" : "max_by(\(column), struct(\(keys(column).joined(separator: ", "))))"
    }

    /// Returns the condition that a text does not come after another one, or maybe does not.
    func isUpTo(_ text: String, _ last: String) -> String {
        let (one, other) = (keys(text)[0], keys(SQLText.value(last))[0])
        return "coalesce(\(one) <= \(other), true)"
    }
}
