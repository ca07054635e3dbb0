import Columns

/// Writes and reads dates and timestamps as Spark's casts do.
package enum TimeText {
    /// Appends a number padded with zeros to `width` digits.
    @inline(__always)
    static func pad(_ value: Int, _ width: Int, _ out: inout [UInt8]) {
        if width == 2, value >= 0, value < 100 {
            out.append(48 &+ UInt8(truncatingIfNeeded: value / 10))
            out.append(48 &+ UInt8(truncatingIfNeeded: value % 10))
            return
        }
        if width == 4, value >= 0, value < 10_000 {
            pad(value / 100, 2, &out)
            return pad(value % 100, 2, &out)
        }
        let digits = Array(String(value.magnitude).utf8)
        if value < 0 { out.append(45) }
        for _ in 0..<max(0, width - digits.count) { out.append(48) }
        out.append(contentsOf: digits)
    }

    /// Returns a date of the years 0 to 9999 as `yyyy-MM-dd`, ten bytes; nil for other years.
    @inline(__always)
    static func view(ofDate days: Int) -> StringView? {
        let civil = CivilDate(days: days)
        if civil.year < 0 || civil.year > 9999 { return nil }
        // Bytes 0…3, the year, lie in the head above the length; the rest is the tail.
        let year = pair(civil.year / 100) | pair(civil.year % 100) &<< 16
        let rest = 45 | pair(civil.month) &<< 8 | 45 &<< 24 | pair(civil.day) &<< 32
        return StringView(head: 10 | year &<< 32, tail: rest)
    }

    /// Two digits as text, the first in the low byte.
    @inline(__always)
    private static func pair(_ value: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: 0x3030 &+ value / 10 &+ (value % 10) &<< 8)
    }

    /// Appends `yyyy-MM-dd`.
    package static func date(_ days: Int, _ out: inout [UInt8]) {
        let civil = CivilDate(days: days)
        if civil.year > 9999 { out.append(43) }
        pad(civil.year, 4, &out)
        out.append(45)
        pad(civil.month, 2, &out)
        out.append(45)
        pad(civil.day, 2, &out)
    }

    /// Appends `yyyy-MM-dd HH:mm:ss[.ffffff]` of a local time in microseconds, without trailing zeros.
    package static func timestamp(_ microseconds: Int, _ out: inout [UInt8]) {
        let days = ClockTime.floorDivide(microseconds, ClockTime.microsecondsPerDay)
        // The day of the least timestamp begins before it, beyond 64 bits.
        let rest = microseconds &- days &* ClockTime.microsecondsPerDay
        date(days, &out)
        out.append(32)
        let seconds = rest / 1_000_000
        pad(seconds / 3600, 2, &out)
        out.append(58)
        pad(seconds / 60 % 60, 2, &out)
        out.append(58)
        pad(seconds % 60, 2, &out)
        fraction(rest % 1_000_000, &out)
    }

    static func fraction(_ micros: Int, _ out: inout [UInt8]) {
        if micros == 0 { return }
        out.append(46)
        var digits = Array(String(1_000_000 + micros).utf8.dropFirst())
        while digits.last == 48 { digits.removeLast() }
        out.append(contentsOf: digits)
    }

    /// Reads `[+-]y…[-m[m][-d[d]]]`, with anything after a blank or `T`; nil when malformed or no date.
    package static func parseDate(_ text: UnsafeRawBufferPointer) -> Int32? {
        var scan = TextScanner(trimming: text)
        guard let date = scan.date(mostYearDigits: 7) else { return nil }
        if !scan.isAtEnd, scan.peek != 32, scan.peek != UInt8(ascii: "T") { return nil }
        return Int32(exactly: date.days)
    }

    /// Reads a timestamp: a date, then optionally a time `h[h][:m[m][:s[s][.f…]]]` after a blank or `T`, then
    /// optionally a zone, which as in Spark stands behind seconds only. Returns microseconds: of the instant,
    /// where the text has no zone in that of `zone`; with `zone` nil, of the local time, and a zone in the
    /// text is ignored. A time alone is none: Spark takes today's, and so another one in each task and each
    /// time that a task runs.
    /// With `zoneNeedsSeconds` false a zone may also stand behind minutes.
    package static func parseTimestamp(
        _ text: UnsafeRawBufferPointer, zone: Zone?, zoneNeedsSeconds: Bool = true
    ) -> Int64? {
        if let plain = PlainTimestamp(text) {
            guard let zone, !plain.isUTC else { return Int64(plain.local) }
            return Int64(zone.instant(local: plain.local))
        }
        var scan = TextScanner(trimming: text)
        guard let date = scan.date() else { return nil }
        var micros = 0
        var given: Zone?
        if !scan.isAtEnd {
            guard scan.peek == 32 || scan.peek == UInt8(ascii: "T") else { return nil }
            scan.advance()
            guard let time = scan.time(allowsHourOnly: true) else { return nil }
            micros = time
            if let rest = scan.rest() {
                guard scan.hasSeconds || !zoneNeedsSeconds, let found = try? Zone.named(rest) else {
                    return nil
                }
                given = found
            }
        }
        // Before 1970 from the end of the day, as the first day of all begins beyond 64 bits.
        let isBefore = date.days < 0
        let (day, overflow) = (date.days + (isBefore ? 1 : 0)).multipliedReportingOverflow(
            by: ClockTime.microsecondsPerDay)
        if overflow { return nil }
        let (local, carried) = day.addingReportingOverflow(
            micros - (isBefore ? ClockTime.microsecondsPerDay : 0))
        if carried { return nil }
        guard let zone else { return Int64(local) }
        let instant = (given ?? zone).instant(local: local)
        // No zone is a day away: what is has left 64 bits.
        let (offset, wrapped) = local.subtractingReportingOverflow(instant)
        return wrapped || offset.magnitude > ClockTime.microsecondsPerDay.magnitude ? nil : Int64(instant)
    }
}

/// Reads numbers and separators from the bytes of a date or timestamp.
struct TextScanner {
    private let base: UnsafePointer<UInt8>?
    private var at = 0
    private var end: Int
    /// Whether the time that was read has seconds.
    private(set) var hasSeconds = false

    init(trimming text: UnsafeRawBufferPointer) {
        base = text.baseAddress?.assumingMemoryBound(to: UInt8.self)
        end = text.count
        guard let base else { return }
        while at < end, base[at] <= 32 { at += 1 }
        while end > at, base[end - 1] <= 32 { end -= 1 }
    }

    var isAtEnd: Bool { at >= end }
    var peek: UInt8 { base.map { at < end ? $0[at] : 0 } ?? 0 }
    mutating func advance() { at += 1 }

    /// Reads between `least` and `most` digits.
    mutating func number(_ least: Int, _ most: Int) -> Int? {
        var value = 0
        var digits = 0
        while digits < most, peek >= 48, peek <= 57 {
            value = value * 10 + Int(peek - 48)
            at += 1
            digits += 1
        }
        return digits >= least ? value : nil
    }

    /// Reads a date. Years have four digits or more, in timestamps up to six.
    mutating func date(mostYearDigits: Int = 6) -> CivilDate? {
        var sign = 1
        if peek == 43 || peek == 45 {
            sign = peek == 45 ? -1 : 1
            at += 1
        }
        guard let year = number(4, mostYearDigits) else { return nil }
        var date = CivilDate(year: sign * year, month: 1, day: 1)
        if peek == 45 {
            at += 1
            guard let month = number(1, 2) else { return nil }
            date.month = month
            if peek == 45 {
                at += 1
                guard let day = number(1, 2) else { return nil }
                date.day = day
            }
        }
        return date.isValid ? date : nil
    }

    /// Reads a time of day; microseconds. An hour alone counts where it is allowed and the text ends behind
    /// it.
    mutating func time(allowsHourOnly: Bool = false) -> Int? {
        guard let hour = number(1, 2) else { return nil }
        if allowsHourOnly, isAtEnd { return hour > 23 ? nil : hour * 3_600_000_000 }
        if peek != 58 { return nil }
        at += 1
        guard let minute = number(1, 2) else { return nil }
        var (second, micros) = (0, 0)
        if peek == 58 {
            at += 1
            guard let value = number(1, 2) else { return nil }
            second = value
            hasSeconds = true
            if peek == 46 {
                at += 1
                var digits = 0
                while peek >= 48, peek <= 57 {
                    if digits < 6 { micros = micros * 10 + Int(peek - 48) }
                    digits += 1
                    at += 1
                }
                while digits < 6 {
                    micros *= 10
                    digits += 1
                }
            }
        }
        if hour > 23 || minute > 59 || second > 59 { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
    }

    /// What is left, without blanks; nil when nothing is.
    mutating func rest() -> String? {
        while peek == 32 { at += 1 }
        guard let base, at < end else { return nil }
        return String(decoding: UnsafeBufferPointer(start: base + at, count: end - at), as: UTF8.self)
    }
}
