import Vocabulary

extension Fact {
    /// The job that the fact is about; nil for one about the coordinator or a worker.
    package var job: JobID? {
        switch self {
        case .epochStarted, .logNamed, .workerRegistered, .workerLost, .workerForgotten: nil
        case .jobAccepted(let job, _, _), .statementPlanned(let job, _, _, _), .commitStarted(let job, _),
            .statementCommitted(let job, _, _), .cancelRequested(let job), .jobEnded(let job, _, _),
            .jobCleaned(let job), .storedOutputsRemoved(let job), .resultsSent(let job),
            .resultsReleased(let job), .jobForgotten(let job), .losersLeft(let job, _),
            .losersCleaned(let job, _), .coordinatorCrashed(let job, _):
            job
        case .stagesReplanned(let stage, _): stage.job
        case .taskCompleted(let output): output.attempt.task.stage.job
        case .outputLost(let attempt, _, _), .outputMoved(let attempt, _), .outputStored(let attempt):
            attempt.task.stage.job
        case .taskFailed(let record), .attemptOutrun(let record): record.attempt.task.stage.job
        }
    }

    /// The life of a worker that the fact is about, by its id; nil for any other.
    package var worker: WorkerID? {
        switch self {
        case .workerRegistered(let worker, _), .workerLost(let worker, _), .workerForgotten(let worker):
            worker
        default: nil
        }
    }
}
