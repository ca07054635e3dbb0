import Vocabulary

/// Blanks Java's comments in JSON text, which Spark's option `allowComments` permits: `// …` to the end of
/// the line, and `/* … */`.
enum JSONComments {
    static func blank(_ window: TextWindow) {
        let text = window.base
        let count = window.count
        var place = 0
        var isInside = false
        while place < count {
            let byte = text[place]
            if isInside {
                if byte == UInt8(ascii: "\\") { place += 1 }
                // A text that does not end within its line is none.
                if byte == UInt8(ascii: "\"") || byte == 10 { isInside = false }
                place += 1
                continue
            }
            if byte == UInt8(ascii: "\"") {
                isInside = true
            } else if byte == UInt8(ascii: "/"), place + 1 < count, text[place + 1] == UInt8(ascii: "/") {
                while place < count, text[place] != 10 {
                    text[place] = 0x20
                    place += 1
                }
                continue
            } else if byte == UInt8(ascii: "/"), place + 1 < count, text[place + 1] == UInt8(ascii: "*") {
                place = blankBlock(text, from: place, count: count)
                continue
            }
            place += 1
        }
    }

    /// Blanks a comment between `/*` and `*/` but for its line feeds; one without an end stays, which is no
    /// JSON. Returns the place behind it.
    private static func blankBlock(_ text: UnsafeMutablePointer<UInt8>, from start: Int, count: Int) -> Int {
        var end = start + 2
        while end + 1 < count, text[end] != UInt8(ascii: "*") || text[end + 1] != UInt8(ascii: "/") {
            end += 1
        }
        if end + 1 >= count { return count }
        for place in start..<(end + 2) where text[place] != 10 { text[place] = 0x20 }
        return end + 2
    }
}
