import CADBC
import Execution
import Vocabulary

/// Says in Millrace's words what a database said in its own.
enum DatabaseFailure {
    static let cancelled = EngineError.system("TASK_CANCELLED", "The task was cancelled")

    /// Longest text of a database that is passed on, characters.
    private static let textLimit = 600

    /// Returns the error for a connection that was not made.
    static func connecting(
        _ error: cadbc_error, _ target: DatabaseTarget, _ secrets: SecretResolver
    ) -> EngineError {
        let text = reason(error, secrets)
        let lowered = text.lowercased()
        if error.status == -1 {
            return .user(
                "DRIVER_NOT_FOUND", "The driver of \(target.dialect.title) cannot be opened: \(text)",
                remedy: "Unpack the Python package adbc-driver-\(target.dialect.driver) again.")
        }
        let place = "\(target.dialect.title) at \(target.place)"
        let unreachable = EngineError.system(
            "DATABASE_UNREACHABLE", "\(place) cannot be reached: \(text)",
            remedy: "Check that the server runs, and that host and port are right.")
        // A name server that is away for a moment says no more than this.
        if lowered.contains("could not translate host name") { return unreachable }
        if ["password", "authentication", "no pg_hba", "role \"", "incorrect username"].contains(
            where: lowered.contains)
        {
            return .user(
                "DATABASE_LOGIN", "\(place) refuses the user or password: \(text)",
                remedy: "Check the connection's user and password, and the variables that they come from.")
        }
        if lowered.contains("does not exist") || lowered.contains("unable to open database") {
            return notFound("\(place) has no such database: \(text)", target)
        }
        // Names of hosts and databases, which stand in quotes, may hold any word.
        if lowered.replacing(/"[^"]*"/, with: "").contains("invalid") || lowered.contains("missing \"=\"") {
            return .user(
                "INVALID_OPTION", "The address of the database is not understood: \(text)",
                remedy: "Write it as \(target.dialect.addressForm).")
        }
        return unreachable
    }

    /// Returns the error for a statement that failed.
    static func running(
        _ error: cadbc_error, _ target: DatabaseTarget, _ secrets: SecretResolver
    ) -> EngineError {
        let text = "\(target.dialect.title): \(reason(error, secrets))"
        let state = self.state(error)
        if let match = text.firstMatch(of: /: "(\d) dimensions has an array of ("(?:[^"]|"")*")"/) {
            return .user(
                "UNSUPPORTED_FEATURE",
                "The column \(match.2) has an array of \(match.1) dimensions, which is no array of Spark's",
                remedy:
                    "Read it as text by a query: to_json(\(match.2))::text AS …; from_json takes it apart.")
        }
        switch state {
        case "3D000": return notFound(text, target)
        case "42P01", "42S02", "3F000", "02000": return .user("TABLE_OR_VIEW_NOT_FOUND", text, remedy: table)
        case "42703": return .user("UNRESOLVED_COLUMN", text, remedy: column)
        case "42501":
            return .user(
                "PERMISSION_DENIED", text,
                remedy: "Grant it to the user of the connection, or name another user there.")
        case "25006":
            return .user("TARGET_READ_ONLY", text, remedy: "Choose a target that can be written to.")
        default: break
        }
        switch state.prefix(2) {
        case "22":
            return .data(
                "DATABASE_DATA", text,
                remedy: "Cast the value in a query to what the database's column takes.")
        case "23": return .data("CONSTRAINT_VIOLATION", text, remedy: constraint)
        case "08", "40", "53", "57", "58": return .system("DATABASE_UNREACHABLE", text, remedy: later)
        default: break
        }
        let lowered = text.lowercased()
        if lowered.contains("no such table") {
            return .user("TABLE_OR_VIEW_NOT_FOUND", text, remedy: table)
        }
        if lowered.contains("no such column") { return .user("UNRESOLVED_COLUMN", text, remedy: column) }
        if lowered.contains("readonly database") || lowered.contains("read-only") {
            return .user("TARGET_READ_ONLY", text, remedy: "Choose a target that can be written to.")
        }
        if lowered.contains("constraint failed") {
            return .data("CONSTRAINT_VIOLATION", text, remedy: constraint)
        }
        if lowered.contains("database is locked") || lowered.contains("connection to server was lost")
            || lowered.contains("server closed the connection") || lowered.contains("terminating connection")
        {
            return .system("DATABASE_UNREACHABLE", text, remedy: later)
        }
        return .user("DATABASE_ERROR", text)
    }

    // What to do about it.
    private static let table =
        "Check the table's name, with its schema as in schema.table, and that the user may see it."
    private static let column = "Check the columns that the query, the cursor and the keys name."
    private static let constraint =
        "Test the rows for it before they are loaded, or use write_disposition: merge, which replaces rows of "
        + "the same primary_key."
    private static let later =
        "Look at the database's own log, or try later: default_args.retries does so by itself."

    private static func notFound(_ text: String, _ target: DatabaseTarget) -> EngineError {
        let remedy =
            target.dialect.title == "SQLite"
            ? "Check the path: its directory must be there, and readable by the worker."
            : "Check the database's name in the connection, or create it first."
        return .user("DATABASE_NOT_FOUND", text, remedy: remedy)
    }

    private static func state(_ error: cadbc_error) -> String {
        let given = withUnsafeBytes(of: error.sqlstate) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !given.isEmpty { return given }
        // Streams tell their state in the text only.
        let message = text(error)
        guard let match = message.firstMatch(of: /SQLSTATE: ([0-9A-Z]{5})/) else { return "" }
        return String(match.1)
    }

    private static func text(_ error: cadbc_error) -> String {
        withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The database's own sentence, without the driver's words around it and the query after it.
    private static func reason(_ error: cadbc_error, _ secrets: SecretResolver) -> String {
        // Before anything is cut: half of a secret would not be found.
        var message = secrets.redacted(text(error))
        // Snowflake's driver says its own and the service's number of an error, each twice.
        if let head = message.prefixMatch(of: /\[Snowflake\] (\d{6} \(\w{5}\): )*/) {
            message.removeSubrange(head.range)
        }
        if let start = message.firstRange(of: "ERROR:") { message = String(message[start.upperBound...]) }
        if let start = message.firstRange(of: "FATAL:") { message = String(message[start.upperBound...]) }
        for end in ["\nLINE ", "\nCONTEXT:", "\nQuery was", ". SQLSTATE:", "\nQuery:", ". Vendor code:"] {
            if let cut = message.firstRange(of: end) { message = String(message[..<cut.lowerBound]) }
        }
        let line = message.split(whereSeparator: \.isNewline).map { $0.trimmed }.joined(separator: " ")
        return String(line.prefix(textLimit))
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var part = self
        while part.first?.isWhitespace == true { part.removeFirst() }
        while part.last?.isWhitespace == true { part.removeLast() }
        return String(part)
    }
}
