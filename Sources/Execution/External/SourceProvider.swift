import Columns
import Formats
import Plans
import Vocabulary

/// Gives the rows of one kind of source. Files are the first source, built into the scan operator;
/// `Connectors` registers the others on workers. Thread-safe.
///
/// All calls may block: they are made on threads of their own, never on a compute thread.
package protocol SourceProvider: Sendable {
    /// Returns the relation with its schema, unless it has one, and its splits: at least one, each of which
    /// one task reads. Throws `user` errors for options that are wrong, `system` errors for what may pass.
    func describe(_ relation: ExternalRelation, _ context: ConnectorContext) throws -> ExternalRelation
    /// Opens one split.
    func open(_ request: SourceRequest, _ context: ConnectorContext) throws -> any SourceReader
}

/// Says what a task wants of a source.
package struct SourceRequest: Sendable {
    package var relation: ExternalRelation
    package var split: ExternalSplit
    /// Positions in `relation.schema` of the columns to give, in order.
    package var columns: [Int]
    /// Conditions that hold for every row that is wanted (columns are positions in `relation.schema`). A
    /// source may use those that it is sure of to give fewer rows; all are applied again to what it gives.
    package var predicates: [ColumnPredicate]

    /// The fields to give, in order.
    package var fields: [Field] { columns.map { relation.schema[$0] } }
}

/// Gives the rows of one split. `next` is called by one thread; `cancel` by any.
package protocol SourceReader: AnyObject, Sendable {
    /// Returns the next batch of the requested columns, of the schema's types; never an empty one; nil at the
    /// end. May block.
    func next() throws -> Batch?
    /// Bytes that were read so far of where the rows lie; nil where their batches are all that can be
    /// measured.
    var bytesRead: Int? { get }
    /// Makes a `next` that waits return or throw soon. Nothing is asked of the reader afterwards.
    func cancel()
}

extension SourceReader {
    package var bytesRead: Int? { nil }
}

/// Takes rows of one kind of target. Files are built into the file sink; `Connectors` registers the others on
/// workers. Thread-safe; may block as a source may.
package protocol SinkProvider: Sendable {
    /// Takes all rows, which are of `target.schema`, makes them visible at once, and returns what is to be
    /// known of it (`rows`: how many; `copied`: how many more the target took from elsewhere; `log`: lines
    /// for the job's log). Nothing is visible when it throws. A load whose `context.loadID` was taken before
    /// changes nothing.
    func load(
        _ rows: RowQueue, into target: ExternalRelation, _ context: ConnectorContext
    ) throws -> [String: String]
}

/// Holds a worker's connectors, by what SQL writes after USING.
package struct ConnectorRegistry: Sendable {
    private let sources: [ExternalSource: any SourceProvider]
    private let sinks: [ExternalSource: any SinkProvider]

    package init(
        sources: [ExternalSource: any SourceProvider] = [:], sinks: [ExternalSource: any SinkProvider] = [:]
    ) {
        self.sources = sources
        self.sinks = sinks
    }

    /// Returns the provider of a source. Throws `UNSUPPORTED_FEATURE` where this worker has none.
    func source(_ name: ExternalSource) throws(EngineError) -> any SourceProvider {
        if let found = sources[name] { return found }
        throw .user("UNSUPPORTED_FEATURE", "This worker cannot read from: \(name.rawValue)")
    }

    /// Returns the provider of a target. Throws `UNSUPPORTED_FEATURE` where this worker has none.
    func sink(_ name: ExternalSource) throws(EngineError) -> any SinkProvider {
        if let found = sinks[name] { return found }
        throw .user("UNSUPPORTED_FEATURE", "Rows cannot be written to: \(name.rawValue)")
    }
}

/// Carries what a connector needs of the task that calls it.
package struct ConnectorContext: Sendable {
    /// The job's id as users know it.
    package let jobID: String
    /// Names the load of this statement: the same in every try of it.
    package let loadID: String
    package let settings: SessionSettings
    package let secrets: SecretResolver
    /// Reads and creates files within the paths that are allowed.
    package let files: any FileAccess
    /// Directory for what does not fit in memory.
    package let spillDirectory: String
    private let attempt: AttemptID
    private let holds: JobHolds
    private let cancelled: @Sendable () -> Bool

    init(_ context: TaskContext) {
        let stage = context.attempt.task.stage
        jobID = context.jobID
        loadID = "\(context.jobID)-\(stage.statement)"
        settings = context.settings
        secrets = context.resources.secrets
        files = context.resources.files
        spillDirectory = context.resources.spillDirectory
        attempt = context.attempt
        holds = context.resources.holds
        cancelled = { context.isCancelled }
    }

    /// Whether the task is to stop.
    package var isCancelled: Bool { cancelled() }

    /// Keeps an object, such as a connection that holds a snapshot, until the job ends.
    package func holdForJob(_ object: any AnyObject & Sendable) { holds.add(object, for: attempt) }
}
