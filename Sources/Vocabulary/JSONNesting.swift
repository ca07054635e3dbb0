/// Measures how deeply JSON is nested, before any reader goes down into it.
package enum JSONNesting {
    /// Says whether lists and objects stand within each other more than `limit` deep. Needs no stack, and takes
    /// any bytes: of what is no JSON it counts the brackets outside of quotes.
    package static func exceeds(_ limit: Int, _ bytes: some Sequence<UInt8>) -> Bool {
        var depth = 0
        var isText = false
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isText {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isText = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                    if depth > limit { return true }
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: break
                }
            }
        }
        return false
    }
}
