/// Writes numbers with commas and a fixed number of digits behind the point, where 64 bits decide the
/// rounding.
enum GroupedNumber {
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    private static let largest = Double(1 << 40)

    /// Appends a double rounded to `places` digits; false, with nothing appended, where its exact value has
    /// to say whether it is rounded up: it is large, or next to a half.
    static func append(_ value: Double, places: Int, to out: inout [UInt8]) -> Bool {
        guard places < powers.count else { return false }
        let scaled = value.magnitude * powers[places]
        // Below 2^40 the product is off by less than 2^-12.
        guard scaled < largest else { return false }
        let whole = scaled.rounded(.down)
        let rest = scaled - whole
        if (rest - 0.5).magnitude < 0.001 { return false }
        append(
            UInt64(whole) + (rest > 0.5 ? 1 : 0), isNegative: value.sign == .minus, places: places, to: &out)
        return true
    }

    /// Appends an integer, with zeros behind the point.
    static func append(integer value: Int, places: Int, to out: inout [UInt8]) -> Bool {
        guard places < powers.count else { return false }
        append(UInt64(value.magnitude), isNegative: value < 0, places: 0, to: &out)
        if places > 0 {
            out.append(46)
            for _ in 0..<places { out.append(48) }
        }
        return true
    }

    /// Appends a number without its point; `places` of the digits stand behind it.
    private static func append(_ number: UInt64, isNegative: Bool, places: Int, to out: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 48) { text in
            var (at, rest, written) = (48, number, 0)
            while rest > 0 || written <= places {
                if written == places, places > 0 {
                    at &-= 1
                    text[at] = 46
                } else if written > places, (written &- places) % 3 == 0 {
                    at &-= 1
                    text[at] = 44
                }
                at &-= 1
                text[at] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
                rest /= 10
                written &+= 1
            }
            if isNegative {
                at &-= 1
                text[at] = 45
            }
            out.append(contentsOf: UnsafeMutableBufferPointer(rebasing: text[at...]))
        }
    }
}
