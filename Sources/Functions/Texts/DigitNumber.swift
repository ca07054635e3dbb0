#if canImport(Glibc)
    import Glibc
#endif

/// A number as its decimal digits: 0.d₁d₂… × 10^point.
struct DigitNumber {
    var isNegative: Bool
    /// Digits, the first not zero; none for zero.
    var digits: [UInt8]
    var point: Int
    /// The double whose shortest digits these are; nil where they are exact.
    private var double: Double?

    /// Takes a decimal of the given scale.
    init(_ unscaled: Int128, scale: Int) {
        isNegative = unscaled < 0
        digits = unscaled == 0 ? [] : Array(String(unscaled.magnitude).utf8).map { $0 - 48 }
        point = digits.count - scale
    }

    /// Takes a finite double by its shortest digits.
    init(_ value: Double) {
        isNegative = value.sign == .minus
        double = value.magnitude
        (digits, point) = DigitNumber.read("\(value.magnitude)")
    }

    private static func read(_ text: String) -> (digits: [UInt8], point: Int) {
        let parts = text.split(separator: "e")
        let halves = parts[0].split(separator: ".")
        var digits = Array(halves.joined().utf8).map { $0 - 48 }
        var point = halves[0].utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.first == 0 {
            digits.removeFirst()
            point -= 1
        }
        while digits.last == 0 { digits.removeLast() }
        return (digits, digits.isEmpty ? 0 : point)
    }

    /// Returns the number rounded to `kept` digits, halves to the even digit. Whether a double is a half is
    /// said by its exact value, as in Java.
    func rounded(to kept: Int) -> DigitNumber {
        if kept >= digits.count { return self }
        var result = self
        result.double = nil
        result.digits = Array(digits.prefix(max(0, kept)))
        guard kept >= 0, isUp(at: kept) else {
            while result.digits.last == 0 { result.digits.removeLast() }
            return result
        }
        while result.digits.last == 9 { result.digits.removeLast() }
        if let last = result.digits.last {
            result.digits[result.digits.count - 1] = last + 1
        } else {
            result.digits = [1]
            result.point += 1
        }
        return result
    }

    private func isUp(at kept: Int) -> Bool {
        if digits[kept] != 5 { return digits[kept] > 5 }
        if digits.count > kept + 1 { return true }
        if let double {
            // Few digits say it of nearly all, 780 of every double.
            for count in [40, 780] {
                var text = [CChar](repeating: 0, count: count + 20)
                _ = withVaList([Int32(count), double]) { vsnprintf(&text, text.count, "%.*e", $0) }
                let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                let exact = DigitNumber.read(String(decoding: bytes, as: UTF8.self)).digits
                let same = exact.prefix(digits.count)
                if !same.elementsEqual(digits) { return !same.lexicographicallyPrecedes(digits) }
                if exact.count > digits.count { return true }
            }
        }
        return kept > 0 && digits[kept - 1] % 2 == 1
    }
}
