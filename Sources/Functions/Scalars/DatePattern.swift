import Kernels
import Vocabulary

/// Formats and parses times by Spark's datetime patterns (those letters of `java.time` that Spark allows).
struct DatePattern {
    /// Holds a field's letter and width, one byte of a literal, or a bracket about what texts may leave out;
    /// without references, as each row walks over all.
    private struct Part {
        let letter: UInt8
        let width: Int
        let isField: Bool
        /// Of an opening bracket: the part behind the closing one. Of a closing one: -1. Else 0.
        var behind = 0
    }

    private var parts: [Part] = []
    /// How texts lie, where all have one length.
    private(set) var layout: DateLayout?
    /// Whether the era is shown: years before the first one are then counted backwards.
    private var hasEra = false
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November",
        "December",
    ]
    static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    /// Parses a pattern, for reading or for writing. Throws `INVALID_DATETIME_PATTERN`, and
    /// `INCONSISTENT_BEHAVIOR_CROSS_VERSION` for one that Spark 2 would have taken.
    init(_ pattern: String, isReading: Bool = false) throws(EngineError) {
        try DatePatternLetters.check(pattern, isReading: isReading)
        let bytes = Array(pattern.utf8)
        var i = 0
        var open: [Int] = []
        while i < bytes.count {
            let byte = bytes[i]
            if byte == 39 {
                var text: [UInt8] = []
                i += 1
                if i < bytes.count, bytes[i] == 39 {
                    text = [39]
                } else {
                    while i < bytes.count {
                        // Two quotes stand for one, inside as outside.
                        let isDouble = bytes[i] == 39 && i + 1 < bytes.count && bytes[i + 1] == 39
                        if bytes[i] == 39, !isDouble { break }
                        text.append(bytes[i])
                        i += isDouble ? 2 : 1
                    }
                }
                for byte in text { add(literal: byte) }
                i += 1
                continue
            }
            let isLetter = byte | 32 >= 97 && byte | 32 <= 122
            guard isLetter else {
                try add(sign: byte, &open, of: pattern)
                i += 1
                continue
            }
            var run = 1
            while i + run < bytes.count, bytes[i + run] == byte { run += 1 }
            guard "GyDMLdQqEFahKkHmsSVzOXxZ".utf8.contains(byte) else {
                throw EngineError.user(
                    "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER",
                    "Unrecognized datetime pattern: \(pattern). Illegal pattern character found in "
                        + "datetime pattern: \(Character(UnicodeScalar(byte)))."
                )
            }
            parts.append(Part(letter: byte, width: run, isField: true))
            i += run
        }
        for place in open { parts[place].behind = parts.count }
        hasEra = parts.contains { $0.isField && $0.letter == UInt8(ascii: "G") }
        if parts.allSatisfy({ $0.behind == 0 }) {
            layout = DateLayout(parts.map { ($0.letter, $0.width, $0.isField) })
        }
    }

    private mutating func add(literal byte: UInt8) {
        parts.append(Part(letter: byte, width: 1, isField: false))
    }

    /// Adds a byte that is no letter: a literal, or a bracket; `open` are the places of brackets not closed.
    private mutating func add(
        sign byte: UInt8, _ open: inout [Int], of pattern: String
    ) throws(EngineError) {
        if byte == UInt8(ascii: "[") {
            open.append(parts.count)
            parts.append(Part(letter: byte, width: 0, isField: false, behind: 1))
        } else if byte == UInt8(ascii: "]") {
            guard let place = open.popLast() else {
                throw .user(
                    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION",
                    "The datetime pattern '\(pattern)' has a ']' that closes nothing.")
            }
            parts.append(Part(letter: byte, width: 0, isField: false, behind: -1))
            parts[place].behind = parts.count
        } else {
            add(literal: byte)
        }
    }

    /// Returns what clocks of a zone are called at an instant in seconds where the pattern shows it.
    func letters(of zone: Zone, at seconds: Int) -> String? {
        parts.contains { $0.isField && $0.letter == UInt8(ascii: "z") } ? zone.letters(at: seconds) : nil
    }

    /// Returns a local time in microseconds as text; `offset` is the zone's in seconds.
    func format(local: Int, offset: Int, zoneName: String) -> [UInt8] {
        var out: [UInt8] = []
        format(local: local, offset: offset, zoneName: zoneName, &out)
        return out
    }

    /// Appends a local time in microseconds to `out`; `offset` is the zone's in seconds.
    func format(local: Int, offset: Int, zoneName: String, letters: String? = nil, _ out: inout [UInt8]) {
        if let layout, layout.write(local, { out.append(contentsOf: $0) }) { return }
        let days = ClockTime.floorDivide(local, ClockTime.microsecondsPerDay)
        let micros = local &- days &* ClockTime.microsecondsPerDay
        let date = CivilDate(days: days)
        for part in parts {
            if !part.isField {
                if part.behind == 0 { out.append(part.letter) }
                continue
            }
            switch part.letter {
            case UInt8(ascii: "V"): out.append(contentsOf: zoneName.utf8)
            case UInt8(ascii: "z"): out.append(contentsOf: (letters ?? zoneName).utf8)
            case UInt8(ascii: "X"), UInt8(ascii: "x"), UInt8(ascii: "Z"), UInt8(ascii: "O"):
                Self.writeOffset(part.letter, part.width, offset, &out)
            case UInt8(ascii: "y"):
                Self.writeYear(hasEra && date.year < 1 ? 1 - date.year : date.year, part.width, &out)
            default: Self.write(part.letter, part.width, date, days, micros, &out)
            }
        }
    }

    @inline(__always)
    private static func pad(_ value: Int, _ width: Int, _ out: inout [UInt8]) {
        if width == 2, value >= 0, value < 100 { return appendPair(value, &out) }
        if width == 4, value >= 1000, value < 10_000 {
            appendPair(value / 100, &out)
            return appendPair(value % 100, &out)
        }
        padAny(value, width, &out)
    }

    @inline(__always)
    private static func appendPair(_ value: Int, _ out: inout [UInt8]) {
        out.append(UInt8(truncatingIfNeeded: 48 &+ value / 10))
        out.append(UInt8(truncatingIfNeeded: 48 &+ value % 10))
    }

    private static func padAny(_ value: Int, _ width: Int, _ out: inout [UInt8]) {
        if value < 0 { out.append(45) }
        let magnitude = value.magnitude
        var (digits, unit) = (1, UInt(1))
        while magnitude / unit >= 10 {
            unit *= 10
            digits += 1
        }
        for _ in 0..<max(0, width - digits) { out.append(48) }
        while unit > 0 {
            out.append(48 + UInt8(magnitude / unit % 10))
            unit /= 10
        }
    }

    private static func name(_ text: String, _ width: Int, _ out: inout [UInt8]) {
        out.append(contentsOf: text.utf8.prefix(width >= 4 ? .max : 3))
    }

    private static func write(
        _ letter: UInt8, _ width: Int, _ date: CivilDate, _ days: Int, _ micros: Int, _ out: inout [UInt8]
    ) {
        let seconds = micros / 1_000_000
        let hour = seconds / 3600
        switch letter {
        case UInt8(ascii: "G"):
            let names = width >= 4 ? ["Before Christ", "Anno Domini"] : ["BC", "AD"]
            out.append(contentsOf: names[date.year > 0 ? 1 : 0].utf8)
        case UInt8(ascii: "M"), UInt8(ascii: "L"):
            if width >= 3 { name(months[date.month - 1], width, &out) } else { pad(date.month, width, &out) }
        case UInt8(ascii: "d"): pad(date.day, width, &out)
        case UInt8(ascii: "D"): pad(date.dayOfYear, width, &out)
        case UInt8(ascii: "Q"), UInt8(ascii: "q"):
            if width == 3 {
                out.append(contentsOf: "Q\(date.quarter)".utf8)
            } else if width >= 4 {
                out.append(contentsOf: "\(["1st", "2nd", "3rd", "4th"][date.quarter - 1]) quarter".utf8)
            } else {
                pad(date.quarter, width, &out)
            }
        case UInt8(ascii: "E"): name(weekdays[CivilDate.isoWeekday(days: days) - 1], width, &out)
        case UInt8(ascii: "F"): pad((date.day - 1) / 7 + 1, width, &out)
        case UInt8(ascii: "a"): out.append(contentsOf: (hour < 12 ? "AM" : "PM").utf8)
        case UInt8(ascii: "h"): pad((hour + 11) % 12 + 1, width, &out)
        case UInt8(ascii: "K"): pad(hour % 12, width, &out)
        case UInt8(ascii: "k"): pad(hour == 0 ? 24 : hour, width, &out)
        case UInt8(ascii: "H"): pad(hour, width, &out)
        case UInt8(ascii: "m"): pad(seconds / 60 % 60, width, &out)
        case UInt8(ascii: "s"): pad(seconds % 60, width, &out)
        default:
            var digits = Array(String(1_000_000 + micros % 1_000_000).utf8.dropFirst())
            while digits.count < width { digits.append(48) }
            out.append(contentsOf: digits.prefix(width))
        }
    }

    private static func writeYear(_ year: Int, _ width: Int, _ out: inout [UInt8]) {
        if width == 2 { return pad(abs(year) % 100, 2, &out) }
        // More digits than the pattern has are marked, as in java.time's SignStyle.EXCEEDS_PAD.
        if width >= 4, year >= 10_000, String(year).utf8.count > width { out.append(43) }
        pad(year, width, &out)
    }

    private static func writeOffset(_ letter: UInt8, _ width: Int, _ offset: Int, _ out: inout [UInt8]) {
        if letter == UInt8(ascii: "X"), offset == 0 { return out.append(90) }
        if letter == UInt8(ascii: "Z"), width == 5, offset == 0 { return out.append(90) }
        if letter == UInt8(ascii: "O") || letter == UInt8(ascii: "Z") && width == 4 {
            out.append(contentsOf: "GMT".utf8)
        }
        if letter == UInt8(ascii: "O"), offset == 0 { return }
        let minutes = abs(offset) / 60
        out.append(offset < 0 ? 45 : 43)
        if letter == UInt8(ascii: "O"), width == 1 {
            // The short form: hours as they are, and no more than tells the offset.
            pad(minutes / 60, 1, &out)
            if abs(offset) % 3600 == 0 { return }
            out.append(58)
            pad(minutes % 60, 2, &out)
            if abs(offset) % 60 == 0 { return }
            out.append(58)
            return pad(abs(offset) % 60, 2, &out)
        }
        pad(minutes / 60, 2, &out)
        let colon =
            letter == UInt8(ascii: "Z") ? width >= 4 : letter == UInt8(ascii: "O") || width == 3 || width == 5
        if width == 1, letter != UInt8(ascii: "Z"), letter != UInt8(ascii: "O"), minutes % 60 == 0 { return }
        if colon { out.append(58) }
        pad(minutes % 60, 2, &out)
        // Only long forms tell seconds, which zones had before there were standard times.
        guard width >= 4, abs(offset) % 60 != 0 else { return }
        if colon { out.append(58) }
        pad(abs(offset) % 60, 2, &out)
    }

    /// What a text says, field by field.
    struct Parsed {
        var date = CivilDate(year: 1970, month: 1, day: 1)
        var hour = 0
        var minute = 0
        var second = 0
        var micros = 0
        var isAfternoon: Bool?
        var dayOfYear: Int?
        var offset: Int?
        var zone: String?
    }

    /// Parses a text. Returns the local time in microseconds and the offset in seconds or zone it names; nil
    /// when it does not fit the pattern.
    func parse(_ text: UnsafeRawBufferPointer) -> (local: Int, offset: Int?, zone: String?)? {
        if let local = layout?.read(text) { return (local, nil, nil) }
        var at = 0
        var result = Parsed()
        guard read(parts.indices, text, &at, &result), at == text.count else { return nil }
        if let dayOfYear = result.dayOfYear {
            result.date = CivilDate(
                days: CivilDate(year: result.date.year, month: 1, day: 1).days + dayOfYear - 1)
        }
        if let afternoon = result.isAfternoon { result.hour = result.hour % 12 + (afternoon ? 12 : 0) }
        guard result.date.isValid, result.hour < 24, result.minute < 60, result.second < 60 else {
            return nil
        }
        let seconds = (result.hour * 60 + result.minute) * 60 + result.second
        let clock = seconds * 1_000_000 + result.micros
        let (day, overflow) = result.date.days.multipliedReportingOverflow(by: ClockTime.microsecondsPerDay)
        let (local, carried) = day.addingReportingOverflow(clock)
        if overflow || carried { return nil }
        return (local, result.offset, result.zone)
    }

    /// Reads the parts of a range; false when the text does not go on so. What stands in brackets and does
    /// not fit is left out.
    private func read(
        _ range: Range<Int>, _ text: UnsafeRawBufferPointer, _ at: inout Int, _ result: inout Parsed
    ) -> Bool {
        var i = range.lowerBound
        while i < range.upperBound {
            let part = parts[i]
            i &+= 1
            if part.isField {
                let adjacent = i < parts.count && parts[i].isField
                guard Self.read(part.letter, part.width, adjacent, text, &at, &result) else { return false }
            } else if part.behind > 0 {
                let before = (at, result)
                if !read(i..<part.behind, text, &at, &result) { (at, result) = before }
                i = part.behind
            } else if part.behind == 0 {
                guard at < text.count, text[at] == part.letter else { return false }
                at &+= 1
            }
        }
        return true
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ at: inout Int, _ least: Int, _ most: Int)
        -> Int?
    {
        var (value, digits) = (0, 0)
        while at < text.count, digits < most, text[at] &- 48 < 10 {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, carried) = tenfold.addingReportingOverflow(Int(text[at] - 48))
            if overflow || carried { return nil }
            value = next
            at += 1
            digits += 1
        }
        return digits >= least ? value : nil
    }

    /// Reads the first of the names that the text goes on with, in capitals or not: `letters` of it, or all.
    private static func word(
        _ text: UnsafeRawBufferPointer, _ at: inout Int, _ names: [String], letters: Int = .max
    ) -> Int? {
        for (i, name) in names.enumerated() {
            let count = min(name.utf8.count, letters)
            guard text.count - at >= count else { continue }
            if zip(text[at..<(at + count)], name.utf8).allSatisfy({ $0 | 32 == $1 | 32 }) {
                at += count
                return i
            }
        }
        return nil
    }

    private static func read(
        _ letter: UInt8, _ width: Int, _ adjacent: Bool, _ text: UnsafeRawBufferPointer, _ at: inout Int,
        _ result: inout Parsed
    ) -> Bool {
        let most = adjacent || width == 2 ? width : max(width, 2)
        func take(_ target: inout Int, _ longest: Int? = nil) -> Bool {
            guard let value = number(text, &at, width == 1 ? 1 : width, longest ?? most) else { return false }
            target = value
            return true
        }
        switch letter {
        case UInt8(ascii: "y"), UInt8(ascii: "u"):
            guard take(&result.date.year, adjacent || width == 2 ? width : (width == 4 ? 4 : 6)) else {
                return false
            }
            if width == 2 { result.date.year += 2000 }
        case UInt8(ascii: "M"), UInt8(ascii: "L"):
            guard width >= 3 else { return take(&result.date.month) }
            guard let month = word(text, &at, months, letters: width >= 4 ? .max : 3) else { return false }
            result.date.month = month + 1
        case UInt8(ascii: "d"): return take(&result.date.day)
        case UInt8(ascii: "D"):
            guard let value = number(text, &at, width, 3) else { return false }
            result.dayOfYear = value
        case UInt8(ascii: "H"), UInt8(ascii: "K"): return take(&result.hour)
        case UInt8(ascii: "h"), UInt8(ascii: "k"):
            guard take(&result.hour) else { return false }
            if letter == UInt8(ascii: "k"), result.hour == 24 { result.hour = 0 }
        case UInt8(ascii: "m"): return take(&result.minute)
        case UInt8(ascii: "s"): return take(&result.second)
        case UInt8(ascii: "S"):
            let start = at
            guard var value = number(text, &at, 1, width) else { return false }
            for _ in 0..<max(0, 6 - (at - start)) { value *= 10 }
            for _ in 0..<max(0, (at - start) - 6) { value /= 10 }
            result.micros = value
        case UInt8(ascii: "a"):
            guard let half = word(text, &at, ["AM", "PM"]) else { return false }
            result.isAfternoon = half == 1
        case UInt8(ascii: "E"):
            return word(text, &at, weekdays, letters: width >= 4 ? .max : 3) != nil
        case UInt8(ascii: "X"), UInt8(ascii: "x"), UInt8(ascii: "Z"): return readOffset(text, &at, &result)
        case UInt8(ascii: "V"), UInt8(ascii: "z"):
            let start = at
            while at < text.count, text[at] > 32 { at += 1 }
            let name = String(decoding: text[start..<at], as: UTF8.self)
            result.zone = letter == UInt8(ascii: "z") ? ZoneLetters.regions[name] ?? name : name
        default: return false
        }
        return true
    }

    private static func readOffset(_ text: UnsafeRawBufferPointer, _ at: inout Int, _ result: inout Parsed)
        -> Bool
    {
        guard at < text.count else { return false }
        if text[at] == 90 {
            at += 1
            result.offset = 0
            return true
        }
        guard text[at] == 43 || text[at] == 45 else { return false }
        let sign = text[at] == 45 ? -1 : 1
        at += 1
        guard let hours = number(text, &at, 2, 2) else { return false }
        if at < text.count, text[at] == 58 { at += 1 }
        let minutes = number(text, &at, 2, 2) ?? 0
        result.offset = sign * (hours * 3600 + minutes * 60)
        return true
    }
}
