import Vocabulary

/// Says what happens to records that cannot be read: Spark's `mode` option.
package enum ReadMode: String, Sendable {
    /// Values that do not fit are null; the record's text goes to the corrupt-record column when the schema
    /// has it.
    case permissive
    /// Records that do not fit are left out.
    case dropMalformed
    /// The first record that does not fit fails the statement.
    case failFast

    /// Reads the option's text in any case, as Spark does: unknown modes are PERMISSIVE.
    init(option: String?) {
        switch option?.uppercased() {
        case "DROPMALFORMED": self = .dropMalformed
        case "FAILFAST": self = .failFast
        default: self = .permissive
        }
    }
}

extension EngineError {
    /// Reports the record that ended a FAILFAST read.
    static func malformedRecord(_ text: String, in windows: TextWindows, at start: Int?) -> EngineError {
        let line = start.flatMap { windows.lineNumber(at: $0) }.map { ", line \($0)" } ?? ""
        let place = start.map { "\(line), byte \($0)," } ?? ""
        let shown = text.count > 200 ? text.prefix(200) + "…" : text[...]
        return .data(
            "MALFORMED_RECORD_IN_PARSING",
            "A record in \(windows.name)\(place) does not fit the schema (mode FAILFAST): \(shown)",
            remedy:
                "Use mode PERMISSIVE to read such values as null, or DROPMALFORMED to leave such records out."
        )
    }
}
