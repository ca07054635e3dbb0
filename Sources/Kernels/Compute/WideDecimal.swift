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
