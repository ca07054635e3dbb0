import Vocabulary

/// Reads times as the patterns say that options `dateFormat`, `timestampFormat` and `timestampNTZFormat`
/// name. Whoever makes the options of a reader knows the patterns' language and gives a parser for each.
package struct TextPatterns: Sendable {
    /// Returns days since 1970 for dates, else microseconds, of UTC where the type has a zone; nil for a text
    /// that does not fit.
    package typealias Parser = @Sendable (UnsafeBufferPointer<UInt8>) -> Int64?

    package var date: Parser?
    package var timestamp: Parser?
    package var timestampNTZ: Parser?

    package init(date: Parser? = nil, timestamp: Parser? = nil, timestampNTZ: Parser? = nil) {
        self.date = date
        self.timestamp = timestamp
        self.timestampNTZ = timestampNTZ
    }

    /// Returns the parser of an option's name.
    subscript(_ option: String) -> Parser? {
        switch option {
        case "dateFormat": date
        case "timestampFormat": timestamp
        default: timestampNTZ
        }
    }
}
