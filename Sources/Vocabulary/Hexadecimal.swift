/// Writes bytes as hexadecimal digits, two a byte.
package enum Hexadecimal {
    private static let lower = Array("0123456789abcdef".utf8)
    private static let upper = Array("0123456789ABCDEF".utf8)

    /// Returns the digits as bytes of ASCII.
    package static func digits(_ bytes: some Sequence<UInt8>, isUpper: Bool = false) -> [UInt8] {
        let digits = isUpper ? upper : lower
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// Returns the digits as text.
    package static func text(_ bytes: some Sequence<UInt8>, isUpper: Bool = false) -> String {
        String(decoding: digits(bytes, isUpper: isUpper), as: UTF8.self)
    }
}
