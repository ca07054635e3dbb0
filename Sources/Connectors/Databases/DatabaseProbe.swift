import Columns
import Vocabulary

/// Asks a database about itself instead of reading a table: what a relation's option `probe` says.
enum DatabaseProbe: String {
    /// Up to which transaction all have ended, and which columns are the table's primary key.
    case bound
    /// Which tables there are.
    case tables

    /// Stands between names of columns; in SQL it is the character of its code.
    static let separator = "\u{1F}"
    static let separatorCode = 31

    /// nil for a relation that reads a table or query. Throws for one that asks for something else.
    init?(_ target: DatabaseTarget) throws(EngineError) {
        guard let text = target.options["probe"] else { return nil }
        guard let probe = DatabaseProbe(rawValue: text) else {
            throw .user("INVALID_OPTION", "A database cannot be asked for: \(text)")
        }
        self = probe
    }

    var schema: Schema {
        switch self {
        case .bound: Schema([Field("bound", .string), Field("key", .string)])
        case .tables:
            Schema([
                Field("table_schema", .string), Field("table_name", .string), Field("table_counter", .string),
            ])
        }
    }

    func query(_ target: DatabaseTarget, _ connection: DatabaseConnection) throws -> String {
        switch self {
        case .bound: try target.dialect.boundQuery(target, connection)
        case .tables: try target.dialect.tablesQuery(CatalogPattern(target))
        }
    }
}

/// Says which tables of a database's catalog are meant, as Kafka Connect's JDBC source does.
struct CatalogPattern {
    /// Patterns of LIKE; nil for any.
    var catalog: String?
    var schema: String?
    /// Kinds in JDBC's words.
    var kinds: [String]

    init(_ target: DatabaseTarget) {
        catalog = target.options["catalog.pattern"]
        schema = target.options["schema.pattern"]
        kinds = (target.options["table.types"] ?? "TABLE").split(separator: ",").map(String.init)
    }

    /// Returns what the database calls the kinds, as a list of literals. Throws for a kind that it does not
    /// have.
    func kinds(in known: [(jdbc: String, own: String)]) throws(EngineError) -> String {
        var found: [String] = []
        for kind in kinds {
            guard let own = known.first(where: { $0.jdbc == kind })?.own else {
                let near = Suggestion.nearest(to: kind, among: known.map(\.jdbc))
                throw .user(
                    "INVALID_OPTION", "There are no tables of this kind: \(kind)",
                    remedy: near.map { "Did you mean \($0)?" }
                        ?? "Known are \(known.map(\.jdbc).joined(separator: ", ")).")
            }
            found.append(DatabaseText.literal(own))
        }
        return found.joined(separator: ", ")
    }
}
