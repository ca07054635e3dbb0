import Columns
import Execution
import Formats
import Plans
import Vocabulary

/// Knows how one kind of database speaks.
protocol DatabaseDialect: Sendable {
    /// The end of the driver's name: `postgresql`.
    var driver: String { get }
    /// Whether connections of one job share the driver's handle of the database.
    var sharesHandles: Bool { get }
    /// For messages.
    var title: String { get }
    /// What an address looks like, for messages.
    var addressForm: String { get }
    /// Options that it knows beyond those of every database.
    var options: Set<String> { get }
    /// Returns the address with which the driver connects. Throws for one that cannot be understood.
    func address(
        _ address: String, user: String?, password: String?, session: DriverSession
    ) throws(EngineError) -> String
    func quoted(_ name: String) -> String
    /// Returns a name that was written without quotes as the database understands it.
    func folded(_ name: String) -> String
    /// Most parts of a table's name.
    var mostNameParts: Int { get }
    /// Returns a text as a literal.
    func literal(_ text: String) -> String
    /// Statements that make a new connection read as the session wants.
    func settings(zone: String) -> [String]
    /// Returns the columns of what stands after FROM.
    func columns(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String, zone: String
    ) throws -> [SourceColumn]
    /// Returns the parts to read, and what must stay open until all have been read.
    func parts(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String
    ) throws -> SourceParts
    /// Keeps the table of a part from being replaced until the part is read. Throws where it was replaced
    /// since its parts were made.
    func hold(_ identity: String, _ target: DatabaseTarget, _ connection: DatabaseConnection) throws
    /// Returns a literal of a condition, or nil where the database might see it differently.
    func literal(_ value: Scalar, _ type: DataType) -> String?
    /// Options of statements that read rows.
    var readOptions: [(name: String, value: String)] { get }
    /// Returns how several columns travel as one; nil where each is asked for by itself.
    func packing(_ columns: [SourceColumn]) -> RowPacking?
    /// Returns how all rows of a part travel, many as one value; nil where they come one by one. `condition`
    /// picks the part.
    func chunks(
        _ columns: [SourceColumn], _ condition: String, _ target: DatabaseTarget,
        _ connection: DatabaseConnection
    ) throws -> ChunkedRows?
    /// Text that is put before a SELECT, with one row that is not the table's; see `SQLiteDialect`.
    func firstRow(_ columns: [SourceColumn]) -> String?
    /// Returns a column of a cursor as it is compared: as Millrace, which finds the greatest, orders it.
    func cursor(_ column: SourceColumn) -> String
    /// Returns a value of a cursor, kept as text, as it is compared with the column.
    func cursorLiteral(_ text: String, _ column: SourceColumn) -> String
    /// The database's time some milliseconds ago, as an expression.
    func now(minusMilliseconds: Int) -> String
    /// Condition that a row's transaction had ended at a bound, with all older ones; nil where there is no
    /// such thing.
    func hasEnded(by bound: String) -> String?
    /// Condition that it had not ended at an earlier bound.
    func wasOpen(at earlier: String, now bound: String) -> String?
    /// A query with one row: the bound up to which all transactions have ended, and the columns of the
    /// table's primary key between characters `DatabaseProbe.separator`; each as text or null.
    func boundQuery(_ target: DatabaseTarget, _ connection: DatabaseConnection) throws -> String
    /// A query of the tables that a pattern means: columns `table_schema` (null where names have none),
    /// `table_name`, in their order, and `table_counter`: the table's first column that counts up by itself,
    /// empty where there is none. Throws for kinds of tables that it does not have.
    func tablesQuery(_ pattern: CatalogPattern) throws -> String
    /// How loads are done.
    var loading: any TableLoading { get }
}

extension DatabaseDialect {
    var options: Set<String> { [] }
    var sharesHandles: Bool { false }
    func quoted(_ name: String) -> String { DatabaseText.name(name) }
    func folded(_ name: String) -> String { name.lowercased() }
    var mostNameParts: Int { 2 }
    func literal(_ text: String) -> String { DatabaseText.literal(text) }
    func cursor(_ column: SourceColumn) -> String { quoted(column.name) }
    func cursorLiteral(_ text: String, _ column: SourceColumn) -> String { literal(text) }
    func packing(_ columns: [SourceColumn]) -> RowPacking? { nil }
    func chunks(
        _ columns: [SourceColumn], _ condition: String, _ target: DatabaseTarget,
        _ connection: DatabaseConnection
    ) throws -> ChunkedRows? { nil }
    func hold(_ identity: String, _ target: DatabaseTarget, _ connection: DatabaseConnection) throws {}
    func hasEnded(by bound: String) -> String? { nil }
    func wasOpen(at earlier: String, now bound: String) -> String? { nil }
}

/// Holds what a connection is to be like, for drivers that take it with the address.
struct DriverSession: Sendable {
    /// Time zone in which the database shows instants.
    var zone = "UTC"
    /// Directory for the driver's own temporary files, nil for the system's.
    var scratch: String?
}

/// Describes one column of a source.
struct SourceColumn: Sendable {
    var name: String
    var type: DataType
    /// What stands in the SELECT list for it.
    var expression: String
    /// Whether the database compares it as Millrace does, so that it may filter.
    var isPlain: Bool
    /// Type of its placeholder where the driver infers types from the first row.
    var storage = "text"
    /// The form in which its values come where several columns are packed into one; nil for those that are
    /// not.
    var form: PostgresForm?
}

/// Says how several columns travel as one: what stands first in the SELECT list, and what it holds.
struct RowPacking {
    var expression: String
    /// Which columns it holds, in the order of the row.
    var columns: [Int]
    var record: PostgresRecord
}

/// A statement that gives many rows as one value, and how they are packed.
struct ChunkedRows {
    var sql: String
    var packing: RowPacking
}

/// The parts of a source, each with the condition that picks its rows (empty for all).
struct SourceParts {
    var conditions: [String]
    var byteCount: Int?
    var rowCount: Int?
    /// A snapshot that all parts are to be read from, and the connection that keeps it.
    var snapshot: String?
    var holder: DatabaseConnection?
    /// Names the table that the snapshot sees; nil where that cannot be told.
    var identity: String?
}

/// Cuts a range of a column as Spark does.
enum ColumnParts {
    /// Parts where nobody says how many, and most of them.
    static let usualCount = 4
    static let mostCount = 1024
    /// Bounds beyond lie in the outermost parts, which are open.
    private static let greatest = Int128.max / 4

    /// Returns conditions of `count` parts; the first has the nulls too. `literal` writes a bound.
    static func conditions(
        _ column: String, from lower: Int128, through upper: Int128, count: Int, literal: (Int128) -> String
    ) -> [String] {
        let lower = max(-greatest, min(greatest, lower))
        let span = max(0, min(greatest, upper) + 1 - lower)
        let count = max(1, min(count, Int(clamping: span)))
        if count == 1 { return [""] }
        let (width, rest) = span.quotientAndRemainder(dividingBy: Int128(count))
        let bounds = (1..<count).map { part in
            literal(lower + width * Int128(part) + rest * Int128(part) / Int128(count))
        }
        return (0..<count).map { part in
            if part == 0 { return "(\(column) < \(bounds[0]) OR \(column) IS NULL)" }
            if part == count - 1 { return "\(column) >= \(bounds[part - 1])" }
            return "\(column) >= \(bounds[part - 1]) AND \(column) < \(bounds[part])"
        }
    }
}

/// Writes text into SQL.
enum DatabaseText {
    static func literal(_ text: String) -> String { "'" + text.doubling("'") + "'" }
    static func name(_ text: String) -> String { "\"" + text.doubling("\"") + "\"" }
}
