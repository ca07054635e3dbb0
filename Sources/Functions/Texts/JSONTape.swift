import Kernels
import Vocabulary

/// Reads one JSON value from the start of a text (RFC 8259, and strings in single quotes as Spark allows
/// them) and lists what it holds. What follows the value is not looked at. Used by one thread, for one text
/// after the other: nothing is allocated for a text, once the tape is as long as the longest.
///
///     {"a":[1,"x"]}   object → 5 | name a | array → 5 | integer 1 | string x
///
/// **Invariant:** an entry's `next` is the place behind it and all that it holds. An object's names and
/// values take turns. The text must outlive what is asked of its tape.
final class JSONTape {
    /// Names what an entry is; strings with escapes are told from those whose bytes are their text.
    enum Kind: UInt8 { case null, true_, false_, integer, fraction, plain, escaped, array, object }

    /// Holds a value or name: its bytes, those of strings without quotes.
    struct Entry {
        var kind: Kind
        var start: Int32
        var end: Int32
        var next: Int32
    }

    /// Deepest nesting that is read; deeper texts count as malformed.
    static let depthLimit = 500

    private var entries = UnsafeMutablePointer<Entry>.allocate(capacity: 64)
    private var capacity = 64
    private var filled = 0
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    private var depth = 0
    private let allowsControls: Bool
    private let isStrict: Bool

    /// - Parameters:
    ///   - allowsControls: whether line ends and other controls may stand in strings as they are.
    ///   - isStrict: whether single quotes are refused.
    init(allowsControls: Bool = false, isStrict: Bool = false) {
        self.allowsControls = allowsControls
        self.isStrict = isStrict
    }

    deinit { entries.deallocate() }

    subscript(_ place: Int) -> Entry {
        @inline(__always) get { entries[place] }
    }

    /// The place behind an entry and all that it holds.
    @inline(__always)
    func next(_ place: Int) -> Int { Int(entries[place].next) }

    /// The bytes of a number, or of a string without its quotes, escapes as they stand.
    @inline(__always)
    func raw(_ place: Int) -> UnsafeRawBufferPointer {
        let entry = entries[place]
        return UnsafeRawBufferPointer(rebasing: bytes[Int(entry.start)..<Int(entry.end)])
    }

    /// Lists the value at the start of a text, at place 0; false for a text without one or with a malformed
    /// one.
    func read(_ text: UnsafeRawBufferPointer) -> Bool {
        bytes = text
        depth = 0
        filled = 0
        return text.count < Int(Int32.max) && value(text, 0) >= 0
    }

    // What follows takes the place where something begins, and returns that behind it, or −1 where it is
    // malformed: so the place stays in a register.

    @inline(__always)
    private func add(_ kind: Kind, _ start: Int, _ end: Int) {
        if filled == capacity { grow() }
        let next = Int32(truncatingIfNeeded: filled &+ 1)
        entries[filled] = Entry(
            kind: kind, start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: end),
            next: next)
        filled &+= 1
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.update(from: entries, count: filled)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }

    @inline(__always)
    private static func skipBlanks(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start
        while at < text.count {
            let byte = text[at]
            if byte > 32 || byte != 32 && byte != 10 && byte != 13 && byte != 9 { break }
            at &+= 1
        }
        return at
    }

    private func value(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        let at = Self.skipBlanks(text, start)
        guard at < text.count else { return -1 }
        let byte = text[at]
        switch byte {
        case UInt8(ascii: "\""): return string(text, at, byte)
        case UInt8(ascii: "{"): return container(text, at, .object, UInt8(ascii: "}"))
        case UInt8(ascii: "["): return container(text, at, .array, UInt8(ascii: "]"))
        case UInt8(ascii: "'") where !isStrict: return string(text, at, byte)
        case UInt8(ascii: "t"): return word(text, at, "true", .true_)
        case UInt8(ascii: "f"): return word(text, at, "false", .false_)
        case UInt8(ascii: "n"): return word(text, at, "null", .null)
        default: return number(text, at)
        }
    }

    private func word(_ text: UnsafeRawBufferPointer, _ start: Int, _ word: StaticString, _ kind: Kind) -> Int
    {
        let end = start + word.utf8CodeUnitCount
        guard end <= text.count else { return -1 }
        for i in start..<end where text[i] != word.utf8Start[i - start] { return -1 }
        if end < text.count, Self.isWord(text[end]) { return -1 }
        add(kind, start, end)
        return end
    }

    @inline(__always)
    private static func isWord(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || (byte | 32) &- 97 < 26 || byte == UInt8(ascii: "_")
    }

    private func container(_ text: UnsafeRawBufferPointer, _ start: Int, _ kind: Kind, _ close: UInt8) -> Int
    {
        let place = filled
        add(kind, start, start)
        depth &+= 1
        if depth > Self.depthLimit { return -1 }
        var at = Self.skipBlanks(text, start &+ 1)
        if at < text.count, text[at] == close {
            at &+= 1
        } else {
            while true {
                if kind == .object {
                    at = name(text, at)
                    if at < 0 { return -1 }
                }
                at = value(text, at)
                if at < 0 { return -1 }
                at = Self.skipBlanks(text, at)
                guard at < text.count else { return -1 }
                let byte = text[at]
                at &+= 1
                if byte == close { break }
                if byte != UInt8(ascii: ",") { return -1 }
            }
        }
        depth &-= 1
        entries[place].end = Int32(truncatingIfNeeded: at)
        entries[place].next = Int32(truncatingIfNeeded: filled)
        return at
    }

    @inline(__always)
    private func name(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = Self.skipBlanks(text, start)
        guard at < text.count else { return -1 }
        let quote = text[at]
        guard quote == UInt8(ascii: "\"") || !isStrict && quote == UInt8(ascii: "'") else { return -1 }
        at = string(text, at, quote)
        if at < 0 { return -1 }
        at = Self.skipBlanks(text, at)
        return at < text.count && text[at] == UInt8(ascii: ":") ? at &+ 1 : -1
    }

    private func number(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var kind = Kind.integer
        var at = start
        if text[at] == UInt8(ascii: "-") { at &+= 1 }
        let first = at
        at = Self.skipDigits(text, at)
        if at == first || at > first &+ 1 && text[first] == UInt8(ascii: "0") { return -1 }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            kind = .fraction
            let fraction = at &+ 1
            at = Self.skipDigits(text, fraction)
            if at == fraction { return -1 }
        }
        if at < text.count, text[at] | 32 == UInt8(ascii: "e") {
            kind = .fraction
            at &+= 1
            if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") { at &+= 1 }
            let exponent = at
            at = Self.skipDigits(text, at)
            if at == exponent { return -1 }
        }
        if at < text.count, Self.isWord(text[at]) { return -1 }
        add(kind, start, at)
        return at
    }

    @inline(__always)
    private static func skipDigits(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start
        while at < text.count, text[at] &- 48 < 10 { at &+= 1 }
        return at
    }

    /// Goes to the next byte that is a quote, a backslash or a control, eight bytes at a time.
    @inline(__always)
    private static func skipPlain(_ text: UnsafeRawBufferPointer, _ start: Int, _ quote: UInt8) -> Int {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let quotes = ones &* UInt64(quote)
        var at = start
        while at &+ 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let (q, b) = (word ^ quotes, word ^ (ones &* 0x5C))
            // The lowest bit that is set is right; those above it may not be, for what is borrowed.
            let found =
                ((q &- ones) & ~q | (b &- ones) & ~b | (word &- ones &* 0x20) & ~word) & highs
            if found != 0 { return at &+ (found.trailingZeroBitCount &>> 3) }
            at &+= 8
        }
        while at < text.count, text[at] != quote, text[at] != 0x5C, text[at] >= 32 { at &+= 1 }
        return at
    }

    @inline(__always)
    private func string(_ text: UnsafeRawBufferPointer, _ quoteAt: Int, _ quote: UInt8) -> Int {
        let start = quoteAt &+ 1
        var at = Self.skipPlain(text, start, quote)
        guard at < text.count else { return -1 }
        if text[at] == quote {
            add(.plain, start, at)
            return at &+ 1
        }
        return longString(text, start, &at, quote)
    }

    /// Reads a string from its first backslash or control on.
    private func longString(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ at: inout Int, _ quote: UInt8
    ) -> Int {
        var kind = Kind.plain
        while at < text.count {
            let byte = text[at]
            at &+= 1
            if byte == quote {
                add(kind, start, at &- 1)
                return at
            }
            if byte == 0x5C {
                kind = .escaped
                if JSONEscape.read(text, &at, isStrict: isStrict) == nil { return -1 }
            } else if !allowsControls {
                return -1
            }
            at = Self.skipPlain(text, at, quote)
        }
        return -1
    }
}

/// Reads what stands behind a backslash in a JSON string.
enum JSONEscape {
    /// Returns the character and goes past it; nil for what is no escape. Half a surrogate pair is the
    /// replacement character.
    static func read(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, isStrict: Bool) -> Unicode.Scalar? {
        guard at < bytes.count else { return nil }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "'") where !isStrict: return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard var unit = codeUnit(bytes, &at) else { return nil }
            if (0xD800..<0xDC00).contains(unit), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
                bytes[at + 1] == UInt8(ascii: "u")
            {
                at += 2
                guard let low = codeUnit(bytes, &at), (0xDC00..<0xE000).contains(low) else { return nil }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            return Unicode.Scalar(unit) ?? "\u{FFFD}"
        default: return nil
        }
    }

    private static func codeUnit(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> UInt32? {
        guard at + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for i in 0..<4 {
            let byte = bytes[at + i]
            switch byte {
            case 48...57: unit = unit << 4 | UInt32(byte - 48)
            case 65...70, 97...102: unit = unit << 4 | UInt32((byte | 32) - 87)
            default: return nil
            }
        }
        at += 4
        return unit
    }
}
