/// Writes expressions over texts that may be times with zones, `2024-01-01T00:00:00+02:00`: as texts they
/// would be in another order than what they mean.
enum ZonedText {
    /// The condition that a text is such a time; null of null.
    static func isOne(_ text: String) -> String {
        let form = #"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$"#
        return "(\(text) RLIKE \(SQLText.value(form)) AND (\(text) IS NULL OR \(instant(text)) IS NOT NULL))"
    }

    /// The instant that a text means; null where it means none.
    static func instant(_ text: String) -> String { "try_cast(\(text) AS TIMESTAMP)" }

    /// The greatest value of a column, as text: by instants where all of its values are times with zones.
    static func greatest(_ column: String) -> String {
        let text = "CAST(\(column) AS STRING)"
        return "if(bool_and(\(isOne(text))), max_by(\(text), struct(\(instant(text)), \(text))), "
            + "CAST(max(\(column)) AS STRING))"
    }
}
