import Vocabulary

/// Tells the scheduler what happened. The Coordinator makes events of requests, messages, timers and finished
/// actions.
package enum Event: Sendable {
    /// The last life of the coordinator crashed over a statement; comes before `.started`.
    case crashed(JobID, statement: UInt32)
    /// The coordinator process started, after folding its log.
    case started
    /// `isPart`: of a run that was accepted, so that the job is not counted against the bound.
    case submit(JobHeader, isPart: Bool = false)
    case statementPlanned(JobID, statement: UInt32, stages: [StageSpec])
    case planningFailed(JobID, statement: UInt32, EngineError)
    /// Answers `.replan`: stages that change (same id) or are new (next ids); none to leave all as it is.
    case replanned(StageKey, stages: [StageSpec])
    case committed(JobID, statement: UInt32)
    case commitFailed(JobID, statement: UInt32, EngineError)
    /// Answers `.clean`.
    case cleaned(JobID, statement: UInt32)
    case cleaningFailed(JobID, statement: UInt32)
    /// Answers `.removeStoredOutputs`.
    case storedOutputsRemoved(JobID)
    case removalFailed(JobID)
    case cancel(JobID)
    /// All rows of the job's result were sent to a client, which may have got them.
    case resultsSent(JobID)
    /// History has no place for these jobs; those that are still owed something stay.
    case forget([JobID])
    case message(WorkerMessage)
    /// The worker's process is known to be dead.
    case workerDied(WorkerID)
    /// The connection on which a worker spoke is closed: its process ended, or the network between broke.
    case disconnected(WorkerLife)
    /// The time asked for by `.setTimer` has come. Early and extra ticks are harmless.
    case tick
}

/// Lists the winners that a commit publishes, by stage without readers and by task.
package struct CommitManifest: Sendable, Hashable {
    package var job: JobID
    package var statement: UInt32
    package var outputs: [TaskOutput]
}

/// Asks the Coordinator to do something. All of a decision's facts are durable before its first action runs,
/// but for `.replan`: its answer reaches nobody outside, and goes into the log with them.
package enum Action: Sendable, Hashable {
    /// Plan the statement; answered by `.statementPlanned` or `.planningFailed`.
    case planStatement(JobID, statement: UInt32)
    /// Look again at the stages that read this one; answered by `.replanned`. Sizes are in the
    /// ledger, with the outputs of its tasks.
    case replan(StageKey)
    /// Publish; idempotent, as it is asked again after a restart. Answered by `.committed` or
    /// `.commitFailed`.
    case commit(CommitManifest)
    /// Remove what attempts of a statement that is over have staged: of the last one of a failed or cancelled
    /// job, or of a committed one whose losers ran on. Idempotent; answered by `.cleaned` when all is gone,
    /// else by `.cleaningFailed`: then it is asked for again some time later, and after a restart.
    case clean(JobID, statement: UInt32)
    /// Delete the job's outputs in shared storage: nobody reads them any more. Idempotent; answered by
    /// `.storedOutputsRemoved` when all are gone, else by `.removalFailed`, and asked for again then.
    case removeStoredOutputs(JobID)
    case send(WorkerID, WorkerLife, CoordinatorMessage)
    /// Answer a process that has no worker id.
    case reply(WorkerLife, CoordinatorMessage)
    /// Call `handle(.tick)` at that time; replaces the timer before.
    case setTimer(Instant)
    /// The job moved on in a way that watchers see: started, a statement done, ended.
    case jobChanged(JobID)
    /// Whether the worker gets tasks has changed: its disk is full, or has space again.
    case workerChanged(WorkerID)
    case submitted(JobID, isNew: Bool)
    case refused(EngineError)
}

/// Says why an event, or a report within one, changed nothing.
package enum IgnoredReason: Sendable, Hashable {
    case unknownJob(JobID)
    case jobEnded(JobID)
    case notAwaited(JobID, statement: UInt32)
    case commitUnderWay(JobID)
    case staleSession(WorkerLife, UInt32)
    case staleIncarnation(WorkerLife)
    /// The worker has heard of a coordinator with this epoch, which superseded this one.
    case newerCoordinator(WorkerLife, UInt32)
    case unknownSession(WorkerLife, UInt32)
    case duplicateReports(WorkerLife, Int)
    case missingReports(WorkerLife, before: UInt64)
    case unknownAttempt(AttemptID)
    case alreadyDone(AttemptID)
    case alreadyCounted(AttemptID)
    case unknownWorker(WorkerID)
    /// A reader asked at the place that the output had before.
    case movedSince(AttemptID)
}

/// Returns what follows from an event: first make the facts durable, then run the actions, in order.
package struct Decision: Sendable {
    package var facts: [Fact] = []
    package var actions: [Action] = []
    /// What was ignored, for the log and the metrics.
    package var ignored: [IgnoredReason] = []
}
