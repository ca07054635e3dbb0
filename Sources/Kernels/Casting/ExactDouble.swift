/// Reads and writes doubles of few digits without the library's long arithmetic.
package enum ExactDouble {
    /// The powers of ten that doubles hold exactly.
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
        1e19, 1e20, 1e21, 1e22,
    ]

    /// Returns the double nearest to a number of digits with point and exponent; nil where more than one
    /// rounding would be needed, or the text is another one (W. D. Clinger, "How to read floating point
    /// numbers accurately", 1990: digits and power are exact, so their quotient or product is rounded once).
    package static func read(_ text: UnsafeRawBufferPointer) -> Double? {
        let count = text.count
        var at = 0
        let isNegative = count > 0 && text[0] == 45
        if isNegative || count > 0 && text[0] == 43 { at = 1 }
        var (value, digits, scale): (UInt64, Int, Int) = (0, 0, 0)
        let first = at
        while at < count, text[at] &- 48 < 10 {
            value = value &* 10 &+ UInt64(text[at] &- 48)
            at &+= 1
        }
        digits = at - first
        if digits == 0 { return nil }
        if at < count, text[at] == 46 {
            at &+= 1
            let point = at
            while at < count, text[at] &- 48 < 10 {
                value = value &* 10 &+ UInt64(text[at] &- 48)
                at &+= 1
            }
            scale = at - point
            if scale == 0 { return nil }
            digits += scale
        }
        if digits > 18 || value >= 1 << 53 { return nil }
        var exponent = -scale
        if at < count {
            guard text[at] | 32 == 101, at + 1 < count else { return nil }
            at &+= 1
            let sign = text[at] == 45 ? -1 : 1
            if text[at] == 45 || text[at] == 43 { at &+= 1 }
            guard at < count, count - at <= 3 else { return nil }
            var written = 0
            while at < count {
                guard text[at] &- 48 < 10 else { return nil }
                written = written * 10 + Int(text[at] &- 48)
                at &+= 1
            }
            exponent += sign * written
        }
        guard exponent >= -22, exponent <= 22 else { return nil }
        let magnitude =
            exponent < 0 ? Double(value) / powers[-exponent] : Double(value) * powers[exponent]
        return isNegative ? -magnitude : magnitude
    }

    /// Appends a double of at most 15 digits, six of them behind the point, as Java writes it; false, with
    /// nothing appended, for others. Such a number is the only one of so few digits that means the double, so
    /// with the fewest digits behind the point it is the shortest.
    package static func append(_ value: Double, to out: inout [UInt8]) -> Bool {
        let magnitude = value.magnitude
        guard magnitude >= 1e-3, magnitude < 1e7 else { return false }
        var scale = 0
        var whole = magnitude.rounded()
        while whole / powers[scale] != magnitude {
            if scale == 6 { return false }
            scale += 1
            whole = (magnitude * powers[scale]).rounded()
        }
        if value < 0 { out.append(45) }
        var rest = UInt64(whole)
        let places = max(scale, 1)
        if scale == 0 { rest *= 10 }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
            var at = 24
            var written = 0
            while rest > 0 || written <= places {
                if written == places {
                    at &-= 1
                    text[at] = 46
                }
                at &-= 1
                text[at] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
                rest /= 10
                written &+= 1
            }
            out.append(contentsOf: text[at...])
        }
        return true
    }
}
