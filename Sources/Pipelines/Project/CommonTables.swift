/// Finds the names of common table expressions. One hides the view of the same name.
enum CommonTables {
    /// Says whether a query has a common table expression of the name of a view that it names plainly.
    static func hide(_ relations: [Relation], in query: String) -> Bool {
        let views = Set(relations.filter { !$0.isGlobal }.map { $0.view.lowercased() })
        if views.isEmpty || !query.lowercased().contains("with") { return false }
        return !views.isDisjoint(with: names(in: query))
    }

    /// Returns the names in lower case: those after WITH or a comma that have a query in brackets. A function
    /// after a comma looks the same; that a view is named apart for it does no harm.
    private static func names(in query: String) -> Set<String> {
        let words = words(of: query)
        let openers: Set = ["with", "recursive", ","]
        var found = Set<String>()
        for place in words.indices.dropFirst() where openers.contains(words[place - 1]) {
            let next = words[(place + 1)...].prefix(2)
            if next.first == "(" || next.first == "max" || next.elementsEqual(["as", "("]) {
                found.insert(words[place])
            }
        }
        return found
    }

    /// Returns names and words in lower case and all other signs, without comments; texts are empty.
    private static func words(of query: String) -> [String] {
        let bytes = Array(query.utf8)
        var words: [String] = []
        var at = 0
        func isLetter(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
                || byte >= 128
        }
        func text(_ range: Range<Int>) -> String {
            String(decoding: bytes[range], as: UTF8.self).lowercased()
        }
        while at < bytes.count {
            let (start, byte) = (at, bytes[at])
            let next = at + 1 < bytes.count ? bytes[at + 1] : 0
            at += 1
            if byte == UInt8(ascii: "-"), next == byte {
                while at < bytes.count, bytes[at] != 10 { at += 1 }
            } else if byte == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
                at += 2
                while at < bytes.count, bytes[at] != UInt8(ascii: "/") || bytes[at - 1] != UInt8(ascii: "*") {
                    at += 1
                }
                at += 1
            } else if "'\"`".utf8.contains(byte) {
                let end = min(SQLText.closing(bytes, start), bytes.count)
                words.append(byte == UInt8(ascii: "`") ? text(start + 1..<end) : "")
                at = end + 1
            } else if isLetter(byte) {
                while at < bytes.count, isLetter(bytes[at]) { at += 1 }
                words.append(text(start..<at))
            } else if byte > 32 {
                words.append(text(start..<at))
            }
        }
        return words
    }
}
