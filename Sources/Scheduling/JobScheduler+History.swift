import Vocabulary

// What history forgets: ended jobs to which nothing is owed any more.
extension JobScheduler {
    /// Whether the job has ended and all that follows from its end is done: its rows are fetched, or their
    /// time is over, what it staged is gone, no copy of an output is left, and no attempt of it runs.
    package func canForget(_ job: JobID) -> Bool {
        guard ledger.jobs.contains(job), job.index + 1 < ledger.jobs.count else { return false }
        let record = ledger.jobs[job.index]
        guard let outcome = record.outcome, record.retainedStage == nil, !record.hasStoredOutputs,
            outcome == .succeeded || record.isCleaned, !mayHaveStored.contains(job)
        else { return false }
        func isOfJob(_ key: StatementKey) -> Bool { key.job == job }
        return !uncleaned.contains(where: isOfJob) && !lateAttempts.keys.contains(where: isOfJob)
            && !storing.keys.contains { $0.task.stage.job == job }
            && !links.contains { $0?.attempts.contains { $0.id.task.stage.job == job } == true }
    }
}
