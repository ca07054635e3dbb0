import Kernels
import Vocabulary

/// Fills up texts of one batch with blanks, and keeps count of what that takes: CHAR(2000000000) would make
/// every text as long.
struct TextChanges {
    /// Whether a text was changed.
    var isAny = false
    private var filledBytes = 0

    /// Returns a text with so many blanks behind it. Throws as `take` does.
    mutating func filled(_ text: String, by missing: Int) throws(EngineError) -> String {
        try take(missing, behind: text.utf8.count)
        isAny = true
        return text + String(repeating: " ", count: missing)
    }

    /// Counts the blanks that are to be written behind a text of `byteCount` bytes. Throws
    /// `INVALID_PARAMETER_VALUE` when the text would be longer than functions make them, or all filled ones
    /// together.
    mutating func take(_ missing: Int, behind byteCount: Int) throws(EngineError) {
        guard missing <= Limits.stringBytes - byteCount else {
            throw Failure.invalidArgument("CHAR(n)", "a text filled up to n would have \(missing) blanks")
        }
        filledBytes += byteCount + missing
        if filledBytes > Limits.stringBytes {
            throw Failure.invalidArgument(
                "CHAR(n)",
                "the texts of one batch, filled up to n, would have more than "
                    + ByteSize.format(Limits.stringBytes))
        }
    }
}
