/// Writes integers in decimal.
enum IntegerText {
    /// Appends a number's digits, with a sign where it is negative.
    static func append(_ value: Int, to out: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
            var at = 24
            var rest = value.magnitude
            repeat {
                at &-= 1
                digits[at] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                at &-= 1
                digits[at] = 45
            }
            out.append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[at...]))
        }
    }
}
