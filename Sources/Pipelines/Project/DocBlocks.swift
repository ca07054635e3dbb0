/// Holds dbt's blocks of documentation, `{% docs name %} … {% enddocs %}` in Markdown files, by name.
struct DocBlocks {
    private var texts: [String: String] = [:]

    /// Adds the blocks of a file; what stands outside them is no documentation.
    mutating func add(_ text: String) {
        var open: (name: String, start: String.Index)?
        for tag in text.matches(of: /\{%-?\s*(?:docs\s+(\w+)|enddocs)\s*-?%\}/) {
            if let name = tag.1 {
                open = open ?? (String(name), tag.range.upperBound)
            } else if let block = open {
                let body = text[block.start..<tag.range.lowerBound].drop(while: \.isWhitespace)
                texts[block.name] = String(body.reversed().drop(while: \.isWhitespace).reversed())
                open = nil
            }
        }
    }

    /// Returns a description with the blocks that it names by `{{ doc('name') }}` in their places, and the
    /// names of those that are nowhere.
    func filled(_ description: String) -> (text: String, missing: [String]) {
        let call = /\{\{\s*doc\(\s*(?:['"]\w+['"]\s*,\s*)?['"](\w+)['"]\s*\)\s*\}\}/
        var missing: [String] = []
        let text = description.replacing(call) { match in
            if let text = texts[String(match.1)] { return text }
            missing.append(String(match.1))
            return String(match.0)
        }
        return (text, missing)
    }
}
