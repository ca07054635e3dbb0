import Vocabulary

/// Says which letters a datetime pattern may have, and how many. Source: Spark's
/// `DateTimeFormatterHelper.convertIncompatiblePattern` and `java.time.format.DateTimeFormatterBuilder`.
enum DatePatternLetters {
    /// Letters of the older formatter, which takes any number of each.
    private static let older = Set("GyYMLwWDdFEuaHhKkmsSzZX".utf8)
    private static let ofWeeks = Set("YWwuec".utf8)
    private static let ofWriting = Set("EFqQ".utf8)
    /// What a pattern reserves for later.
    private static let reserved = Set("{}#".utf8)
    private static let most: [UInt8: Int] = [
        UInt8(ascii: "G"): 4, UInt8(ascii: "M"): 4, UInt8(ascii: "L"): 4, UInt8(ascii: "E"): 4,
        UInt8(ascii: "y"): 6, UInt8(ascii: "d"): 2, UInt8(ascii: "D"): 3, UInt8(ascii: "H"): 2,
        UInt8(ascii: "h"): 2, UInt8(ascii: "K"): 2, UInt8(ascii: "k"): 2, UInt8(ascii: "m"): 2,
        UInt8(ascii: "s"): 2, UInt8(ascii: "S"): 9, UInt8(ascii: "a"): 1, UInt8(ascii: "F"): 1,
        UInt8(ascii: "z"): 4, UInt8(ascii: "Z"): 5, UInt8(ascii: "X"): 5, UInt8(ascii: "x"): 5,
        UInt8(ascii: "Q"): 5, UInt8(ascii: "q"): 5,
    ]

    /// Throws where Spark refuses the pattern.
    static func check(_ pattern: String, isReading: Bool) throws(EngineError) {
        var isOlder = true
        var fault: UInt8?
        var isQuoted = false
        var run = (byte: UInt8(0), count: 0)
        for byte in Array(pattern.utf8) + [0] {
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            let isLetter = byte | 32 >= 97 && byte | 32 <= 122
            if byte != run.byte || isQuoted {
                if run.count > 0, !fits(run.byte, run.count) { fault = fault ?? run.byte }
                // The one letter of which the older formatter takes three at most.
                if run.byte == UInt8(ascii: "X"), run.count > 3 { isOlder = false }
                run = (byte, 0)
            }
            if isQuoted { continue }
            if isLetter {
                run.count += 1
                isOlder = isOlder && older.contains(byte)
                if ofWeeks.contains(byte) || isReading && ofWriting.contains(byte) { fault = fault ?? byte }
            } else if reserved.contains(byte) {
                fault = fault ?? byte
            }
        }
        if isQuoted { throw unknown(pattern) }
        guard let fault else { return }
        if isOlder || ofWeeks.contains(fault) { throw changed(pattern, isOlder) }
        if isReading, ofWriting.contains(fault) {
            throw .user(
                "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER",
                "Unrecognized datetime pattern: \(pattern). Illegal pattern character found in "
                    + "datetime pattern: \(Character(UnicodeScalar(fault))).")
        }
        throw unknown(pattern)
    }

    private static func fits(_ letter: UInt8, _ count: Int) -> Bool {
        switch letter {
        case UInt8(ascii: "V"): count == 2
        case UInt8(ascii: "O"): count == 1 || count == 4
        default: count <= most[letter] ?? count
        }
    }

    private static func unknown(_ pattern: String) -> EngineError {
        .user("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "Unrecognized datetime pattern: '\(pattern)'.")
    }

    private static func changed(_ pattern: String, _ isOlder: Bool) -> EngineError {
        let kind = isOlder ? "DATETIME_PATTERN_RECOGNITION" : "DATETIME_WEEK_BASED_PATTERN"
        return .user(
            "INCONSISTENT_BEHAVIOR_CROSS_VERSION.\(kind)",
            "The datetime pattern '\(pattern)' meant something in Spark 2 and is none any more.",
            remedy: "Weeks have no letters; E and F are written only; of each letter there are only so many.")
    }
}
