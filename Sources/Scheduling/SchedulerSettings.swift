import Vocabulary

/// Holds the scheduler's times and bounds. All times are milliseconds.
package struct SchedulerSettings: Sendable, Hashable {
    /// A worker unheard for so long is lost.
    package var leaseMilliseconds: Int64 = 30_000
    /// A worker whose connection closed has so long to speak again before it is lost.
    package var reconnectMilliseconds: Int64 = 5_000
    /// A lost worker is shown so long; then it is forgotten, once nothing names it.
    package var lostShownMilliseconds: Int64 = 600_000
    /// After a restart, launches wait so long for the known workers' inventories.
    package var recoveryMilliseconds: Int64 = 10_000
    /// A result is kept so long for its client.
    package var resultMilliseconds: Int64 = 3_600_000
    /// And so long after all of it was sent: the client whose connection broke asks again.
    package var sentResultMilliseconds: Int64 = 5_000
    /// What could not be removed of a statement or a job is tried again after so long.
    package var cleaningRetryMilliseconds: Int64 = 60_000
    /// A task is speculated on only when it ran longer than this …
    package var speculationMilliseconds: Int64 = 5_000
    /// … and than this many times the median of its stage …
    package var speculationFactor: Int64 = 2
    /// … once this share of the stage is done, in percent.
    package var speculationDonePercent = 75
    /// So many tasks that fail on one worker alone, while others do theirs, quarantine it …
    package var quarantineTasks = 3
    /// … for so long, and twice as long each time …
    package var quarantineMilliseconds: Int64 = 60_000
    /// … up to this.
    package var longestQuarantineMilliseconds: Int64 = 600_000
    /// A stage of which no task found room for so long, while there were free slots, has a worker held free.
    package var holdMilliseconds: Int64 = 10_000
    /// … for at most so long.
    package var longestHoldMilliseconds: Int64 = 60_000
    package var taskAttempts = Limits.taskAttempts
    /// Weights of the queues, by name; empty: any name is a queue, and all weigh alike. Looked up, or sorted.
    package var queueWeights: [String: Int] = [:]
    /// So many jobs run at once; further ones are queued.
    package var runningJobs = Limits.runningJobs
    /// So many jobs that have not ended are accepted.
    package var acceptedJobs = Limits.acceptedJobs
    /// So many ended jobs are kept for whoever asks about them …
    package var historyJobs = Limits.historyJobs
    /// … or fewer, with so many tasks together.
    package var historyTasks = Limits.historyTasks
    /// Whether workers and coordinator share a storage in which outputs can be kept.
    package var hasSharedStorage = false
    /// Most bytes of one job's result that the log holds; what is beyond stays with the workers.
    package var loggedJobBytes = Limits.loggedJobBytes
    /// Most bytes of results that the log holds.
    package var loggedBytes = Limits.loggedBytes
    /// The epoch of the first start on an empty log. A coordinator of workers that may outlive its log has
    /// the time here, in seconds: they may still have attempts at what were other jobs, and those of its own
    /// epochs must not be taken for its own. Where its clock is behind, workers tell of a higher epoch, over
    /// which it raises its own.
    package var firstEpoch: UInt32 = 1
    /// The number that a log without one gets: drawn at random, so that no other log has it. 0: none.
    package var logNumber: UInt64 = 0
    /// For so long after its first start on an empty log a coordinator takes over workers that have heard of
    /// a higher epoch: later they are another coordinator's.
    package var newLogMilliseconds: Int64 = 600_000
    /// Oldest and newest worker versions that may take part.
    package var workerVersions: ClosedRange<UInt32> = 1...WorkerIdentity.currentVersion

    package init() {}
}
