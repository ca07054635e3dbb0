import Protocol
import Scheduling
import Vocabulary

/// Names one record of the log. Records are written in order and are durable together with all before them.
package enum LogRecord: Sendable {
    case fact(Fact)
    /// The submission of a job, as JSON; written before the fact that accepts it.
    case submission(externalID: String, [UInt8])
    /// The stage graph of a statement, as `PlanCodec` writes it; written before the fact that it was planned.
    case plan(JobID, statement: UInt32, [UInt8])
    /// A fact about a pipeline or a run of one, as JSON.
    case pipeline([UInt8])
    /// Changes of the metastore, as JSON; written with the fact that their statement was committed.
    case catalog([UInt8])
    /// A line of a job's log for its users; written with the facts that it tells of.
    case note(JobID, LogLine)
    /// What the tokens of jobs are made with; the first record of its log.
    case tokenKey([UInt8])
    /// The bytes of a task's rows of a job's result; written with the fact that the task is done, and never
    /// loaded with the others.
    case result(CarriedOutput)
    /// Nobody will ask for a job's rows any more: their bytes go.
    case resultsDropped(JobID)
    /// History has no place for an ended job: all records of it go.
    case jobForgotten(JobID, externalID: String)
    /// Nor for a run of a pipeline.
    case runForgotten(String)
    /// Nothing names a life of a worker any more: the facts about it go.
    case workerForgotten(WorkerID)
}

/// Holds what a coordinator must remember over its own death.
package protocol FactLog: Sendable {
    /// Returns all records, in order. Called once, before any `append`.
    func load() throws -> [LogRecord]
    /// Makes records durable; returns only then. Called by one task at a time.
    func append(_ records: [LogRecord]) async throws
    /// Returns the bytes of a `.result` that was appended and not dropped; nil when there is none.
    func result(of attempt: AttemptID) async throws -> [UInt8]?
    /// Whether `append` does anything; without it, effects need not wait.
    var isDurable: Bool { get }
}

/// Remembers nothing: for the cluster that lives and dies with the program that embeds it.
package struct NoLog: FactLog {
    package init() {}
    package func load() -> [LogRecord] { [] }
    package func append(_ records: [LogRecord]) {}
    package func result(of attempt: AttemptID) -> [UInt8]? { nil }
    package var isDurable: Bool { false }
}
