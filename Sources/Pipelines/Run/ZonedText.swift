/// Writes expressions over texts that may be times, `2024-01-01T00:00:00+02:00`: as texts they would be in
/// another order than what they mean. Which texts are times, and of which instant, is as where a REST source
/// compares cursors (`CursorOrder`): with `T` or a blank, zones `Z`, `+02:00`, `+0200` and `+02`, and without
/// a zone UTC.
enum ZonedText {
    /// Groups: 1 date, 3 hours and minutes, 4 seconds behind a colon, 6 hours of the zone with their sign, 8
    /// its minutes.
    private static let form =
        #"^(\d{4}-\d\d-\d\d)([T ](\d\d:\d\d)(:\d\d(\.\d+)?)? ?(?:Z|([+-]\d\d)(:?(\d\d))?)?)?$"#

    /// The condition that a text is such a time; null of null.
    static func isOne(_ text: String) -> String {
        "(\(text) RLIKE \(SQLText.value(form)) AND (\(text) IS NULL OR \(instant(text)) IS NOT NULL))"
    }

    /// The instant that a text means; null where it means none.
    static func instant(_ text: String) -> String {
        func part(_ group: Int, else other: String) -> String {
            let found = "regexp_extract(\(text), \(SQLText.value(form)), \(group))"
            return "coalesce(nullif(\(found), ''), '\(other)')"
        }
        // Of any other text a date that is none is left. A zone stands behind seconds only, as in Spark.
        let plain =
            "concat(\(part(1, else: "none")), ' ', \(part(3, else: "00:00")), "
            + "\(part(4, else: ":00")), \(part(6, else: "+00")), ':', \(part(8, else: "00")))"
        return "try_cast(\(plain) AS TIMESTAMP)"
    }

    /// The digits of a text beyond microseconds, which no instant has.
    static func smallest(_ text: String) -> String {
        "rtrim('0', regexp_extract(\(text), \(SQLText.value(#"\.\d{6}(\d+)"#)), 1))"
    }
}
