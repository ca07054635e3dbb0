import Columns
import Execution
import Formats
import Kernels
import Plans
import Synchronization
import Vocabulary

/// Reads one part of a table or query.
///
/// `@unchecked Sendable`: one thread reads; `cancel` only reaches the connection, which allows it.
final class DatabaseReader: SourceReader, @unchecked Sendable {
    private let connection: DatabaseConnection
    private let rows: QueryRows
    private let fields: [Field]
    private let zone: Zone
    private let name: String
    private var skipsFirst: Bool
    private var packing: RowPacking?

    init(_ request: SourceRequest, _ context: ConnectorContext) throws {
        let target = try DatabaseTarget(request.relation, context.secrets)
        let split = DatabaseSplit(request.split.payload)
        fields = request.fields
        name = request.relation.name
        zone = try Zone.named(context.settings.timeZone)
        connection = try DatabaseConnector.connect(target, context)
        if let snapshot = split.snapshot {
            try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            try connection.execute("SET TRANSACTION SNAPSHOT \(DatabaseText.literal(snapshot))")
            if let identity = split.identity { try target.dialect.hold(identity, target, connection) }
        }
        let dialect = target.dialect
        if let probe = try DatabaseProbe(target) {
            skipsFirst = false
            let names = fields.map { dialect.quoted($0.name) }.joined(separator: ", ")
            let query = try probe.query(target, connection)
            rows = try connection.query(
                "SELECT \(names.isEmpty ? "1" : names) FROM (\(query)) millrace_probe")
            return
        }
        let source = try target.relation()
        let known = try dialect.columns(
            connection, target, relation: source, zone: context.settings.timeZone)
        let columns = try fields.map { field in
            guard let column = known.first(where: { $0.name == field.name }) else {
                throw EngineError.user(
                    "UNRESOLVED_COLUMN", "The source \(request.relation.name) lost a column: \(field.name)",
                    remedy: "Run the job again.")
            }
            return column
        }
        let conditions =
            try [
                split.condition, IncrementalCondition(target, known)?.text ?? "",
            ].filter { !$0.isEmpty } + DatabaseReader.pushed(request, known, dialect)
        let first = dialect.firstRow(columns)
        skipsFirst = first != nil
        if conditions == [split.condition].filter({ !$0.isEmpty }), first == nil,
            let chunks = try dialect.chunks(columns, split.condition, target, connection)
        {
            packing = chunks.packing
            rows = try connection.query(chunks.sql, options: dialect.readOptions)
            return
        }
        packing = dialect.packing(columns)
        let list = DatabaseReader.list(columns, packing, dialect)
        let sql =
            (first ?? "") + "SELECT \(list.isEmpty ? "1" : list) FROM \(source)"
            + (conditions.isEmpty ? "" : " WHERE " + conditions.map { "(\($0))" }.joined(separator: " AND "))
        rows = try connection.query(sql, options: dialect.readOptions)
    }

    /// Returns the SELECT list: what is packed first, then the columns that are not.
    private static func list(
        _ columns: [SourceColumn], _ packing: RowPacking?, _ dialect: any DatabaseDialect
    ) -> String {
        let packed = Set(packing?.columns ?? [])
        let others = columns.indices.filter { !packed.contains($0) }.map {
            "\(columns[$0].expression) AS \(dialect.quoted(columns[$0].name))"
        }
        return ((packing.map { ["\($0.expression) AS millrace_row"] } ?? []) + others).joined(separator: ", ")
    }

    /// Returns the vectors of a batch in the order of the columns: packed ones come first.
    private func ordered(_ vectors: [Vector]) -> [Vector] {
        guard let packing else { return vectors }
        let packed = Set(packing.columns)
        let order = packing.columns + fields.indices.filter { !packed.contains($0) }
        return zip(order, vectors).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Returns the conditions that the database surely sees as Millrace does.
    private static func pushed(
        _ request: SourceRequest, _ known: [SourceColumn], _ dialect: any DatabaseDialect
    ) -> [String] {
        request.predicates.compactMap { predicate in
            let field = request.relation.schema[predicate.column]
            guard let column = known.first(where: { $0.name == field.name }), column.type == field.type,
                column.isPlain
            else { return nil }
            let name = dialect.quoted(column.name)
            let literals = predicate.values.compactMap { dialect.literal($0, field.type) }
            guard literals.count == predicate.values.count else { return nil }
            // The order of texts is the database's own; only equality is the same everywhere.
            if field.type == .string, ![.equal, .in, .isNull, .isNotNull].contains(predicate.operation) {
                return nil
            }
            switch predicate.operation {
            case .equal: return "\(name) = \(literals[0])"
            case .less: return "\(name) < \(literals[0])"
            case .lessOrEqual: return "\(name) <= \(literals[0])"
            case .greater: return "\(name) > \(literals[0])"
            case .greaterOrEqual: return "\(name) >= \(literals[0])"
            case .in: return "\(name) IN (\(literals.joined(separator: ", ")))"
            case .isNull: return "\(name) IS NULL"
            case .isNotNull: return "\(name) IS NOT NULL"
            }
        }
    }

    func next() throws -> Batch? {
        while var batch = try rows.next(packing?.record) {
            if skipsFirst {
                skipsFirst = false
                if batch.count == 1 { continue }
                batch = batch.sliced(from: 1, count: batch.count - 1)
            }
            if fields.isEmpty { return Batch(columns: [], count: batch.count) }
            var columns: [Vector] = []
            for (vector, field) in zip(ordered(batch.columns), fields) {
                columns.append(try cast(vector, to: field))
            }
            return Batch(columns: columns, count: batch.count)
        }
        return nil
    }

    private func cast(_ vector: Vector, to field: Field) throws -> Vector {
        do {
            return try Casting.cast(vector, to: field.type, mode: .error, zone: zone)
        } catch {
            throw EngineError.data(
                error.code,
                "A value of \(name).\(field.name) does not fit \(field.type.sqlName): \(error.message)",
                remedy: "Cast the column in the query, or look at the row.")
        }
    }

    func cancel() { connection.cancel() }
}
