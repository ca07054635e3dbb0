import CKernels
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
        fileprivate let entry: json_entry

        @inline(__always)
        var kind: Kind { Kind(rawValue: entry.kind).unsafelyUnwrapped }
    }

    private var entries = UnsafeMutablePointer<json_entry>.allocate(capacity: 64)
    private var capacity = 64
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
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
        @inline(__always) get { Entry(entry: entries[place]) }
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
        guard text.count < Int(Int32.max), let base = text.baseAddress else { return false }
        while true {
            let filled = json_tape_read(
                base.assumingMemoryBound(to: UInt8.self), Int64(text.count), allowsControls, isStrict,
                entries,
                Int64(capacity))
            if filled != JSON_TAPE_FULL { return filled > 0 }
            entries.deallocate()
            capacity *= 4
            entries = .allocate(capacity: capacity)
        }
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
