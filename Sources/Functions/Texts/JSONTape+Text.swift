import Columns
import Kernels
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

extension JSONTape {
    /// Appends a string's text: escapes resolved, bytes that are no UTF-8 replaced.
    func appendString(_ place: Int, to out: inout [UInt8]) {
        let start = out.count
        let raw = raw(place)
        if self[place].kind == .escaped {
            var at = 0
            while at < raw.count {
                let byte = raw[at]
                at += 1
                if byte != 0x5C {
                    out.append(byte)
                } else if let scalar = JSONEscape.read(raw, &at, isStrict: false) {
                    out.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
                }
            }
        } else {
            out.append(contentsOf: raw)
        }
        Self.repair(&out, from: start)
    }

    /// Replaces bytes that are no UTF-8 by the replacement character.
    private static func repair(_ out: inout [UInt8], from start: Int) {
        let isASCII = out.withUnsafeBytes { UTF8Text.isASCII(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        if isASCII || String(validating: out[start...], as: UTF8.self) != nil { return }
        let text = String(decoding: out[start...], as: UTF8.self)
        out.removeSubrange(start...)
        out.append(contentsOf: text.utf8)
    }

    /// A string's text.
    func string(_ place: Int) -> String {
        if self[place].kind == .plain { return String(decoding: raw(place), as: UTF8.self) }
        var out: [UInt8] = []
        appendString(place, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// Says whether a name is this one.
    @inline(__always)
    func isName(_ place: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        if self[place].kind == .plain {
            let raw = raw(place)
            guard raw.count == name.count else { return false }
            guard let a = raw.baseAddress, let b = name.baseAddress else { return true }
            return memcmp(a, b, raw.count) == 0
        }
        return string(place).utf8.elementsEqual(name)
    }

    /// Appends a value without blanks, as Jackson copies it: fractions as doubles, strings escaped anew.
    func appendJSON(_ place: Int, to out: inout [UInt8]) {
        switch self[place].kind {
        case .null: out.append(contentsOf: StaticString("null").bytes)
        case .true_: out.append(contentsOf: StaticString("true").bytes)
        case .false_: out.append(contentsOf: StaticString("false").bytes)
        case .integer: out.append(contentsOf: digits(place))
        case .fraction:
            if let value = ExactDouble.read(raw(place)) { return NumberText.append(value, to: &out) }
            let digits = String(decoding: raw(place), as: UTF8.self)
            let text = Double(digits).map { $0.isFinite ? NumberText.text($0) : "\"\(NumberText.text($0))\"" }
            out.append(contentsOf: (text ?? digits).utf8)
        case .plain, .escaped: appendQuoted(place, to: &out)
        case .array, .object:
            let isObject = self[place].kind == .object
            out.append(UInt8(ascii: isObject ? "{" : "["))
            var (child, isFirst) = (place + 1, true)
            while child < next(place) {
                if !isFirst { out.append(UInt8(ascii: ",")) }
                isFirst = false
                if isObject {
                    appendQuoted(child, to: &out)
                    out.append(UInt8(ascii: ":"))
                    child += 1
                }
                appendJSON(child, to: &out)
                child = next(child)
            }
            out.append(UInt8(ascii: isObject ? "}" : "]"))
        }
    }

    /// The bytes of an integer; -0 has no sign.
    @inline(__always)
    private func digits(_ place: Int) -> UnsafeRawBufferPointer {
        let raw = raw(place)
        let isZero = raw.count == 2 && raw[0] == UInt8(ascii: "-") && raw[1] == UInt8(ascii: "0")
        return isZero ? UnsafeRawBufferPointer(rebasing: raw[1...]) : raw
    }

    private func appendQuoted(_ place: Int, to out: inout [UInt8]) {
        let raw = raw(place)
        if self[place].kind == .plain, UTF8Text.isASCII(raw) { return JSONQuoting.append(raw, to: &out) }
        var text: [UInt8] = []
        appendString(place, to: &text)
        text.withUnsafeBytes { JSONQuoting.append($0, to: &out) }
    }

    /// Appends a value as a column of strings holds it: a string itself, JSON for all else; false for null.
    func appendPlain(_ place: Int, to out: inout [UInt8]) -> Bool {
        switch self[place].kind {
        case .null: return false
        case .plain, .escaped: appendString(place, to: &out)
        default: appendJSON(place, to: &out)
        }
        return true
    }

    /// The bytes of the text that are a value as `appendPlain` writes it; nil where it has to be written
    /// anew.
    @inline(__always)
    func shared(_ place: Int) -> UnsafeRawBufferPointer? {
        switch self[place].kind {
        case .plain:
            let raw = raw(place)
            return UTF8Text.isASCII(raw) ? raw : nil
        case .integer: return digits(place)
        case .true_, .false_: return raw(place)
        default: return nil
        }
    }

    /// Returns the place of an object's last value of a name; nil without one, and for what is no object.
    func last(_ name: UnsafeRawBufferPointer, in place: Int) -> Int? {
        guard self[place].kind == .object else { return nil }
        var (child, found): (Int, Int?) = (place + 1, nil)
        let end = next(place)
        while child < end {
            if isName(child, name) { found = child + 1 }
            child = next(child + 1)
        }
        return found
    }

    /// Number of elements of the array that the text is; nil when it is none.
    var elementCount: Int? {
        guard self[0].kind == .array else { return nil }
        var (child, count) = (1, 0)
        while child < next(0) {
            count += 1
            child = next(child)
        }
        return count
    }

    /// Returns a value as a tree.
    func value(_ place: Int) -> JSONValue {
        switch self[place].kind {
        case .null: return .null
        case .true_: return .boolean(true)
        case .false_: return .boolean(false)
        case .integer: return .integer(String(decoding: raw(place), as: UTF8.self))
        case .fraction: return .fraction(String(decoding: raw(place), as: UTF8.self))
        case .plain, .escaped: return .string(string(place))
        case .array:
            var elements: [JSONValue] = []
            var child = place + 1
            while child < next(place) {
                elements.append(value(child))
                child = next(child)
            }
            return .array(elements)
        case .object:
            var members: [(name: String, value: JSONValue)] = []
            var child = place + 1
            while child < next(place) {
                members.append((string(child), value(child + 1)))
                child = next(child + 1)
            }
            return .object(members)
        }
    }
}

extension StaticString {
    /// The text's bytes.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}

/// Writes texts in quotes as Jackson, and so Spark, writes them: `\b`, `\f`, digits in capitals.
enum JSONQuoting {
    static func append(_ text: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        var from = 0
        var at = 0
        while true {
            at = plainEnd(text, at)
            if at == text.count { break }
            let byte = text[at]
            out.append(contentsOf: text[from..<at])
            out.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
            case 10: out.append(UInt8(ascii: "n"))
            case 13: out.append(UInt8(ascii: "r"))
            case 9: out.append(UInt8(ascii: "t"))
            case 8: out.append(UInt8(ascii: "b"))
            case 12: out.append(UInt8(ascii: "f"))
            default:
                out.append(contentsOf: StaticString("u00").bytes)
                Hexadecimal.append(byte, Hexadecimal.upper, to: &out)
            }
            at &+= 1
            from = at
        }
        out.append(contentsOf: text[from..<at])
        out.append(UInt8(ascii: "\""))
    }

    /// Returns the next place of a quote, a backslash or a control; the end where there is none.
    @inline(__always)
    private static func plainEnd(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var at = start
        while at &+ 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let (q, b) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
            // The lowest bit that is set is right; those above it may not be, for what is borrowed.
            let found = ((q &- ones) & ~q | (b &- ones) & ~b | (word &- ones &* 0x20) & ~word) & highs
            if found != 0 { return at &+ (found.trailingZeroBitCount &>> 3) }
            at &+= 8
        }
        while at < text.count, text[at] != 0x22, text[at] != 0x5C, text[at] >= 32 { at &+= 1 }
        return at
    }
}
