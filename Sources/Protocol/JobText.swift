import Vocabulary

/// Holds what every way of submitting a job asks of its text.
package enum JobText {
    /// Throws `SQL_TOO_LONG` (user) for a text beyond the limit.
    package static func check(_ text: String) throws(EngineError) {
        if text.utf8.count > Limits.sqlBytes { throw tooLong() }
    }

    /// Returns the error that a text, that of `file` where it has one, is beyond the limit.
    package static func tooLong(file: String? = nil) -> EngineError {
        .user(
            "SQL_TOO_LONG",
            "The job's text is longer than \(ByteSize.format(Limits.sqlBytes))"
                + (file.map { ": \($0)" } ?? ""),
            remedy: "Split it into several jobs, or put long lists into a file and join with it.")
    }
}
