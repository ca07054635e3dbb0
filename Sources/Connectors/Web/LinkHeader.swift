/// Reads the header Link (RFC 8288).
enum LinkHeader {
    /// Returns the target of the first link with the relation; nil when there is none.
    static func target(_ header: String, relation: String) -> String? {
        var rest = Substring(header)
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return nil }
            let target = rest[rest.index(after: start)..<end]
            // Parameters go on to the comma that begins the next link.
            var isQuoted = false
            var at = rest.index(after: end)
            let from = at
            while at < rest.endIndex, isQuoted || rest[at] != "," {
                if rest[at] == "\"" { isQuoted.toggle() }
                at = rest.index(after: at)
            }
            if hasRelation(rest[from..<at], relation) { return String(target) }
            rest = rest[at...]
        }
        return nil
    }

    private static func hasRelation(_ parameters: Substring, _ relation: String) -> Bool {
        for parameter in parameters.split(separator: ";") {
            let parts = parameter.split(separator: "=", maxSplits: 1).map {
                $0.filter { !$0.isWhitespace || $0 == " " }
            }
            guard parts.count == 2, parts[0].filter({ $0 != " " }).lowercased() == "rel" else { continue }
            let names = parts[1].filter { $0 != "\"" }.split(separator: " ")
            if names.contains(where: { $0.lowercased() == relation.lowercased() }) { return true }
        }
        return false
    }
}
