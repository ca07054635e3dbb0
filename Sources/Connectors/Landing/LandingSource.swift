import Columns
import Execution
import Formats
import Kernels
import Plans
import Vocabulary

/// Is a source that is read as a whole, once, into landed rows.
protocol LandingSource: Sendable {
    /// Whether it may be read again within one try of a job: whether nothing but reading comes of it.
    var isRepeatable: Bool { get }
    /// Reads all rows into `rows` and returns what is to be known of the read. Blocks.
    func land(
        _ relation: ExternalRelation, into rows: LandedRows, _ context: ConnectorContext, _ wanted: Wanted
    ) throws(EngineError) -> [String: String]
}

/// Makes a provider of a landing source.
///
/// ```
///   describe: source ─▶ landed rows ─▶ schema; held for the job
///   open:     landed here? ─ yes ─▶ JSON reader
///                          └ no: another worker, or restarted ─▶ source again, schema must still hold;
///                            a program is not run again, the try fails
/// ```
/// The schema is known once all rows were seen: a sample of the first page would lose a column that comes
/// later only. A task that is tried again on the same worker reads the very same rows.
struct LandingProvider<Source: LandingSource>: SourceProvider {
    private let source: Source
    private let store = LandedStore()

    init(_ source: Source) { self.source = source }

    func describe(_ relation: ExternalRelation, _ context: ConnectorContext) throws -> ExternalRelation {
        let rows = try LandedRows(relation.name, directory: context.spillDirectory)
        let notes = try source.land(relation, into: rows, context, Wanted { context.isCancelled })
        try rows.finish()
        var described = relation
        described.notes = notes
        if relation.schema.fields.isEmpty {
            described.schema = try rows.schema(try Zone.named(context.settings.timeZone))
            described.notes["inferred"] = "true"
        }
        described.splits = [
            ExternalSplit(payload: store.keep(rows, context), byteCount: max(1, rows.byteCount))
        ]
        if rows.rowCount > 0 { described.rowCount = rows.rowCount }
        return described
    }

    func open(_ request: SourceRequest, _ context: ConnectorContext) throws -> any SourceReader {
        let zone = try Zone.named(context.settings.timeZone)
        let fields = Schema(request.fields)
        let landed = store.rows(request.split.payload)
        let relation = request.relation
        let source = source
        return LandedReader(isCancelled: { context.isCancelled }) {
            wanted, count throws(EngineError) -> (JSONReader, LandedRows) in
            if let landed { return (try landed.open(fields, zone, count), landed) }
            guard source.isRepeatable else {
                throw .system(
                    "SOURCE_ROWS_LOST",
                    "The rows are lost with the worker that they were on, and the program is not run twice "
                        + "in one try: \(relation.name)",
                    remedy: "Run the job again. In a pipeline default_args: {retries: 1} does.")
            }
            let rows = try LandedRows(relation.name, directory: context.spillDirectory)
            _ = try source.land(relation, into: rows, context, wanted)
            try rows.finish()
            if relation.notes["inferred"] != nil, rows.byteCount > 0 {
                try LandedSchema.check(try rows.schema(zone), fits: relation.schema, relation.name)
            }
            return (try rows.open(fields, zone, count), rows)
        }
    }
}
