import Columns
import Vocabulary

/// Knows how one kind of database takes rows. Every statement runs inside the load's transaction.
protocol LoadDialect: Sendable {
    /// Makes the table of load ids, before the transaction.
    func prepareLoads(_ connection: DatabaseConnection, _ table: TableName) throws
    /// Takes a load's id for this transaction; returns the rows of an earlier load of that id, if there was
    /// one.
    func claim(_ id: String, _ connection: DatabaseConnection, _ table: TableName) throws -> String?
    /// Returns a table's columns, none when there is no such table.
    func columns(of table: TableName, _ connection: DatabaseConnection) throws -> [TargetColumn]
    /// A table of this connection that rows of types the driver sends go to first.
    func createAside(_ table: TableName, _ fields: [Field]) throws -> String
    func typeName(of type: DataType, _ column: String) throws -> String
    /// Makes an empty table like another, with its constraints.
    func makeLike(_ new: TableName, _ old: TableName, _ connection: DatabaseConnection) throws
    /// Makes an empty table of this connection with some of another's columns, without its constraints.
    func makeAside(
        _ new: TableName, like old: TableName, _ columns: [String], _ connection: DatabaseConnection
    ) throws
    /// Whether a table must stay when its rows are replaced: another in its place would lose something.
    func keepsPlace(_ table: TableName, _ connection: DatabaseConnection) throws -> Bool
    /// Statements that put rows from aside in the place of all rows of a table.
    func replace(
        _ table: TableName, by aside: TableName, _ columns: [String], _ connection: DatabaseConnection
    ) throws -> [String]
    /// Puts a table in another's place.
    func swap(_ new: TableName, for old: TableName, _ connection: DatabaseConnection) throws
    /// Statements that bring rows from aside into a table by key, of which each is there once.
    func merge(
        _ aside: TableName, into table: TableName, _ columns: [String], _ keys: [String],
        _ connection: DatabaseConnection
    ) throws -> [String]
    /// Says in which type a column is sent, and to what the database then casts it, where it must.
    func sending(_ type: DataType, to column: TargetColumn) -> (type: DataType, cast: String?)
    func ingestOptions(_ table: TableName) -> [(name: String, value: String)]
}

/// Describes a column that rows go to.
struct TargetColumn {
    var name: String
    /// The database's name of its type: `int4`, `varchar`.
    var type: String
    /// As a cast writes it: `character varying(20)`.
    var declaration: String
}

extension LoadDialect {
    func keepsPlace(_ table: TableName, _ connection: DatabaseConnection) throws -> Bool { false }

    func replace(
        _ table: TableName, by aside: TableName, _ columns: [String], _ connection: DatabaseConnection
    ) throws -> [String] {
        [
            "DELETE FROM \(table.sql)",
            "INSERT INTO \(table.sql) (\(list(columns))) SELECT \(list(columns)) FROM \(aside.sql)",
        ]
    }

    /// The table that notes loads, beside the target.
    func loads(_ table: TableName) -> TableName { table.sibling("_millrace_loads") }

    /// Notes how many rows the load of an id had.
    func note(_ rows: Int, of id: String, _ connection: DatabaseConnection, _ table: TableName) throws {
        try connection.execute(
            "UPDATE \(loads(table).sql) SET rows = \(rows) WHERE load_id = \(DatabaseText.literal(id))")
    }

    /// Returns the statement that makes a table for rows, with a primary key where there are keys.
    func create(_ table: TableName, _ schema: Schema, keys: [String]) throws -> String {
        let key = keys.isEmpty ? "" : ", PRIMARY KEY (\(list(keys)))"
        return "CREATE TABLE \(table.sql) (\(try declarations(schema.fields))\(key))"
    }

    /// Names and types of columns, as CREATE TABLE lists them.
    func declarations(_ fields: [Field]) throws -> String {
        try fields.map { "\(DatabaseText.name($0.name)) \(try typeName(of: $0.type, $0.name))" }
            .joined(separator: ", ")
    }

    func list(_ names: [String]) -> String {
        names.map { DatabaseText.name($0) }.joined(separator: ", ")
    }
}
