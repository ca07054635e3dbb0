import Kernels

/// Writes numbers of one base in another, as Spark's NumberConverter does.
enum NumberBase {
    /// Appends the leading digits of a text, read in 64 bits without sign, in the target base; with a sign
    /// where that is negative. False for a text without characters, and for bases other than 2 to 36. More
    /// than 64 bits hold are all ones, or ARITHMETIC_OVERFLOW is thrown where the mode is so.
    static func convert(
        _ text: UnsafeRawBufferPointer, _ from: Int, _ to: Int, ansi: Bool, _ out: inout [UInt8]
    ) throws -> Bool {
        // The magnitude of the least integer is none.
        guard (2...36).contains(from), (-36...36).contains(to), abs(to) >= 2, !text.isEmpty else {
            return false
        }
        var at = 0
        while at < text.count, text[at] == 32 { at &+= 1 }
        let isNegative = at < text.count && text[at] == 45
        if isNegative { at &+= 1 }
        let base = UInt64(from)
        var value: UInt64 = 0
        while at < text.count {
            let digit = digit(text[at])
            guard digit < base else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: base)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry {
                if ansi {
                    let values = "conv('\(String(decoding: text, as: UTF8.self))', \(from), \(to))"
                    throw Failure.overflow(.int64, values: values, tryName: nil)
                }
                value = .max
                break
            }
            value = sum
            at &+= 1
        }
        if isNegative { value = 0 &- value }
        if to < 0, Int64(bitPattern: value) < 0 {
            out.append(45)
            value = 0 &- value
        }
        append(value, UInt64(abs(to)), &out)
        return true
    }

    /// The value of a digit or letter, 255 for other bytes.
    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt64 {
        if byte &- 48 < 10 { return UInt64(byte &- 48) }
        let letter = (byte | 32) &- 97
        return letter < 26 ? UInt64(letter) + 10 : 255
    }

    private static func append(_ value: UInt64, _ base: UInt64, _ out: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { text in
            var (at, rest) = (64, value)
            repeat {
                at &-= 1
                let digit = UInt8(truncatingIfNeeded: base == 10 ? rest % 10 : rest % base)
                text[at] = digit < 10 ? 48 &+ digit : 55 &+ digit
                rest = base == 10 ? rest / 10 : rest / base
            } while rest > 0
            out.append(contentsOf: UnsafeMutableBufferPointer(rebasing: text[at...]))
        }
    }
}
