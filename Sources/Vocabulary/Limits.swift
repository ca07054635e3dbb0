/// Names every limit of the engine that more than one room must agree on.
package enum Limits {
    /// Rows in a full batch. A batch of 8-byte columns of this length stays in the first-level cache's
    /// neighbourhood.
    package static let batchRows = 4096
    /// Longest SQL text accepted, bytes.
    package static let sqlBytes = 4 << 20
    /// Most words, numbers, texts and signs of a SQL text: each costs memory, up to some 500 bytes where it
    /// is a column of its own, and time of the coordinator, which plans some 50,000 a second.
    package static let sqlTokens = 250_000
    /// Length from which on a job's text is long, bytes: a coordinator bears few of them.
    package static let longSQLBytes = 256 << 10
    /// Most bytes of long texts of jobs that have not ended, and as many again of those that have.
    package static let longSQLTotalBytes = 16 << 20
    /// Longest body of a request with a job's text, which JSON writes longer than it is, bytes.
    package static let jobBodyBytes = 9 << 20
    /// Deepest nesting accepted in SQL, plans and JSON.
    package static let nestingDepth = 128
    /// Most terms of one chain of AND or OR, and most inputs of one chain of UNION ALL.
    package static let chainLength = 10_000
    /// Longest body of a control request, bytes.
    package static let requestBodyBytes = 1 << 20
    /// Largest string or binary value, bytes.
    package static let valueBytes = 1 << 30
    /// Longest string that a function makes, bytes.
    package static let stringBytes = 1 << 30
    /// Most bytes that one LZ4 block may inflate to, as a multiple of its compressed size.
    package static let lz4ExpansionLimit = 255
    /// Most bytes of one column block, inflated.
    package static let blockBytes = 64 << 20
    /// Attempts that one task gets before its job fails.
    package static let taskAttempts = 4
    /// Crashes of a coordinator over one statement after which its job fails: none that is killed counts.
    package static let statementCrashes = 2
    /// Jobs that run at once on a coordinator, unless it is told otherwise; further ones are queued.
    package static let runningJobs = 100
    /// Jobs that a coordinator accepts before they have ended, unless it is told otherwise: each costs it
    /// its text and plan.
    package static let acceptedJobs = 5_000
    /// Ended jobs that a coordinator remembers, unless it is told otherwise, and runs of pipelines.
    package static let historyJobs = 1_000
    /// Tasks of such jobs: with more, fewer jobs are remembered.
    package static let historyTasks = 200_000
    /// Largest weight of a queue.
    package static let queueWeight = 1_000
    /// Most bytes of one task's rows of a job's last query that travel to the coordinator with the report of
    /// the task's end, to lie in its log until they are fetched.
    package static let loggedTaskBytes = 256 << 10
    /// Most such bytes of one job.
    package static let loggedJobBytes = 1 << 20
    /// Most such bytes in the log.
    package static let loggedBytes = 256 << 20
    /// Most tasks that one worker may run at once.
    package static let workerSlots = 1024
    /// Least memory for a worker's tasks, bytes: below, not even one batch of a wide table has room.
    package static let workerMemoryBytes = 64 << 20
    /// What a coordinator takes at most for long records of files whose columns it looks for, bytes.
    package static let planningBytes = 256 << 20
    /// What a worker's process holds beside the budget of its tasks at most, bytes: its code's own data,
    /// connections, plans, and what `malloc` keeps of freed memory before it is given back.
    package static let processBytes = 64 << 20
    /// What each slot holds beside the budget at most, bytes: batches on their way between operators, windows
    /// of files, and pages, lines and blocks that are too small to be counted one by one.
    package static let slotBytes = 32 << 20
    /// Target size of a Parquet file that a statement writes, bytes.
    package static let targetFileBytes = 256 << 20
}
