import Vocabulary

/// Tells what kind of values a cursor has from one of them, so that no other is put in its place: a database
/// would refuse it in the next run, and texts of another form would compare as nobody means.
package enum CursorForm: String, Sendable, Hashable, Codable {
    case number
    /// A date, or a date with a time.
    case time
    case text

    init(_ value: String) {
        if value.wholeMatch(of: /[+-]?\d+(\.\d*)?([eE][+-]?\d+)?/) != nil {
            self = .number
        } else if CursorForm.isTime(value) {
            self = .time
        } else {
            self = .text
        }
    }

    private static func isTime(_ value: String) -> Bool {
        let date = value.prefix(10)
        guard date.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil, CivilTime.parse(String(date)) != nil else {
            return false
        }
        let clock = /[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?\s?(?:Z|[+-]\d\d(?::?\d\d)?)?/
        let rest = value.dropFirst(10)
        return rest.isEmpty || rest.wholeMatch(of: clock) != nil
    }

    /// Throws `INVALID_REQUEST` where a value is not of the form of the cursor that is stored.
    static func check(
        _ value: String, like stored: String?, _ form: CursorForm? = nil, of step: String
    ) throws {
        guard let stored else { return }
        let form = form ?? CursorForm(stored)
        guard form != .text, CursorForm(value) != form else { return }
        throw EngineError.user(
            "INVALID_REQUEST",
            "The cursor of \(step) is a \(form == .number ? "number" : "date or time"), so it cannot be set "
                + "to: \(value)", remedy: "Give a value like the one that is stored: \(stored)")
    }
}
