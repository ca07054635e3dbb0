/// Writes numbers with commas and a fixed number of digits behind the point, where 64 bits decide the
/// rounding.
enum GroupedNumber {
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    /// Below it, what a double's shortest digits and its value differ by is less than an eighth of the last
    /// digit that is written.
    private static let largest = Double(1 << 50)

    /// Appends a double rounded to `places` digits, halves to the even digit; what is a half its exact value
    /// says, as in Java. false, with nothing appended, where it is too large for that.
    static func append(_ value: Double, places: Int, to out: inout [UInt8]) -> Bool {
        guard places < powers.count else { return false }
        let (magnitude, power) = (value.magnitude, powers[places])
        let scaled = magnitude * power
        guard scaled < largest else { return false }
        let whole = scaled.rounded(.down)
        let rest = scaled - whole
        var digits = UInt64(whole)
        if rest == 0.5 {
            // What the product lost is less than its last bit, so that it counts only here; it is exact.
            let lost = (-scaled).addingProduct(magnitude, power)
            digits &+= lost > 0 || lost == 0 && digits & 1 == 1 ? 1 : 0
        } else if rest > 0.5 {
            digits &+= 1
        }
        append(digits, isNegative: value.sign == .minus, places: places, to: &out)
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
