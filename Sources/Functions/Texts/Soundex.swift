/// Computes Soundex codes as Spark does.
enum Soundex {
    static func code(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let codes = Array("0123012-02245501262301-202".utf8)
        func upper(_ byte: UInt8) -> UInt8 { byte &- 97 < 26 ? byte ^ 32 : byte }
        guard let first = bytes.first.map(upper), first &- 65 < 26 else { return Array(bytes) }
        var result = [first]
        var last = codes[Int(first - 65)]
        for byte in bytes.dropFirst() {
            let letter = upper(byte)
            guard letter &- 65 < 26 else {
                last = 48
                continue
            }
            let code = codes[Int(letter - 65)]
            if code == 45 { continue }
            if code != 48, code != last { result.append(code) }
            last = code
            if result.count == 4 { break }
        }
        while result.count < 4 { result.append(48) }
        return result
    }
}
