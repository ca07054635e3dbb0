/// A whole number of any length, digit by digit as on paper: slow, and so plain that it can be believed.
struct LongNumber: Equatable {
    var isNegative: Bool
    /// Least digit first, no zeros in front; empty for zero.
    var digits: [Int]

    init(_ value: Int128) { self.init(text: String(value)) }

    /// Reads digits, with a sign in front perhaps.
    init(text: String) {
        isNegative = text.hasPrefix("-")
        digits = text.drop { $0 == "-" }.reversed().map { $0.wholeNumberValue ?? 0 }
        trim()
    }

    private init(_ isNegative: Bool, _ digits: [Int]) {
        self.isNegative = isNegative
        self.digits = digits
        trim()
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty { isNegative = false }
    }

    var isZero: Bool { digits.isEmpty }
    var magnitude: LongNumber { LongNumber(false, digits) }
    var text: String {
        (isNegative ? "-" : "") + (isZero ? "0" : digits.reversed().map(String.init).joined())
    }
    /// The value, when it has at most `precision` digits; precision is at most 38.
    func value(precision: Int) -> Int128? { digits.count <= precision ? Int128(text) : nil }

    static prefix func - (a: LongNumber) -> LongNumber { LongNumber(!a.isNegative, a.digits) }

    /// Negative, zero or positive as |a| is less than, equal to or greater than |b|.
    private static func order(_ a: [Int], _ b: [Int]) -> Int {
        if a.count != b.count { return a.count - b.count }
        for place in a.indices.reversed() where a[place] != b[place] { return a[place] - b[place] }
        return 0
    }

    static func + (a: LongNumber, b: LongNumber) -> LongNumber {
        if a.isNegative == b.isNegative {
            var (sum, carry) = ([Int](), 0)
            for place in 0..<(max(a.digits.count, b.digits.count) + 1) {
                let digit =
                    carry + (place < a.digits.count ? a.digits[place] : 0)
                    + (place < b.digits.count ? b.digits[place] : 0)
                sum.append(digit % 10)
                carry = digit / 10
            }
            return LongNumber(a.isNegative, sum)
        }
        let isLess = order(a.digits, b.digits) < 0
        let (large, small) = isLess ? (b, a) : (a, b)
        var (rest, borrow) = ([Int](), 0)
        for place in large.digits.indices {
            let digit = large.digits[place] - borrow - (place < small.digits.count ? small.digits[place] : 0)
            rest.append((digit + 10) % 10)
            borrow = digit < 0 ? 1 : 0
        }
        return LongNumber(large.isNegative, rest)
    }

    static func * (a: LongNumber, b: LongNumber) -> LongNumber {
        var product = [Int](repeating: 0, count: a.digits.count + b.digits.count + 1)
        for (i, x) in a.digits.enumerated() {
            var carry = 0
            for (j, y) in (b.digits + [0]).enumerated() {
                let digit = product[i + j] + x * y + carry
                product[i + j] = digit % 10
                carry = digit / 10
            }
        }
        return LongNumber(a.isNegative != b.isNegative, product)
    }

    /// The quotient cut towards zero and the remainder with the dividend's sign.
    func divided(by divisor: LongNumber) -> (quotient: LongNumber, remainder: LongNumber) {
        var (quotient, rest) = ([Int](), [Int]())
        for digit in digits.reversed() {
            rest.insert(digit, at: 0)
            while rest.last == 0 { rest.removeLast() }
            var times = 0
            while LongNumber.order(rest, divisor.digits) >= 0 {
                rest = (LongNumber(false, rest) + -divisor.magnitude).digits
                times += 1
            }
            quotient.insert(times, at: 0)
        }
        return (LongNumber(isNegative != divisor.isNegative, quotient), LongNumber(isNegative, rest))
    }

    /// The quotient rounded to the nearest, halves away from zero.
    func rounded(by divisor: LongNumber) -> LongNumber {
        let (quotient, remainder) = divided(by: divisor)
        let isUp = LongNumber.order((remainder + remainder).digits, divisor.digits) >= 0
        let step = LongNumber(isNegative != divisor.isNegative, [1])
        return isUp ? quotient + step : quotient
    }

    /// Ten to a power.
    static func power(_ exponent: Int) -> LongNumber {
        LongNumber(false, Array(repeating: 0, count: exponent) + [1])
    }

    /// The value with `by` more digits behind the point, or rounded to fewer.
    func rescaled(_ by: Int) -> LongNumber {
        by >= 0 ? self * .power(by) : rounded(by: .power(-by))
    }
}
