import Kernels
import Vocabulary

/// Makes parsers of the patterns in options of text files: `dateFormat`, `timestampFormat` and
/// `timestampNTZFormat`, by Spark's names in lower case.
package struct TimePatternReaders: Sendable {
    /// Returns the time that a text shows; nil when it does not fit.
    package typealias Parser = @Sendable (UnsafeBufferPointer<UInt8>) -> Int64?

    /// Gives days since 1970.
    package var date: Parser?
    /// Gives microseconds since 1970 in UTC.
    package var timestamp: Parser?
    /// Gives microseconds since 1970 of the clock that the text shows.
    package var timestampNTZ: Parser?

    /// Reads the options; texts that name no zone are of `zone`, or of the one that option `timezone` names.
    /// Throws `INVALID_DATETIME_PATTERN` and `INVALID_TIMEZONE` (user).
    package init(_ options: [String: String], zone: Zone) throws(EngineError) {
        var zone = zone
        if let name = options["timezone"] { zone = try Zone.named(name) }
        if let text = options["dateformat"] {
            let pattern = try DatePattern(text, isReading: true)
            date = { bytes in
                pattern.parse(UnsafeRawBufferPointer(bytes)).map {
                    Int64(ClockTime.floorDivide($0.local, ClockTime.microsecondsPerDay))
                }
            }
        }
        if let text = options["timestampformat"] {
            let pattern = try DatePattern(text, isReading: true)
            timestamp = { [zone] bytes in
                guard let found = pattern.parse(UnsafeRawBufferPointer(bytes)) else { return nil }
                if let offset = found.offset { return Int64(found.local &- offset &* 1_000_000) }
                guard let name = found.zone else { return Int64(zone.instant(local: found.local)) }
                return (try? Zone.named(name)).map { Int64($0.instant(local: found.local)) }
            }
        }
        if let text = options["timestampntzformat"] {
            let pattern = try DatePattern(text, isReading: true)
            timestampNTZ = { bytes in
                pattern.parse(UnsafeRawBufferPointer(bytes)).flatMap {
                    $0.offset == nil && $0.zone == nil ? Int64($0.local) : nil
                }
            }
        }
    }
}
