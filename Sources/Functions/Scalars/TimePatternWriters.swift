import Kernels
import Vocabulary

/// Makes writers of the patterns in options of text files: `dateFormat`, `timestampFormat` and
/// `timestampNTZFormat`, by Spark's names in lower case.
package struct TimePatternWriters: Sendable {
    /// Appends the text of a time.
    package typealias Writer = @Sendable (Int64, inout [UInt8]) -> Void

    /// Takes days since 1970.
    package var date: Writer?
    /// Takes microseconds since 1970 in UTC.
    package var timestamp: Writer?
    /// Takes microseconds since 1970 of a clock.
    package var timestampNTZ: Writer?

    /// Reads the options; instants are shown in `zone`, or in the one that option `timezone` names. Throws
    /// `INVALID_DATETIME_PATTERN` and `INVALID_TIMEZONE` (user).
    package init(_ options: [String: String], zone: Zone) throws(EngineError) {
        var (zone, zoneName) = (zone, "UTC")
        if let name = options["timezone"] { zone = try Zone.named(name) }
        zoneName = zone.name
        if let text = options["dateformat"] {
            let pattern = try DatePattern(text)
            date = { days, out in
                pattern.format(
                    local: Int(days) * ClockTime.microsecondsPerDay, offset: 0, zoneName: "UTC", &out)
            }
        }
        if let text = options["timestampformat"] {
            let pattern = try DatePattern(text)
            timestamp = { [zone, zoneName] micros, out in
                let offset = zone.offset(at: ClockTime.floorDivide(Int(micros), 1_000_000))
                let instant = ClockTime.floorDivide(Int(micros), 1_000_000)
                pattern.format(
                    local: zone.local(Int(micros)), offset: offset, zoneName: zoneName,
                    letters: pattern.letters(of: zone, at: instant), &out)
            }
        }
        if let text = options["timestampntzformat"] {
            let pattern = try DatePattern(text)
            timestampNTZ = { micros, out in
                pattern.format(local: Int(micros), offset: 0, zoneName: "UTC", &out)
            }
        }
    }
}
