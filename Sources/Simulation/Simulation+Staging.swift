import Scheduling
import Vocabulary

// Shared storage: what attempts write aside, and who removes it.
extension Simulation {
    /// Notes that an attempt may write from now on.
    func noteStart(_ attempt: AttemptID) {
        if coordinator.scheduler?.ledger.isForeign(attempt) == true { return }
        if isInFiles(attempt.task) { staged.insert(attempt) }
    }

    /// Removes what a statement's attempts left. What still runs goes on writing.
    func cleanStaging(_ key: StatementKey) {
        staged = staged.filter { attempt in
            attempt.task.stage.statementKey != key || runs(attempt)
        }
    }

    /// Sees the scheduler have a statement cleaned. No worker in its books may run an attempt of it.
    func seeCleaning(_ key: StatementKey) {
        witness.counts.cleanings += 1
        guard let ledger = coordinator.scheduler?.ledger else { return }
        for worker in workers {
            guard let agent = worker.agent,
                let known = ledger.worker(agent.identity.life), ledger.workers[known.index].loss == nil
            else { continue }
            witness.require(
                !agent.runningAttempts.contains {
                    $0.task.stage.statementKey == key && !ledger.isForeign($0)
                },
                "statement \(key) was cleaned while an attempt of it runs")
        }
        cleanStaging(key)
    }

    private func runs(_ attempt: AttemptID) -> Bool {
        workers.contains { $0.agent?.runningAttempts.contains(attempt) ?? false }
    }

    /// Forgets what a process leaves that the scheduler had given up before it died: nobody knew of it. What
    /// one leaves that was let go, or what a commit is to publish, is known.
    func forgetStaging(of worker: Int) {
        guard let agent = workers[worker].agent, let ledger = coordinator.scheduler?.ledger,
            let known = ledger.worker(agent.identity.life), let loss = ledger.workers[known.index].loss,
            loss != .left
        else { return }
        let left = agent.runningAttempts + agent.heldOutputs.map(\.attempt)
        staged.subtract(left.filter { ledger.output($0) == nil })
    }

    /// Ends the writing of an output to shared storage.
    func endStoring(_ worker: Int, _ attempt: AttemptID) {
        if !workers[worker].outputs.contains(attempt) || random.happens(scenario.failedCopies) {
            witness.counts.copiesFailed += 1
            return tell(worker, .notStored(attempt))
        }
        witness.counts.copies += 1
        copies.insert(attempt)
        tell(worker, .stored(attempt))
    }

    /// Deletes the copies of a job's outputs.
    func removeCopies(of job: JobID) { copies = copies.filter { $0.task.stage.job != job } }

    /// At the end there are copies of results alone that may yet be fetched and are not in the log, but for
    /// those that a process left that ended before it could tell of them.
    func checkCopies(_ ledger: Ledger) {
        for attempt in leftCopies(ledger).sorted() { witness.require(false, "a copy of \(attempt) is left") }
    }

    func leftCopies(_ ledger: Ledger) -> Set<AttemptID> {
        let counts = witness.counts
        if counts.coordinatorCrashes + counts.workerCrashes + counts.drains > 0 { return [] }
        return copies.filter { ledger.jobs[$0.task.stage.job.index].retainedOnWorkers == nil }
    }

    /// Nothing lies aside at the end.
    func checkStaging() {
        for attempt in staged.sorted() { witness.require(false, "\(attempt) left files aside") }
    }
}
