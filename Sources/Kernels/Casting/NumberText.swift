import Columns

#if canImport(Glibc)
    import Glibc
#endif

/// Writes and reads numbers as Java and Spark do.
package enum NumberText {
    /// Writes a double as `Double.toString` of Java does: `1.0`, `1.0E10`, `NaN`, `Infinity`.
    package static func text(_ value: Double) -> String {
        // Java writes at least two digits, those next to the value; only the least one has but one.
        if value.magnitude == .leastNonzeroMagnitude { return value < 0 ? "-4.9E-324" : "4.9E-324" }
        return javaText("\(value)", value.isNaN, value.magnitude)
    }

    /// Appends what `text` returns.
    package static func append(_ value: Double, to out: inout [UInt8]) {
        if !ExactDouble.append(value, to: &out) { out.append(contentsOf: text(value).utf8) }
    }

    /// Writes a float as `Float.toString` of Java does.
    package static func text(_ value: Float) -> String {
        javaText("\(value)", value.isNaN, Double(value.magnitude))
    }

    /// Rearranges the shortest digits that Swift finds into Java's form.
    private static func javaText(_ swift: String, _ isNaN: Bool, _ magnitude: Double) -> String {
        if isNaN { return "NaN" }
        if magnitude.isInfinite { return swift.hasPrefix("-") ? "-Infinity" : "Infinity" }
        if magnitude == 0 { return swift }
        let plain = magnitude >= 1e-3 && magnitude < 1e7
        if plain, !swift.utf8.contains(UInt8(ascii: "e")) { return swift }
        var digits: [UInt8] = []
        var (exponent, pointAt) = (0, -1)
        var bytes = Array(swift.utf8)
        let negative = bytes.first == 45
        if negative { bytes.removeFirst() }
        if let e = bytes.firstIndex(of: UInt8(ascii: "e")) {
            exponent = Int(String(decoding: bytes[(e + 1)...], as: UTF8.self)) ?? 0
            bytes = Array(bytes[..<e])
        }
        for byte in bytes {
            if byte == 46 { pointAt = digits.count } else { digits.append(byte) }
        }
        if pointAt < 0 { pointAt = digits.count }
        exponent += pointAt - 1
        while digits.count > 1, digits.first == 48 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == 48 { digits.removeLast() }
        let body: String
        if plain {
            let all = String(decoding: digits, as: UTF8.self)
            if exponent < 0 {
                body = "0." + String(repeating: "0", count: -exponent - 1) + all
            } else {
                let padded = all + String(repeating: "0", count: max(0, exponent + 1 - digits.count))
                let split = padded.index(padded.startIndex, offsetBy: exponent + 1)
                body = padded[..<split] + "." + (split == padded.endIndex ? "0" : padded[split...])
            }
        } else {
            let rest = digits.count > 1 ? String(decoding: digits[1...], as: UTF8.self) : "0"
            body = "\(Character(UnicodeScalar(digits[0]))).\(rest)E\(exponent)"
        }
        return negative ? "-" + body : body
    }

    /// Returns the double nearest to a decimal.
    package static func double(_ unscaled: Int128, scale: Int) -> Double {
        if scale <= 22, unscaled > -(1 << 53), unscaled < 1 << 53 {
            return Double(Int64(truncatingIfNeeded: unscaled)) / Double(WideDecimal.power(scale))
        }
        return Double("\(unscaled)e-\(scale)") ?? 0
    }

    /// Returns the float nearest to a decimal: not by way of a double, which would round twice.
    package static func float(_ unscaled: Int128, scale: Int) -> Float {
        if scale <= 10, unscaled > -(1 << 24), unscaled < 1 << 24 {
            return Float(Int64(truncatingIfNeeded: unscaled)) / Float(WideDecimal.power(scale))
        }
        return Float("\(unscaled)e-\(scale)") ?? 0
    }

    private static func trimmed(_ text: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        var (start, end) = (0, text.count)
        while start < end, text[start] <= 32 { start += 1 }
        while end > start, text[end - 1] <= 32 { end -= 1 }
        return text[start..<end]
    }

    /// Reads an integer with optional sign; with `cutting`, a fraction after it is checked and dropped
    /// (legacy mode).
    package static func parseInteger(_ text: UnsafeRawBufferPointer, cutting: Bool) -> Int64? {
        let body = trimmed(text)
        var at = body.startIndex
        let end = body.endIndex
        if at == end { return nil }
        let negative = text[at] == 45
        if negative || text[at] == 43 { at += 1 }
        let firstDigit = at
        var value: Int64 = 0
        while at < end, text[at] >= 48, text[at] <= 57 {
            let (times, over) = value.multipliedReportingOverflow(by: 10)
            let (next, under) = times.subtractingReportingOverflow(Int64(text[at] - 48))
            if over || under { return nil }
            value = next
            at += 1
        }
        if at < end {
            if !cutting || text[at] != 46 { return nil }
            at += 1
            while at < end {
                if text[at] < 48 || text[at] > 57 { return nil }
                at += 1
            }
        } else if firstDigit == end {
            return nil
        }
        if negative { return value }
        return value == Int64.min ? nil : -value
    }

    /// Reads a floating-point number: digits with point and exponent, `NaN`, `Infinity`, `inf`, a trailing
    /// `d` or `f`.
    package static func parseDouble(_ text: UnsafeRawBufferPointer) -> Double? {
        ExactDouble.read(text) ?? parse(text) { Double($0) ?? whole($0, strtod) }
    }

    /// Reads a float as `parseDouble` reads a double; not by way of a double, which would round twice.
    package static func parseFloat(_ text: UnsafeRawBufferPointer) -> Float? {
        parse(text) { Float($0) ?? whole($0, strtof) }
    }

    /// Reads what the library's functions read that Swift does not take, such as numbers beyond the greatest.
    private static func whole<T>(
        _ text: String,
        _ read: (UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> T
    ) -> T? {
        var end: UnsafeMutablePointer<CChar>?
        return text.withCString { start in
            let value = read(start, &end)
            return end?.pointee == 0 ? value : nil
        }
    }

    private static func parse<T: BinaryFloatingPoint>(
        _ text: UnsafeRawBufferPointer, _ read: (String) -> T?
    ) -> T? {
        let body = trimmed(text)
        if body.isEmpty { return nil }
        var string = String(decoding: body, as: UTF8.self)
        func strict(_ text: String) -> T? { isPlainNumber(text) ? read(text) : nil }
        if let value = strict(string) { return value }
        switch string.lowercased() {
        case "nan": return .nan
        case "infinity", "+infinity", "inf", "+inf": return .infinity
        case "-infinity", "-inf": return -.infinity
        default: break
        }
        if let last = string.utf8.last, last | 32 == 100 || last | 32 == 102 {
            string.removeLast()
            return strict(string)
        }
        return nil
    }

    /// Says whether a text holds digits, signs, points and exponent letters only, and a digit.
    private static func isPlainNumber(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy {
            ($0 >= 48 && $0 <= 57) || $0 == 43 || $0 == 45 || $0 == 46 || $0 | 32 == 101
        }
        return allowed && text.utf8.contains { $0 >= 48 && $0 <= 57 }
    }

    /// Reads a decimal number (with exponent) as an unscaled value of `scale`, rounded half up. Nil when
    /// malformed or beyond 38 digits.
    package static func parseDecimal(_ text: UnsafeRawBufferPointer, scale: Int) -> Int128? {
        let body = trimmed(text)
        var at = body.startIndex
        let end = body.endIndex
        if at == end { return nil }
        let negative = text[at] == 45
        if negative || text[at] == 43 { at += 1 }
        if let value = DecimalText.short(text, at..<end, scale: scale) { return negative ? -value : value }
        var digits: [UInt8] = []
        var (pointAt, exponent) = (-1, 0)
        scan: while at < end {
            switch text[at] {
            case 48...57: digits.append(text[at] - 48)
            case 46:
                if pointAt >= 0 { return nil }
                pointAt = digits.count
            case 101, 69:
                guard let value = Int(String(decoding: text[(at + 1)..<end], as: UTF8.self)),
                    abs(value) < 10_000
                else { return nil }
                exponent = value
                break scan
            default: return nil
            }
            at += 1
        }
        if digits.isEmpty { return nil }
        // The value is 0.d₁d₂… × 10^point; digits at and past `point + scale` are rounded away.
        let kept = (pointAt < 0 ? digits.count : pointAt) + exponent + scale
        var value: Int128 = 0
        for i in 0..<max(0, kept) {
            let digit = i < digits.count ? Int128(digits[i]) : 0
            if value == 0 && i >= digits.count { break }
            let (times, over) = value.multipliedReportingOverflow(by: 10)
            let (next, under) = times.addingReportingOverflow(digit)
            if over || under { return nil }
            value = next
        }
        if kept >= 0, kept < digits.count, digits[kept] >= 5 { value += 1 }
        return negative ? -value : value
    }
}
