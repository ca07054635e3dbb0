extension String {
    /// Returns the text with each byte `sign` twice, as SQL has quotes inside quotes. By bytes, as lexers
    /// read: a quote with a combining mark behind it is another `Character`, but ends the name all the same.
    package func doubling(_ sign: Unicode.Scalar) -> String { marking([sign], nil) }

    /// Returns the text with a backslash before each byte that is one of `signs`, by bytes as `doubling`.
    package func backslashing(_ signs: Unicode.Scalar...) -> String { marking(signs, "\\") }

    /// Puts `mark`, else the sign itself, before each of `signs`, which are ASCII.
    private func marking(_ signs: [Unicode.Scalar], _ mark: Unicode.Scalar?) -> String {
        let signs = signs.map { UInt8(ascii: $0) }
        let mark = mark.map { UInt8(ascii: $0) }
        guard utf8.contains(where: { signs.contains($0) }) else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count + 8)
        for byte in utf8 {
            if signs.contains(byte) { bytes.append(mark ?? byte) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
