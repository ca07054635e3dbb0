import Vocabulary

/// Says who submitted what; the first fact of every job.
package struct JobHeader: Sendable, Hashable {
    /// The UUIDv7 by which clients know the job.
    package var externalID: String
    /// Digest of the whole submission: the same id with another digest is a conflict.
    package var digest: [UInt8]
    package var name: String
    /// The queue that the job is in: slots are shared between queues by their weights, then between a
    /// queue's jobs.
    package var pool: String
    package var statementCount: Int
    /// Most tasks of it that run at once; 0: any number.
    package var slotLimit: Int
    /// Each output for other tasks is written to shared storage, too, so that no worker's loss takes it.
    package var isReplicated: Bool

    /// The queue of jobs that name none.
    package static let defaultPool = "default"

    package init(
        externalID: String, digest: [UInt8], name: String, pool: String = JobHeader.defaultPool,
        statementCount: Int, slotLimit: Int = 0, isReplicated: Bool = false
    ) {
        self.externalID = externalID
        self.digest = digest
        self.name = name
        self.pool = pool
        self.statementCount = statementCount
        self.slotLimit = slotLimit
        self.isReplicated = isReplicated
    }
}

/// Says how a job ended.
package enum JobOutcome: Sendable, Hashable {
    case succeeded
    case failed(EngineError)
    case cancelled
}

/// Records something that happened, once and for all. Facts are durable before the actions that came with
/// them run, and folding them with `Ledger.apply` gives back the scheduler's durable state.
///
/// Times are wall-clock milliseconds since 1970. Every prefix of a log is a state that recovery can go on
/// from.
package enum Fact: Sendable, Hashable {
    /// A coordinator started, in the epoch after the last one; messages of an older epoch are void. One that
    /// is higher still was begun because a worker had heard of one in between, from a coordinator whose log
    /// was lost.
    case epochStarted(UInt32)
    /// The log's own number, drawn when it began: tells it from another one whose epochs are the same.
    case logNamed(UInt64)
    case jobAccepted(JobID, JobHeader, atMilliseconds: Int64)
    /// The statement's stages; an empty list for a statement that runs in the commit alone.
    case statementPlanned(JobID, statement: UInt32, stages: [StageSpec], atMilliseconds: Int64)
    /// The planner's answer to measured sizes: stages that replace those of the same id, or are new at the
    /// end.
    case stagesReplanned(StageKey, stages: [StageSpec])
    /// The first valid attempt of a task finished; its commit. The bytes of an output that is in the log are
    /// a record beside this fact, durable with it.
    case taskCompleted(TaskOutput)
    /// The attempt's output is gone or damaged; `isBlamed` counts it against the task and the worker that
    /// held it.
    case outputLost(AttemptID, isBlamed: Bool, EngineError?)
    /// Another worker holds the output now: the one before is leaving.
    case outputMoved(AttemptID, to: WorkerID)
    /// The output lies in shared storage, too: it outlives its worker.
    case outputStored(AttemptID)
    /// A counted failure.
    case taskFailed(FailureRecord)
    /// The manifest of winners is final: publication may begin, and only with it.
    case commitStarted(JobID, statement: UInt32)
    case statementCommitted(JobID, statement: UInt32, atMilliseconds: Int64)
    case cancelRequested(JobID)
    case jobEnded(JobID, JobOutcome, atMilliseconds: Int64)
    /// What a failed or cancelled job had staged is gone.
    case jobCleaned(JobID)
    /// The job's outputs in shared storage are deleted.
    case storedOutputsRemoved(JobID)
    /// All rows of the result were sent to a client, which may have got them.
    case resultsSent(JobID)
    /// The results were fetched, or their time is over.
    case resultsReleased(JobID)
    /// History has no place for the job any more. A log drops all facts about it instead of keeping this one.
    case jobForgotten(JobID)
    /// An attempt ended after another one had won its task.
    case attemptOutrun(FailureRecord)
    /// Attempts at a statement that is over run on, or may; what they write aside is to be removed.
    case losersLeft(JobID, statement: UInt32)
    /// It is removed, and none of them runs any more.
    case losersCleaned(JobID, statement: UInt32)
    /// The id is free when the life that had it before was forgotten.
    case workerRegistered(WorkerID, WorkerIdentity)
    case workerLost(WorkerID, WorkerLoss)
    /// A coordinator crashed over a job's statement, by a fault of its own; noted by its next life.
    case coordinatorCrashed(JobID, statement: UInt32)
    /// A life that was lost long ago is named by nothing that is kept. A log drops all facts about it instead
    /// of keeping this one.
    case workerForgotten(WorkerID)
}
