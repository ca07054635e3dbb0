/// What `translate` does to characters.
struct Translation {
    private var table: [UnicodeScalar: UnicodeScalar?] = [:]
    /// For each ASCII character what stands for it, 255 for nothing; nil where one of them is not ASCII.
    private var bytes: [UInt8]?

    init(_ from: String, to: String) {
        let targets = Array(to.unicodeScalars)
        for (i, scalar) in from.unicodeScalars.enumerated() where table[scalar] == nil {
            table[scalar] = .some(i < targets.count ? targets[i] : nil)
        }
        guard table.allSatisfy({ $0.key.isASCII && $0.value?.isASCII != false }) else { return }
        var plain = (0..<128).map { UInt8($0) }
        for (scalar, target) in table { plain[Int(scalar.value)] = target.map { UInt8($0.value) } ?? 255 }
        bytes = plain
    }

    func translate(_ text: UnsafeRawBufferPointer, _ out: inout [UInt8]) {
        if let bytes {
            // Bytes of other characters stay.
            for byte in text {
                let target = byte < 128 ? bytes[Int(byte)] : byte
                if byte >= 128 || target != 255 { out.append(target) }
            }
            return
        }
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            guard let entry = table[scalar] else {
                out.append(contentsOf: String(scalar).utf8)
                continue
            }
            if let entry { out.append(contentsOf: String(entry).utf8) }
        }
    }
}
