import Vocabulary

/// Counts crashes of coordinators over one statement of a job, which is planned and committed by them.
///
/// A crash repeats as long as the job does: each life would come to the statement again. Only what the
/// process itself has noted as it crashed counts, with the statement that the thread was at: a coordinator
/// that is killed, however often, says nothing about a job.
package struct StatementCrashes: Sendable, Hashable {
    package private(set) var statement: UInt32 = 0
    package private(set) var count = 0

    /// Counts one more, and returns the error that ends the job after too many.
    mutating func note(_ statement: UInt32) -> EngineError? {
        count = statement == self.statement ? count + 1 : 1
        self.statement = statement
        if count < Limits.statementCrashes { return nil }
        return EngineError(
            .internal, "COORDINATOR_CRASHED",
            "The coordinator crashed over this statement, each of \(count) times that it came to it",
            remedy: "Report it with the statement. Other jobs are not concerned.")
    }
}
