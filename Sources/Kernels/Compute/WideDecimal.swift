/// Computes with unscaled decimals of up to 38 digits, exactly: products and scaled dividends have 256 bits.
package enum WideDecimal {
    /// 10⁰ … 10³⁸.
    package static let powers: [Int128] = {
        var list: [Int128] = [1]
        for _ in 1...38 { list.append(list[list.count - 1] * 10) }
        return list
    }()

    /// Returns 10 to the power `exponent`, which is at most 38.
    package static func power(_ exponent: Int) -> Int128 { powers[exponent] }

    /// Says whether the value has at most `precision` digits.
    @inline(__always)
    package static func fits(_ value: Int128, precision: Int) -> Bool {
        let bound = powers[precision]
        return value < bound && value > -bound
    }

    /// Returns value / divisor rounded half away from zero.
    @inline(__always)
    package static func divideRounding(_ value: Int128, by divisor: Int128) -> Int128 {
        let (q, r) = value.quotientAndRemainder(dividingBy: divisor)
        let twice = r.magnitude &* 2
        if twice < divisor.magnitude { return q }
        return (value < 0) != (divisor < 0) ? q &- 1 : q &+ 1
    }

    /// Returns the value with its scale changed by `by` digits, rounded half up, or nil when it leaves 128
    /// bits.
    package static func rescale(_ value: Int128, by: Int) -> Int128? {
        if by == 0 { return value }
        if by > 0 {
            if by > 38 { return value == 0 ? 0 : nil }
            let (r, overflow) = value.multipliedReportingOverflow(by: powers[by])
            return overflow ? nil : r
        }
        if by < -38 { return 0 }
        return divideRounding(value, by: powers[-by])
    }

    /// Returns a × b ÷ 10^digits rounded half up, or nil when it leaves 128 bits.
    package static func multiply(_ a: Int128, _ b: Int128, droppingDigits digits: Int) -> Int128? {
        let product = a.magnitude.multipliedFullWidth(by: b.magnitude)
        let negative = (a < 0) != (b < 0)
        if digits == 0 {
            if product.high != 0 { return nil }
            return signed(product.low, negative)
        }
        if digits < 0 {
            guard product.high == 0, let whole = signed(product.low, negative) else { return nil }
            return rescale(whole, by: -digits)
        }
        if digits <= 38 { return divide(product.high, product.low, UInt128(powers[digits]), negative) }
        // Cut in two steps; rounding only in the second is exact, as half of 10^38 is a whole number.
        let first = UInt128(powers[min(digits - 38, 38)])
        let (high, rest) = product.high.quotientAndRemainder(dividingBy: first)
        let low = first.dividingFullWidth((rest, product.low)).quotient
        return divide(high, low, UInt128(powers[38]), negative)
    }

    /// Returns a × 10^digits ÷ b rounded half up, or nil when it leaves 128 bits or b is zero.
    package static func divide(_ a: Int128, byScaled b: Int128, addingDigits digits: Int) -> Int128? {
        if b == 0 { return nil }
        if a == 0 { return 0 }
        let negative = (a < 0) != (b < 0)
        if digits < 0 { return rescale(a, by: digits).flatMap { divide($0, byScaled: b, addingDigits: 0) } }
        let first = min(digits, 38)
        var (high, low) = a.magnitude.multipliedFullWidth(by: UInt128(powers[first]))
        if digits > 38 {
            let more = UInt128(powers[digits - 38])
            let upper = high.multipliedFullWidth(by: more)
            if upper.high != 0 { return nil }
            let lower = low.multipliedFullWidth(by: more)
            let (sum, overflow) = upper.low.addingReportingOverflow(lower.high)
            if overflow { return nil }
            (high, low) = (sum, lower.low)
        }
        return divide(high, low, b.magnitude, negative)
    }

    /// Returns a + b at the scale `to`, rounded half up from the exact sum, or nil when it leaves 128 bits.
    package static func sum(_ a: Int128, _ b: Int128, scales: (Int, Int), to scale: Int) -> Int128? {
        let common = max(scales.0, scales.1)
        if let p = rescale(a, by: common - scales.0), let q = rescale(b, by: common - scales.1) {
            let (r, overflow) = p.addingReportingOverflow(q)
            if !overflow { return rescale(r, by: scale - common) }
        }
        guard common >= scale, common - scale <= 38 else { return nil }
        let x = a.magnitude.multipliedFullWidth(by: UInt128(powers[common - scales.0]))
        let y = b.magnitude.multipliedFullWidth(by: UInt128(powers[common - scales.1]))
        let divisor = UInt128(powers[common - scale])
        if (a < 0) == (b < 0) {
            let (low, carry) = x.low.addingReportingOverflow(y.low)
            return divide(x.high &+ y.high &+ (carry ? 1 : 0), low, divisor, a < 0)
        }
        let isLess = x.high != y.high ? x.high < y.high : x.low < y.low
        let (large, small) = isLess ? (y, x) : (x, y)
        let (low, borrow) = large.low.subtractingReportingOverflow(small.low)
        return divide(large.high &- small.high &- (borrow ? 1 : 0), low, divisor, isLess ? b < 0 : a < 0)
    }

    /// Divides values of which one, multiplied by its power of ten, leaves 128 bits. Returns the quotient cut
    /// to an integer, the remainder or the modulus with its scale changed by `digits`; nil when that leaves
    /// 128 bits.
    static func wideDivision(
        _ kind: Arithmetic.Division, _ a: Int128, _ b: Int128, up: (Int, Int), digits: Int
    ) -> Int128? {
        // A divisor beyond 128 bits is above any dividend.
        guard let divisor = rescale(b, by: up.1) else {
            switch kind {
            case .quotient: return 0
            case .modulus where a < 0: return b < 0 ? rescale(a, by: digits) : nil
            default: return rescale(a, by: digits)
            }
        }
        let wide = a.magnitude.multipliedFullWidth(by: UInt128(powers[up.0]))
        let size = divisor.magnitude
        let (q, r) = size.dividingFullWidth((wide.high % size, wide.low))
        if kind != .quotient, !isRemainderKnown(quotient: (wide.high / size, q)) { return nil }
        guard let remainder = signed(r, a < 0) else { return nil }
        switch kind {
        case .quotient: return wide.high >= size ? nil : signed(q, (a < 0) != (divisor < 0))
        case .remainder: return rescale(remainder, by: digits)
        case .modulus:
            return rescale(remainder < 0 && divisor > 0 ? remainder + divisor : remainder, by: digits)
        }
    }

    /// Says whether Spark finds a remainder: it goes by a quotient of 39 digits, so where the exact one has
    /// more, those behind must be zeros (`BigDecimal.remainder` with a `MathContext`).
    private static func isRemainderKnown(quotient: (high: UInt128, low: UInt128)) -> Bool {
        var more = 0
        while more < 37 {
            let bound = UInt128(powers[38]).multipliedFullWidth(by: UInt128(powers[more + 1]))
            if (quotient.high, quotient.low) < (bound.high, bound.low) { break }
            more += 1
        }
        let zeros = UInt128(powers[more])
        return zeros.dividingFullWidth((quotient.high % zeros, quotient.low)).remainder == 0
    }

    private static func divide(_ high: UInt128, _ low: UInt128, _ divisor: UInt128, _ negative: Bool)
        -> Int128?
    {
        if high >= divisor { return nil }
        var (q, r) =
            high == 0 ? low.quotientAndRemainder(dividingBy: divisor) : divisor.dividingFullWidth((high, low))
        if r >= divisor - r { q += 1 }
        r = 0
        return signed(q, negative)
    }

    private static func signed(_ magnitude: UInt128, _ negative: Bool) -> Int128? {
        if magnitude > UInt128(Int128.max) { return nil }
        return negative ? -Int128(magnitude) : Int128(magnitude)
    }

    /// Writes a value as `BigDecimal.toString` of Java does, which Spark's legacy casts use: with an exponent
    /// where the first digit stands behind the sixth place, as in `1.2E-7`.
    package static func scientificText(_ value: Int128, scale: Int) -> String {
        let digits = String(value.magnitude)
        let exponent = digits.utf8.count - 1 - scale
        if exponent >= -6 { return text(value, scale: scale) }
        let rest = digits.dropFirst()
        return "\(value < 0 ? "-" : "")\(digits.prefix(1))\(rest.isEmpty ? "" : ".\(rest)")E\(exponent)"
    }

    /// Writes an unscaled value with its point: `-12.30` for -1230 of scale 2.
    package static func text(_ value: Int128, scale: Int) -> String {
        let digits = String(value.magnitude)
        let sign = value < 0 ? "-" : ""
        if scale == 0 { return sign + digits }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
        let point = padded.index(padded.endIndex, offsetBy: -scale)
        return sign + padded[..<point] + "." + padded[point...]
    }
}
