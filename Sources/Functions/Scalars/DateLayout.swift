import Kernels
import Vocabulary

/// Holds a datetime pattern all of whose fields are numbers of a fixed number of digits, such as
/// `yyyy-MM-dd HH:mm:ss.SSS`: texts of it have one length, and each field its place.
///
///     yyyy-MM-dd     digits and marks are checked a word at a time: three words, of which the last ends
///     ^^^^^^^^       with the text; they may overlap
///       ^^^^^^^^
///
/// Means what `DatePattern` says: for all that is not of this form (a text of another length, a year of five
/// digits) it gives nil or false, and `DatePattern` decides.
struct DateLayout {
    /// Eight bytes of the text: where they begin, which are digits, and the marks that stand between.
    private struct Word {
        var start = 0
        var digits: UInt64 = 0
        var marked: UInt64 = 0
        var marks: UInt64 = 0

        init(_ text: [UInt8], _ isDigit: [Bool], at start: Int) {
            self.start = start
            for i in 0..<8 {
                let byte = UInt64(8 * i)
                if isDigit[start + i] {
                    digits |= 0xFF << byte
                } else {
                    marked |= 0xFF << byte
                    marks |= UInt64(text[start + i]) << byte
                }
            }
        }

        @inline(__always)
        func fits(_ text: UnsafeRawBufferPointer) -> Bool {
            let word = text.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            let values = (word ^ 0x3030_3030_3030_3030) & digits
            let areDigits = (values | values &+ 0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0 == 0
            return areDigits && word & marked == marks
        }
    }

    /// Longest text that `append` and `read` know.
    static let mostBytes = 24
    /// Length of the texts, 8 to 24 bytes.
    let count: Int
    private let words: (Word, Word, Word)
    /// The text with zeros for digits, and zeros behind it.
    private var blank: (UInt64, UInt64, UInt64) = (0, 0, 0)
    // Where the fields begin; −1 where the pattern has none.
    private var year = -1
    private var month = -1
    private var day = -1
    private var hour = -1
    private var minute = -1
    private var second = -1
    private var fraction = -1
    private var fractionWidth = 0

    /// Takes the parts of a pattern in order: the letter and width of a field, the byte of a literal; nil
    /// where they are not of this form, or one field stands twice.
    init?(_ parts: [(letter: UInt8, width: Int, isField: Bool)]) {
        var text: [UInt8] = []
        var isDigit: [Bool] = []
        var places: [UInt8: (at: Int, width: Int)] = [:]
        for part in parts {
            let width = part.isField ? part.width : 1
            if part.isField {
                guard let letter = Self.letter(part.letter, width), places[letter] == nil else { return nil }
                places[letter] = (text.count, width)
            }
            text += [UInt8](repeating: part.isField ? 48 : part.letter, count: width)
            isDigit += [Bool](repeating: part.isField, count: width)
        }
        guard (8...Self.mostBytes).contains(text.count), !places.isEmpty else { return nil }
        count = text.count
        words = (
            Word(text, isDigit, at: 0), Word(text, isDigit, at: min(8, text.count - 8)),
            Word(text, isDigit, at: text.count - 8)
        )
        withUnsafeMutableBytes(of: &blank) { $0.copyBytes(from: text) }
        func place(_ letter: Unicode.Scalar) -> Int { places[UInt8(ascii: letter)]?.at ?? -1 }
        (year, month, day) = (place("y"), place("M"), place("d"))
        (hour, minute, second) = (place("H"), place("m"), place("s"))
        fraction = place("S")
        fractionWidth = places[UInt8(ascii: "S")]?.width ?? 0
    }

    /// Returns the letter by which a field goes here; nil for fields that are no number of fixed length.
    private static func letter(_ letter: UInt8, _ width: Int) -> UInt8? {
        switch letter {
        case UInt8(ascii: "y"), UInt8(ascii: "u"): width == 4 ? UInt8(ascii: "y") : nil
        case UInt8(ascii: "M"), UInt8(ascii: "L"): width == 2 ? UInt8(ascii: "M") : nil
        case UInt8(ascii: "d"), UInt8(ascii: "H"), UInt8(ascii: "m"), UInt8(ascii: "s"):
            width == 2 ? letter : nil
        case UInt8(ascii: "S"): width <= 6 ? letter : nil
        default: nil
        }
    }

    @inline(__always)
    private static func pair(_ text: UnsafeRawBufferPointer, _ at: Int, without: Int) -> Int {
        at < 0 ? without : Int(text[at] &- 48) &* 10 &+ Int(text[at &+ 1] &- 48)
    }

    /// Reads a text of this form: a local time in microseconds; nil for any other text, and where there is no
    /// such time.
    @inline(__always)
    func read(_ text: UnsafeRawBufferPointer) -> Int? {
        guard text.count == count, words.0.fits(text), words.1.fits(text), words.2.fits(text) else {
            return nil
        }
        let years =
            year < 0
            ? 1970 : Self.pair(text, year, without: 0) &* 100 &+ Self.pair(text, year &+ 2, without: 0)
        let civil = CivilDate(
            year: years, month: Self.pair(text, month, without: 1), day: Self.pair(text, day, without: 1))
        let hours = Self.pair(text, hour, without: 0)
        let minutes = Self.pair(text, minute, without: 0)
        let seconds = Self.pair(text, second, without: 0)
        guard civil.month >= 1, civil.month <= 12, civil.day >= 1, civil.day <= 28 || civil.isValid,
            hours < 24, minutes < 60, seconds < 60
        else { return nil }
        var (micros, unit, at) = (0, 100_000, 0)
        while at < fractionWidth {
            micros &+= Int(text[fraction &+ at] &- 48) &* unit
            unit /= 10
            at &+= 1
        }
        let clock = ((hours &* 60 &+ minutes) &* 60 &+ seconds) &* 1_000_000 &+ micros
        return civil.days &* ClockTime.microsecondsPerDay &+ clock
    }

    @inline(__always)
    private static func put(_ value: Int, _ at: Int, _ text: UnsafeMutableRawBufferPointer) {
        if at < 0 { return }
        text[at] = UInt8(truncatingIfNeeded: 48 &+ value / 10)
        text[at &+ 1] = UInt8(truncatingIfNeeded: 48 &+ value % 10)
    }

    /// Gives `body` a local time in microseconds as text; false, without a call, where the year has not four
    /// digits.
    @inline(__always)
    func write(_ local: Int, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        let days = ClockTime.floorDivide(local, ClockTime.microsecondsPerDay)
        let civil = CivilDate(days: days)
        guard civil.year >= 0, civil.year <= 9999 else { return false }
        let rest = local &- days &* ClockTime.microsecondsPerDay
        let seconds = rest / 1_000_000
        var text = blank
        withUnsafeMutableBytes(of: &text) { text in
            if year >= 0 {
                Self.put(civil.year / 100, year, text)
                Self.put(civil.year % 100, year &+ 2, text)
            }
            Self.put(civil.month, month, text)
            Self.put(civil.day, day, text)
            Self.put(seconds / 3600, hour, text)
            Self.put(seconds / 60 % 60, minute, text)
            Self.put(seconds % 60, second, text)
            var (micros, at) = (rest &- seconds &* 1_000_000, 0)
            while at < fractionWidth {
                text[fraction &+ at] = UInt8(truncatingIfNeeded: 48 &+ micros / 100_000)
                micros = micros % 100_000 &* 10
                at &+= 1
            }
            body(UnsafeRawBufferPointer(rebasing: text[0..<count]))
        }
        return true
    }
}
