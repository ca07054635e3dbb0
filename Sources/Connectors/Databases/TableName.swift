import Vocabulary

/// Names a table, with the schema before it where one is given.
struct TableName {
    var schema: String?
    var name: String
    var isTemporary = false

    /// Reads `table`, `schema.table`, parts in double quotes as they are, others as the database would.
    init(_ text: String) throws {
        var parts: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            if rest.first == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: "\"") else { break }
                parts.append(String(rest[rest.index(after: rest.startIndex)..<end]))
                rest = rest[rest.index(after: end)...]
            } else {
                let part = rest.prefix { $0 != "." }
                parts.append(part.lowercased())
                rest = rest.dropFirst(part.count)
            }
            if rest.first == "." { rest.removeFirst() } else if !rest.isEmpty { break }
        }
        let isGood =
            rest.isEmpty && (1...2).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && !$0.contains(where: { "()'; ".contains($0) }) }
        guard isGood, let last = parts.last else {
            throw EngineError.user(
                "INVALID_OPTION", "This is no name of a table: \(text)",
                remedy: "Write table, or schema.table; in double quotes where capitals or dots belong to it.")
        }
        schema = parts.count == 2 ? parts[0] : nil
        name = last
    }

    private init(schema: String?, name: String, isTemporary: Bool) {
        self.schema = schema
        self.name = name
        self.isTemporary = isTemporary
    }

    /// A table of this connection alone.
    static func temporary(_ name: String) -> TableName {
        TableName(schema: nil, name: name, isTemporary: true)
    }

    /// A table beside this one.
    func sibling(_ name: String) -> TableName { TableName(schema: schema, name: name, isTemporary: false) }

    var sql: String {
        (schema.map { DatabaseText.name($0) + "." } ?? "") + DatabaseText.name(name)
    }
}
