/// Writes and reads bytes as base64 (RFC 4648, section 4).
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// Fills up the last four letters.
    package static let padding = UInt8(ascii: "=")

    /// Returns the text of bytes, with padding.
    package static func text(_ bytes: [UInt8]) -> String { String(decoding: encode(bytes), as: UTF8.self) }

    /// Returns the letters of bytes, with padding.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { encode($0) } }

    /// Returns the letters of bytes, with padding.
    package static func encode(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var held = 0
        func flush() {
            for place in 0..<4 {
                let digit = Int(group >> UInt32(18 - 6 * place) & 63)
                result.append(place <= held ? alphabet[digit] : padding)
            }
        }
        for byte in bytes {
            group |= UInt32(byte) << UInt32(16 - 8 * held)
            held += 1
            if held == 3 {
                flush()
                group = 0
                held = 0
            }
        }
        if held > 0 { flush() }
        return result
    }

    /// Returns the bytes, or nil when the text is not base64.
    package static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var bits: UInt32 = 0
        var count = 0
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var paddingCount = 0
        for byte in text {
            if byte == padding {
                paddingCount += 1
                continue
            }
            guard paddingCount == 0, let value = digit(byte) else { return nil }
            bits = bits << 6 | value
            count += 1
            if count % 4 == 0 {
                result.append(UInt8(truncatingIfNeeded: bits >> 16))
                result.append(UInt8(truncatingIfNeeded: bits >> 8))
                result.append(UInt8(truncatingIfNeeded: bits))
            }
        }
        switch count % 4 {
        case 0: return paddingCount == 0 ? result : nil
        case 2: result.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            result.append(UInt8(truncatingIfNeeded: bits >> 10))
            result.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: return nil
        }
        return paddingCount > 2 ? nil : result
    }

    /// Returns the six bits of a letter, or nil when the byte is none.
    package static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
