import Columns

/// Writes and reads times of day as Spark's casts do.
package enum ClockText {
    package static let nanosecondsPerDay = 86_400_000_000_000
    private static let nanosecondsPerMicrosecond = 1_000

    /// Appends `HH:mm:ss[.ffffff]` of nanoseconds of the day, without trailing zeros.
    package static func append(_ nanoseconds: Int, _ out: inout [UInt8]) {
        let seconds = nanoseconds / 1_000_000_000
        TimeText.pad(seconds / 3600, 2, &out)
        out.append(58)
        TimeText.pad(seconds / 60 % 60, 2, &out)
        out.append(58)
        TimeText.pad(seconds % 60, 2, &out)
        TimeText.fraction(nanoseconds / nanosecondsPerMicrosecond % 1_000_000, &out)
    }

    /// Returns `HH:mm:ss[.ffffff]`.
    package static func text(_ nanoseconds: Int) -> String {
        var bytes: [UInt8] = []
        append(nanoseconds, &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads `[T]h[h]:m[m][:s[s][.f…]][AM|PM]`, after a `T` also an hour alone; nanoseconds of the day, of
    /// which those below a microsecond are cut off. Nil when malformed, with a date or a zone, or no time.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        let (digits, half) = splittingHalf(text)
        var scan = TextScanner(trimming: digits)
        let isMarked = scan.peek == UInt8(ascii: "T")
        if isMarked { scan.advance() }
        guard var micros = scan.time(allowsHourOnly: isMarked), scan.isAtEnd else { return nil }
        if let half {
            let hour = micros / 3_600_000_000
            guard (1...12).contains(hour) else { return nil }
            micros += (hour % 12 + half * 12 - hour) * 3_600_000_000
        }
        return Int64(micros * nanosecondsPerMicrosecond)
    }

    /// Takes `AM` (0) or `PM` (1) off the end of a text.
    private static func splittingHalf(
        _ text: UnsafeRawBufferPointer
    ) -> (rest: UnsafeRawBufferPointer, half: Int?) {
        var end = text.count
        while end > 0, text[end - 1] <= 32 { end -= 1 }
        guard end > 2, text[end - 1] | 32 == UInt8(ascii: "m") else { return (text, nil) }
        let letter = text[end - 2] | 32
        guard letter == UInt8(ascii: "a") || letter == UInt8(ascii: "p") else { return (text, nil) }
        return (UnsafeRawBufferPointer(rebasing: text[..<(end - 2)]), letter == UInt8(ascii: "p") ? 1 : 0)
    }

    /// Cuts nanoseconds of the day to digits of a second.
    package static func cut(_ nanoseconds: Int, to precision: Int) -> Int {
        var unit = 1_000_000_000
        for _ in 0..<precision { unit /= 10 }
        return nanoseconds - nanoseconds % unit
    }
}
