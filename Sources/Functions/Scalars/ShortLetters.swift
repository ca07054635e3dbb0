/// Changes the case of texts whose letters take at most two bytes (Latin, Greek, Cyrillic, Hebrew, Arabic and
/// more: below U+0800), and of those that have none (Chinese, Japanese and Korean signs).
struct ShortLetters {
    /// For each scalar below U+0800 what becomes of it; `several` where that is no such scalar.
    private let changed: [UInt16]
    private let toUpper: Bool
    private static let several = UInt16.max
    private static let upper = table(toUpper: true)
    private static let lower = table(toUpper: false)
    /// Capital sigma: what it becomes depends on the letters around it.
    private static let sigma = 0x3A3

    init(toUpper: Bool) {
        self.toUpper = toUpper
        changed = toUpper ? ShortLetters.upper : ShortLetters.lower
    }

    private static func table(toUpper: Bool) -> [UInt16] {
        (0..<0x800).map { code in
            guard let scalar = Unicode.Scalar(UInt32(code)) else { return several }
            let mapping = toUpper ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
            let scalars = mapping.unicodeScalars
            guard let first = scalars.first, scalars.count == 1, first.value < 0x800 else { return several }
            return UInt16(first.value)
        }
    }

    /// Appends the text with its letters changed, as `String` changes them scalar by scalar; false, with
    /// anything appended, for a text with other letters, with a capital sigma to be made small, or that is
    /// not UTF-8.
    func append(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) -> Bool {
        changed.withUnsafeBufferPointer { changed in
            var at = 0
            while at < bytes.count {
                let byte = bytes[at]
                if byte < 0x80 {
                    out.append(UInt8(truncatingIfNeeded: changed[Int(byte)]))
                    at &+= 1
                    continue
                }
                guard at &+ 1 < bytes.count, bytes[at &+ 1] & 0xC0 == 0x80 else { return false }
                if byte >= 0xE0 {
                    guard isUncased(bytes, at) else { return false }
                    out.append(contentsOf: bytes[at..<(at &+ 3)])
                    at &+= 3
                    continue
                }
                // Below C2 there are no first bytes of two.
                guard byte >= 0xC2 else { return false }
                let code = Int(byte & 0x1F) &<< 6 | Int(bytes[at &+ 1] & 0x3F)
                at &+= 2
                let new = changed[code]
                if new == Self.several {
                    guard append(several: code, to: &out) else { return false }
                } else if code == Self.sigma, !toUpper {
                    return false
                } else if new < 0x80 {
                    out.append(UInt8(truncatingIfNeeded: new))
                } else {
                    out.append(0xC0 | UInt8(truncatingIfNeeded: new &>> 6))
                    out.append(0x80 | UInt8(truncatingIfNeeded: new & 0x3F))
                }
            }
            return true
        }
    }

    /// Appends what becomes of a letter that changes into several, or into one beyond U+0800: `ß` into `SS`.
    private func append(several code: Int, to out: inout [UInt8]) -> Bool {
        guard let scalar = Unicode.Scalar(UInt32(code)) else { return false }
        let properties = scalar.properties
        out.append(contentsOf: (toUpper ? properties.uppercaseMapping : properties.lowercaseMapping).utf8)
        return true
    }

    /// Says whether the three bytes at a place are a sign of the blocks from U+3000 to U+9FFF, of which none
    /// has a case.
    private func isUncased(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        at &+ 2 < bytes.count && bytes[at] >= 0xE3 && bytes[at] <= 0xE9 && bytes[at &+ 2] & 0xC0 == 0x80
    }
}
