/// Writes JSON strings (RFC 8259 §7).
package enum JSONString {
    /// Returns a text in quotes.
    package static func quoted(_ text: String) -> String {
        var out: [UInt8] = []
        append(text, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// Appends a string in quotes.
    package static func append(_ text: String, to out: inout [UInt8]) {
        var copy = text
        copy.withUTF8 { append(UnsafeRawBufferPointer($0), to: &out) }
    }

    /// Appends UTF-8 bytes in quotes.
    package static func append(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x0A: out.append(contentsOf: "\\n".utf8)
            case 0x0D: out.append(contentsOf: "\\r".utf8)
            case 0x09: out.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                out.append(contentsOf: "\\u00".utf8)
                Hexadecimal.append(byte, Hexadecimal.lower, to: &out)
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
