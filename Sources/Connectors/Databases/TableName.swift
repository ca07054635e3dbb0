import Vocabulary

/// Names a table, with the schema, and the database, before it where they are given.
struct TableName: Hashable {
    var database: String?
    var schema: String?
    var name: String
    var isTemporary = false

    /// Reads `table` or `schema.table`, or `database.schema.table` where the database has such names. A part
    /// in double quotes is the name as it stands, with `""` for a quote in it; others are folded as the
    /// database folds them.
    init(_ text: String, of dialect: any DatabaseDialect) throws(EngineError) {
        guard let parts = TableName.parts(text, dialect), let last = parts.last,
            parts.count <= dialect.mostNameParts
        else {
            throw .user(
                "INVALID_OPTION", "This is no name of a table: \(text)",
                remedy: "Write table, or schema.table; in double quotes where capitals, dots or other signs "
                    + "belong to a name.")
        }
        name = last
        schema = parts.count > 1 ? parts[parts.count - 2] : nil
        database = parts.count > 2 ? parts[0] : nil
    }

    /// Returns the parts between the dots; nil where the text is no name.
    private static func parts(_ text: String, _ dialect: any DatabaseDialect) -> [String]? {
        var parts: [String] = []
        var rest = Substring(text)
        while true {
            var part = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while true {
                    guard let end = rest.firstIndex(of: "\"") else { return nil }
                    part += rest[..<end]
                    rest = rest[rest.index(after: end)...]
                    guard rest.first == "\"" else { break }
                    part += "\""
                    rest.removeFirst()
                }
            } else {
                let plain = rest.prefix { $0 != "." }
                if plain.contains(where: { $0.isWhitespace || "()'\";".contains($0) }) { return nil }
                part = dialect.folded(String(plain))
                rest = rest.dropFirst(plain.count)
            }
            if part.isEmpty || part.contains("\0") { return nil }
            parts.append(part)
            guard rest.first == "." else { return rest.isEmpty ? parts : nil }
            rest.removeFirst()
        }
    }

    private init(name: String) { self.name = name }

    /// A table of this connection alone.
    static func temporary(_ name: String) -> TableName {
        var table = TableName(name: name)
        table.isTemporary = true
        return table
    }

    /// A table beside this one.
    func sibling(_ name: String) -> TableName {
        var table = self
        (table.name, table.isTemporary) = (name, false)
        return table
    }

    var sql: String {
        [database, schema, name].compactMap { $0.map { DatabaseText.name($0) } }.joined(separator: ".")
    }
}
