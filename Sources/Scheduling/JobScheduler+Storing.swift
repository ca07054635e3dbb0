import Vocabulary

// Storing: copies of outputs in shared storage outlive the workers that made them.
//
//     output of a replicated job, a result that the log does not hold, or one that nobody can adopt from who
//     leaves
//        └──▶ .store to its holder ──▶ .stored ──▶ outputStored: readers are told of the copy, too
//                                  └─▶ .notStored ─▶ it stays where it is
//     the job has ended, the log has its result, or it is fetched
//        └──▶ .removeStoredOutputs ──▶ storedOutputsRemoved
extension JobScheduler {
    /// The first version of workers that write outputs to shared storage.
    static let storingVersion: UInt32 = 3

    /// Has an output written to shared storage beforehand, where its job asks for it, or as it is a result
    /// that is on its worker alone.
    mutating func replicate(_ output: TaskOutput) {
        let key = output.attempt.task.stage
        guard settings.hasSharedStorage, !output.outlivesWorker, let link = links[output.worker.index] else {
            return
        }
        let job = ledger.jobs[key.job.index]
        let stage = job.statements[Int(key.statement)].stages[key.stage.index]
        switch stage.spec.output {
        case .files: return
        case .blocks: if !job.header.isReplicated { return }
        case .result: break
        }
        store([output], on: link)
    }

    /// Orders a worker to write outputs of its own to shared storage, each once.
    mutating func store(_ outputs: [TaskOutput], on holder: WorkerLink) {
        guard settings.hasSharedStorage, holder.identity.version >= Self.storingVersion else { return }
        var orders: [(job: JobID, attempts: [AttemptID])] = []
        for output in outputs where storing[output.attempt] == nil && !notStorable.contains(output.attempt) {
            let job = output.attempt.task.stage.job
            storing[output.attempt] = holder.worker
            mayHaveStored.insert(job)
            if let place = orders.firstIndex(where: { $0.job == job }) {
                orders[place].attempts.append(output.attempt)
            } else {
                orders.append((job, [output.attempt]))
            }
        }
        for order in orders {
            let name = ledger.jobs[order.job.index].header.externalID
            command(holder.worker, .store(job: name, order.attempts))
        }
    }

    /// Takes the word that shared storage has a copy.
    mutating func stored(_ attempt: AttemptID) {
        storing[attempt] = nil
        guard let output = ledger.output(attempt), isReadable(attempt.task.stage.job) else {
            ignore(.unknownAttempt(attempt))
            let job = attempt.task.stage.job
            guard ledger.jobs.contains(job) else { return }
            // It came after its job's end, and after what had come before was deleted.
            mayHaveStored.insert(job)
            if !isReadable(job) { removeStoredOutputs(of: job) }
            return
        }
        if output.isStored { return }
        record(.outputStored(attempt))
        if links[output.worker.index]?.isDraining == true {
            noteMove(attempt, from: output.worker)
        } else {
            forgetInputs(of: attempt.task.stage.job)
        }
    }

    /// Leaves an output where it is, as it could not be copied.
    mutating func notStored(_ attempt: AttemptID) {
        storing[attempt] = nil
        notStorable.insert(attempt)
        if let holder = ledger.output(attempt)?.worker { departures[holder]?.lookAgain(at: attempt) }
    }

    /// Whether somebody may yet read outputs of the job where workers put them: a task, or the client where
    /// the log lacks rows of the result. An ended job's outputs come into the log no more and leave it with
    /// the result alone, so that a job that is not readable never is again.
    private func isReadable(_ job: JobID) -> Bool {
        ledger.jobs[job.index].isLive || ledger.jobs[job.index].retainedOnWorkers != nil
    }

    /// Has a job's copies deleted, if it may have any.
    mutating func removeStoredOutputs(of job: JobID) {
        let wasOrdered = mayHaveStored.remove(job) != nil
        guard settings.hasSharedStorage, wasOrdered || ledger.jobs[job.index].hasStoredOutputs else { return }
        act(.removeStoredOutputs(job))
    }

    /// Takes the word that a job's copies are deleted.
    mutating func storedOutputsRemoved(_ job: JobID) {
        guard job.index < ledger.jobs.count else { return ignore(.unknownJob(job)) }
        if ledger.jobs[job.index].hasStoredOutputs { record(.storedOutputsRemoved(job)) }
    }
}
