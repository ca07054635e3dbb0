import Execution
import Plans
import Storage
import Vocabulary

/// Holds the options of a relation in a database, checked.
struct DatabaseTarget: Sendable {
    let dialect: any DatabaseDialect
    let options: [String: String]
    /// Server and database as messages name it: without user and secrets.
    let place: String
    private let address: String

    /// Options of every database; Spark's names where Spark has them.
    private static let known: Set = [
        "url", "uri", "user", "password", "driver", "dbtable", "query", "partitioncolumn", "lowerbound",
        "upperbound", "numpartitions", "fetchsize", "batchsize", "prefertimestampntz", "numericmapping",
        "sessioninitstatement", "mode", "loadid", "primarykey", "probe", "incremental.column",
        "incremental.after", "incremental.initial", "incremental.range", "incremental.missing",
        "incremental.ties", "incremental.delay", "incremental.id.column", "incremental.bound",
        "incremental.bound.after", "catalog.pattern", "schema.pattern", "table.types",
    ]

    /// Throws `user` errors for options that are unknown, missing or do not go together.
    init(_ relation: ExternalRelation, _ secrets: SecretResolver) throws(EngineError) {
        options = relation.options
        guard let text = options["url"] ?? options["uri"] else {
            throw .user(
                "INVALID_OPTION", "A database needs its url: \(relation.name)",
                remedy: "Add url 'jdbc:postgresql://host/database', or url 'env:NAME'.")
        }
        var resolved = try secrets.resolve(text)
        if resolved.hasPrefix("jdbc:") { resolved.removeFirst(5) }
        if let match = resolved.firstMatch(of: /:\/\/[^\/@:]*:([^@\/]+)@/) { secrets.note(String(match.1)) }
        if let match = resolved.firstMatch(of: /[?&; ]password=([^&; ]+)/) { secrets.note(String(match.1)) }
        address = resolved
        let scheme = resolved.prefix { $0 != ":" }.lowercased()
        switch scheme {
        case "postgresql", "postgres": dialect = PostgresDialect()
        case "sqlite", "file": dialect = SQLiteDialect()
        case "snowflake": dialect = SnowflakeDialect()
        default:
            throw .user(
                "INVALID_OPTION", "There is no driver for databases of this kind: \(scheme)",
                remedy: "Known are postgresql, sqlite and snowflake.")
        }
        place = DatabaseTarget.place(resolved)
        try checkNames()
    }

    /// Throws for an option that this kind of database does not have.
    private func checkNames() throws(EngineError) {
        let known = DatabaseTarget.known.union(dialect.options)
        for name in options.keys.sorted() where !known.contains(name) {
            // A file format's own options are the database's to know.
            if name.hasPrefix(SnowflakeCopy.formatPrefix), dialect is SnowflakeDialect { continue }
            let near = Suggestion.nearest(to: name, among: known.sorted())
            throw .user(
                "INVALID_OPTION", "The source jdbc has no option of this name for \(dialect.title): \(name)",
                remedy: near.map { "Did you mean \($0)?" })
        }
    }

    private static func place(_ address: String) -> String {
        var rest = Substring(address)
        if let start = rest.firstRange(of: "://") { rest = rest[start.upperBound...] }
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        return String(rest.prefix { $0 != "?" })
    }

    /// Checks that a database in a file lies where jobs may read and write, and is there when it must be.
    func checkFile(_ context: ConnectorContext, mayCreate: Bool) throws(EngineError) {
        guard dialect.driver == "sqlite" else { return }
        // ATTACH would open files that nobody has looked at.
        if let statement = options["sessioninitstatement"],
            statement.contains(";") || !statement.lowercased().hasPrefix("pragma ")
        {
            throw .user("INVALID_OPTION", "SQLite takes one PRAGMA as sessionInitStatement, nothing else")
        }
        var path = Substring(
            try dialect.address(address, user: nil, password: nil, session: DriverSession()))
        if path.hasPrefix("file:") {
            path = path.dropFirst(5).prefix { $0 != "?" }
            // What SQLite reads otherwise than it stands there: escapes, a fragment, a host.
            let hasHost = path.hasPrefix("//") && !path.hasPrefix("///")
            if hasHost || path.contains(where: { "%#".contains($0) }) {
                throw .user(
                    "INVALID_OPTION", "The address of an SQLite file must hold its path as it is",
                    remedy: "Write it as sqlite:path.")
            }
        }
        if path == ":memory:" || path.isEmpty { return }
        do throws(EngineError) { _ = try context.files.open(String(path)) } catch {
            if error.code == "PATH_NOT_FOUND", mayCreate { return }
            throw error
        }
    }

    /// What the driver is told to connect with.
    func connectionOptions(
        _ secrets: SecretResolver, _ session: DriverSession
    ) throws(EngineError) -> [(String, String)] {
        var user: String?
        var password: String?
        if let text = options["user"] { user = try secrets.resolve(text) }
        if let text = options["password"] {
            let value = try secrets.resolve(text)
            secrets.note(value)
            // As it stands in the address, which the driver may show.
            secrets.note(WebAddress.encoded(value))
            password = value
        }
        let uri = try dialect.address(address, user: user, password: password, session: session)
        return [("uri", uri)]
    }

    /// Parses an option as a whole number.
    func number(_ name: String, atLeast least: Int) throws(EngineError) -> Int? {
        guard let text = options[name] else { return nil }
        guard let number = Int(text), number >= least else {
            throw .user("INVALID_OPTION", "\(name) is a whole number from \(least) on: \(text)")
        }
        return number
    }

    /// What stands after FROM: the table, or the query in brackets.
    func relation() throws(EngineError) -> String {
        switch (options["dbtable"], options["query"]) {
        case (let table?, nil): return table
        case (nil, let query?):
            var text = Substring(query)
            while let last = text.last, last.isWhitespace || last == ";" { text.removeLast() }
            return "(\(text)) millrace_source"
        default:
            throw .user(
                "INVALID_OPTION", "A database needs either dbtable or query",
                remedy: "Add dbtable 'schema.table', or query 'SELECT …'.")
        }
    }
}
