/// Writes bytes as hexadecimal digits, two a byte.
package enum Hexadecimal {
    /// The sixteen digits by value, as bytes of ASCII.
    package static let lower = Array("0123456789abcdef".utf8)
    /// The sixteen digits by value, letters in capitals.
    package static let upper = Array("0123456789ABCDEF".utf8)

    /// Appends one byte's two digits, out of a table of this type.
    package static func append(_ byte: UInt8, _ digits: [UInt8], to out: inout [UInt8]) {
        out.append(digits[Int(byte &>> 4)])
        out.append(digits[Int(byte & 15)])
    }

    /// Returns the digits as bytes of ASCII.
    package static func digits(_ bytes: some Sequence<UInt8>, isUpper: Bool = false) -> [UInt8] {
        let digits = isUpper ? upper : lower
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount * 2)
        for byte in bytes { append(byte, digits, to: &text) }
        return text
    }

    /// Returns the digits as text.
    package static func text(_ bytes: some Sequence<UInt8>, isUpper: Bool = false) -> String {
        String(decoding: digits(bytes, isUpper: isUpper), as: UTF8.self)
    }
}
