import Columns

/// Reads and writes the usual form of timestamps, `yyyy-MM-dd HH:mm:ss[.f…]`, a word at a time; `TimeText`
/// does all others.
struct PlainTimestamp {
    /// Microseconds since 1970 of the clock that the text shows.
    let local: Int
    /// Whether a `Z` stands behind.
    let isUTC: Bool

    /// Reads `yyyy-MM-dd`, a blank or `T`, `HH:mm:ss`, perhaps one to six digits of a second and perhaps `Z`;
    /// nil for every other text.
    @inline(__always)
    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count >= 19, text.count <= 27, text[10] == 32 || text[10] == UInt8(ascii: "T") else {
            return nil
        }
        let date = text.loadUnaligned(as: UInt64.self)
        let clock = text.loadUnaligned(fromByteOffset: 11, as: UInt64.self)
        // yyyy-MM- and HH:mm:ss: the marks between first, then the digits.
        guard date & 0xFF00_00FF_0000_0000 == 0x2D00_002D_0000_0000,
            clock & 0x0000_FF00_00FF_0000 == 0x0000_3A00_003A_0000
        else { return nil }
        let dateDigits = date & 0x00FF_FF00_FFFF_FFFF ^ 0x0030_3000_3030_3030
        let clockDigits = clock & 0xFFFF_00FF_FF00_FFFF ^ 0x3030_0030_3000_3030
        guard Self.areDigits(dateDigits), Self.areDigits(clockDigits), text[8] &- 48 < 10, text[9] &- 48 < 10
        else { return nil }
        let civil = CivilDate(
            year: Self.pair(dateDigits, 0) &* 100 &+ Self.pair(dateDigits, 16),
            month: Self.pair(dateDigits, 40),
            day: Int(text[8] &- 48) &* 10 &+ Int(text[9] &- 48))
        let (hour, minute, second) = (
            Self.pair(clockDigits, 0), Self.pair(clockDigits, 24), Self.pair(clockDigits, 48)
        )
        guard civil.month >= 1, civil.month <= 12, civil.day >= 1, civil.day <= 28 || civil.isValid,
            hour < 24, minute < 60, second < 60
        else { return nil }
        var (at, micros) = (19, 0)
        if at < text.count, text[at] == 46 {
            at &+= 1
            var unit = 100_000
            while at < text.count, text[at] &- 48 < 10 {
                // A seventh digit has the unit 0.
                micros &+= Int(text[at] &- 48) &* unit
                unit /= 10
                at &+= 1
            }
            if at == 20 { return nil }
        }
        isUTC = at < text.count && text[at] == UInt8(ascii: "Z")
        if at &+ (isUTC ? 1 : 0) != text.count { return nil }
        let seconds = (hour &* 60 &+ minute) &* 60 &+ second
        local = civil.days &* ClockTime.microsecondsPerDay &+ seconds &* 1_000_000 &+ micros
    }

    /// Says whether all bytes are 0 to 9.
    @inline(__always)
    private static func areDigits(_ word: UInt64) -> Bool {
        (word | word &+ 0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0 == 0
    }

    /// The number of two digits of which the first is the byte `bits` up.
    @inline(__always)
    private static func pair(_ digits: UInt64, _ bits: UInt64) -> Int {
        Int(truncatingIfNeeded: (digits &>> bits & 0xF) &* 10 &+ (digits &>> (bits &+ 8)) & 0xF)
    }

    /// Writes a local time into a row as `TimeText.timestamp` does; false, with nothing written, for years
    /// of other than four digits.
    @inline(__always)
    static func put(_ local: Int, _ builder: ViewBuilder, _ row: Int) -> Bool {
        let days = ClockTime.floorDivide(local, ClockTime.microsecondsPerDay)
        let civil = CivilDate(days: days)
        guard civil.year >= 0, civil.year <= 9999 else { return false }
        let rest = local &- days &* ClockTime.microsecondsPerDay
        let seconds = rest / 1_000_000
        var micros = rest &- seconds &* 1_000_000
        let date =
            digits(civil.year / 100) | digits(civil.year % 100) &<< 16 | 0x2D00_002D_0000_0000
            | digits(civil.month) &<< 40
        let clock =
            digits(seconds / 3600) | digits(seconds / 60 % 60) &<< 24 | 0x0000_3A00_003A_0000
            | digits(seconds % 60) &<< 48
        var text = (date, digits(civil.day) | 0x20_0000 | clock &<< 24, clock &>> 40, UInt64(0))
        return withUnsafeMutableBytes(of: &text) { bytes in
            var count = 19
            if micros > 0 {
                bytes[19] = 46
                count = 26
                var place = 25
                while place > 19 {
                    bytes[place] = UInt8(truncatingIfNeeded: 48 &+ micros % 10)
                    micros /= 10
                    place &-= 1
                }
                while bytes[count &- 1] == 48 { count &-= 1 }
            }
            guard let base = bytes.baseAddress else { return false }
            builder.put(base, count: count, row)
            return true
        }
    }

    /// Two digits as text, the first in the low byte.
    @inline(__always)
    private static func digits(_ value: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: 0x3030 &+ value / 10 &+ (value % 10) &<< 8)
    }
}
