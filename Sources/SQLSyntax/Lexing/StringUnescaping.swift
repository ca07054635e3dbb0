/// Turns the text of a string token into its value, as Spark's `unescapeSQLString` does.
enum StringUnescaping {
    /// Returns the value of a token with its quotes: doubled quotes become one, backslash escapes become
    /// their characters (`\n`, `\t`, `\0`, `\uXXXX`, `\UXXXXXXXX`, octal `\101`); `\%` and `\_` stay for
    /// LIKE.
    static func value(of token: ArraySlice<UInt8>) -> String {
        guard token.count >= 2, let quote = token.first else { return "" }
        let body = Array(token.dropFirst().dropLast())
        var out: [UInt8] = []
        out.reserveCapacity(body.count)
        var index = 0
        while index < body.count {
            let byte = body[index]
            if byte == quote, index + 1 < body.count, body[index + 1] == quote {
                out.append(quote)
                index += 2
            } else if byte == UInt8(ascii: "\\"), index + 1 < body.count {
                index = escape(body, at: index + 1, into: &out)
            } else {
                out.append(byte)
                index += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Returns the text of a raw string token `r'…'`.
    static func rawValue(of token: ArraySlice<UInt8>) -> String {
        token.count < 3 ? "" : String(decoding: token.dropFirst(2).dropLast(), as: UTF8.self)
    }

    /// Returns the name in back quotes, doubled ones being one.
    static func name(of token: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var pending = false
        for byte in token.dropFirst().dropLast() {
            if byte == UInt8(ascii: "`"), !pending {
                pending = true
                out.append(byte)
            } else if byte == UInt8(ascii: "`") {
                pending = false
            } else {
                pending = false
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Appends what the escape after a backslash stands for, and returns the index behind it.
    private static func escape(_ body: [UInt8], at index: Int, into out: inout [UInt8]) -> Int {
        let byte = body[index]
        if byte == UInt8(ascii: "u") || byte == UInt8(ascii: "U") {
            let digits = byte == UInt8(ascii: "u") ? 4 : 8
            if index + digits < body.count,
                let code = UInt32(
                    String(decoding: body[(index + 1)...(index + digits)], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            {
                out.append(contentsOf: Array(String(Character(scalar)).utf8))
                return index + digits + 1
            }
        }
        if index + 2 < body.count, byte == UInt8(ascii: "0") || byte == UInt8(ascii: "1"),
            let code = UInt8(String(decoding: body[index...(index + 2)], as: UTF8.self), radix: 8),
            let scalar = Unicode.Scalar(UInt32(code))
        {
            out.append(contentsOf: Array(String(Character(scalar)).utf8))
            return index + 3
        }
        switch byte {
        case UInt8(ascii: "0"): out.append(0)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "Z"): out.append(26)
        case UInt8(ascii: "%"), UInt8(ascii: "_"): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
        default: out.append(byte)
        }
        return index + 1
    }
}
