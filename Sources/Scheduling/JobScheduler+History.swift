import Vocabulary

// What history forgets: ended jobs to which nothing is owed any more.
extension JobScheduler {
    /// Whether the job has ended and all that follows from its end is done: its rows are fetched, or their
    /// time is over, what it staged is gone, no copy of an output is left, and no attempt of it runs.
    package func canForget(_ job: JobID) -> Bool {
        guard ledger.jobs.contains(job), job.index + 1 < ledger.jobs.count else { return false }
        let record = ledger.jobs[job.index]
        guard let outcome = record.outcome, record.retainedStage == nil, !record.hasStoredOutputs,
            outcome == .succeeded || record.isCleaned, record.losersLeft.isEmpty,
            !mayHaveStored.contains(job)
        else { return false }
        func isOfJob(_ key: StatementKey) -> Bool { key.job == job }
        return !uncleaned.contains(where: isOfJob) && !lateAttempts.keys.contains(where: isOfJob)
            && !storing.keys.contains { $0.task.stage.job == job }
            && !links.contains { $0?.attempts.contains { $0.id.task.stage.job == job } == true }
    }

    /// Forgets those of the jobs that are owed nothing, and what is kept of their attempts.
    mutating func forget(_ jobs: [JobID]) {
        for job in jobs where canForget(job) { record(.jobForgotten(job)) }
        func isKept(_ attempt: AttemptID) -> Bool { ledger.jobs.contains(attempt.task.stage.job) }
        // The order does not matter: each entry is judged alone.
        if !notStorable.isEmpty { notStorable = notStorable.filter(isKept) }
        if !failedHandovers.isEmpty { failedHandovers = failedHandovers.filter { isKept($0.key) } }
    }

    /// How often lost workers are looked for at most, and how many one decision forgets.
    private static let forgettingMilliseconds: Int64 = 60_000
    private static let workersPerStep = 256

    /// Forgets lives of workers that were lost long ago and that nothing names which is kept, so that a
    /// worker that crashes and starts again for years leaves no trace of each time.
    mutating func forgetWorkers() {
        guard now.monotonic >= forgetsWorkersAt else { return }
        let wait = min(Self.forgettingMilliseconds, settings.lostShownMilliseconds)
        forgetsWorkersAt = now.monotonic + wait
        let lost = ledger.workers.filter(isLostLong)
        if lost.isEmpty { return }
        let named = namedWorkers()
        let free = lost.lazy.map(\.id).filter { !named.contains($0) }.prefix(Self.workersPerStep)
        for worker in Array(free) { record(.workerForgotten(worker)) }
        if free.count == Self.workersPerStep { forgetsWorkersAt = now.monotonic }
    }

    /// Whether a worker was lost so long ago that it is not shown any more. Of those lost in a life before
    /// this one, earlier releases have told what went with them by the fact of the loss alone: they wait for
    /// the end of the jobs of that time.
    private func isLostLong(_ worker: WorkerRecord) -> Bool {
        if worker.loss == nil { return false }
        if let at = lostAt[worker.id.index] { return now.monotonic - at >= settings.lostShownMilliseconds }
        return ledger.liveJobs.first.map { $0.index >= jobsAtStart } ?? true
    }

    /// Lists the workers that hold or held a task's output or failed one, of all jobs that are kept.
    private func namedWorkers() -> Set<WorkerID> {
        var named: Set<WorkerID> = []
        for job in ledger.jobs {
            for record in job.outrun { named.insert(record.worker) }
            for statement in job.statements {
                for stage in statement.stages {
                    for task in stage.tasks {
                        if let output = task.output { named.insert(output.worker) }
                        for failure in task.failures { named.insert(failure.worker) }
                    }
                }
            }
        }
        return named
    }
}
