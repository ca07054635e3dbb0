import Columns
import Vocabulary

/// Takes the batches of a task's root operator. Used by one thread at a time.
protocol TaskSink: AnyObject {
    /// Takes one batch.
    func write(_ batch: Batch) throws
    /// Ends the output and says what was written.
    func finish() throws -> TaskResult
    /// Throws away what was written. Safe after a failure.
    func abort()
}

/// Says what a finished task leaves behind.
package struct TaskResult: Sendable {
    package var rows = 0
    package var bytes = 0
    /// Bytes of each reader partition; empty for files.
    package var partitionBytes: [Int] = []
    /// Files written aside, for the commit.
    package var files: [WrittenFile] = []
    /// Checksum over the output's sizes, by which a reader knows that it reads this output.
    package var checksum: UInt64 = 0
    /// What a connector found out, for the commit; empty for blocks and files.
    package var note: [UInt8] = []
    /// What each operator of the plan did, in pre-order, then the output, then the whole task; empty where it
    /// was not measured.
    package var operators: [OperatorFigures] = []
}
