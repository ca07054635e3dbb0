import Columns

/// Writes and reads decimals of at most 18 digits in registers; all others go by `WideDecimal` and
/// `NumberText`.
enum DecimalText {
    /// 10⁰ … 10¹⁸.
    private static let powers: [Int64] = (0...18).map { Int64(truncatingIfNeeded: WideDecimal.power($0)) }

    /// Writes an unscaled value with its point into a row; false, with nothing written, for one of more than
    /// 64 bits or 18 places, and with `isPlain` false for one that Java shows with an exponent.
    @inline(__always)
    static func put(_ value: Int128, scale: Int, isPlain: Bool, _ builder: ViewBuilder, _ row: Int) -> Bool {
        guard scale <= 18, let narrow = Int64(exactly: value) else { return false }
        return withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { text in
            var at = 40
            var (rest, written) = (narrow.magnitude, 0)
            repeat {
                if written == scale, scale > 0 {
                    at &-= 1
                    text[at] = 46
                }
                at &-= 1
                text[at] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
                rest /= 10
                written &+= 1
            } while rest > 0 || written <= scale
            // Java takes an exponent where the first digit stands behind the sixth place.
            if !isPlain, scale > 6, narrow.magnitude < UInt64(powers[scale &- 6]) { return false }
            if narrow < 0 {
                at &-= 1
                text[at] = 45
            }
            guard let base = text.baseAddress else { return false }
            builder.put(base + at, count: 40 &- at, row)
            return true
        }
    }

    /// Reads digits with at most one point as an unscaled value, rounded half up; nil where there are more
    /// than 18 of them with the zeros that `scale` adds, none, or other bytes.
    @inline(__always)
    static func short(_ text: UnsafeRawBufferPointer, _ range: Range<Int>, scale: Int) -> Int128? {
        guard range.count <= 19, scale <= 18 else { return nil }
        var (value, fraction, at): (Int64, Int, Int) = (0, -1, range.lowerBound)
        while at < range.upperBound {
            let digit = text[at] &- 48
            if digit < 10 {
                value = value &* 10 &+ Int64(digit)
                if fraction >= 0 { fraction &+= 1 }
            } else {
                if text[at] != 46 || fraction >= 0 { return nil }
                fraction = 0
            }
            at &+= 1
        }
        let digits = fraction >= 0 ? range.count &- 1 : range.count
        if fraction < 0 { fraction = 0 }
        let up = scale &- fraction
        if digits == 0 || digits > 18 || digits &+ up > 18 { return nil }
        if up >= 0 { return Int128(value &* powers[up]) }
        let unit = powers[-up]
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: unit)
        return Int128(quotient &+ (rest &* 2 >= unit ? 1 : 0))
    }
}

/// Rounds doubles to decimals where their shortest decimal text, by which Spark goes, rounds as they do
/// themselves.
struct DoubleRounding {
    private let power: Double
    private let bound: Double

    init(precision: Int, scale: Int) {
        // 10²² is the greatest power that doubles hold exactly.
        power = scale <= 22 ? Double(WideDecimal.power(scale)) : .nan
        bound = precision <= 15 ? Double(WideDecimal.power(precision)) - 1 : 0x1p50
    }

    /// Returns the unscaled value; nil where it may not fit, or lies so near to a half that only the text
    /// says where it goes. The text lies within half a unit in the last place of the double, the product
    /// within half a unit of its own: together less than 2⁻⁵⁰ of it.
    @inline(__always)
    func decimal(_ value: Double) -> Int64? {
        let product = value * power
        let magnitude = product.magnitude
        guard magnitude < bound, magnitude < 0x1p50 else { return nil }
        let whole = magnitude.rounded(.down)
        let rest = magnitude - whole
        if (rest - 0.5).magnitude <= magnitude * 0x1p-50 { return nil }
        let rounded = Int64(whole) &+ (rest > 0.5 ? 1 : 0)
        return product < 0 ? -rounded : rounded
    }
}
