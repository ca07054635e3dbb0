/// Reads and writes binary values as base64 (RFC 4648), as JSON carries them.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Returns the bytes, or nil when the text is not base64.
    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var bits: UInt32 = 0
        var count = 0
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var padding = 0
        for byte in text {
            if byte == 0x3D {
                padding += 1
                continue
            }
            guard padding == 0, let digit = alphabet.firstIndex(of: byte) else { return nil }
            bits = bits << 6 | UInt32(digit)
            count += 1
            if count % 4 == 0 {
                result.append(UInt8(truncatingIfNeeded: bits >> 16))
                result.append(UInt8(truncatingIfNeeded: bits >> 8))
                result.append(UInt8(truncatingIfNeeded: bits))
            }
        }
        switch count % 4 {
        case 0: return padding == 0 ? result : nil
        case 2: result.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            result.append(UInt8(truncatingIfNeeded: bits >> 10))
            result.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: return nil
        }
        return padding > 2 ? nil : result
    }

    /// Returns the text with padding.
    static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var group: UInt32 = 0
        var held = 0
        func flush(_ count: Int) {
            for i in 0..<4 {
                let digit = Int(group >> UInt32(18 - 6 * i) & 63)
                result.append(i <= count ? alphabet[digit] : 0x3D)
            }
        }
        for byte in bytes {
            group |= UInt32(byte) << UInt32(16 - 8 * held)
            held += 1
            if held == 3 {
                flush(3)
                group = 0
                held = 0
            }
        }
        if held > 0 { flush(held) }
        return result
    }
}
