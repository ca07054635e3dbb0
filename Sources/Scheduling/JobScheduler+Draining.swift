import Vocabulary

/// Follows an output on its way from a draining worker to another.
struct Handover: Sendable {
    let holder: WorkerID
    let target: WorkerID
    let bytes: Int
}

// Draining: a worker that leaves gets no tasks, hands the outputs that are still needed to others, and goes.
//
//     draining ──▶ .adopt(outputs) to others ──▶ .adopted ──▶ outputMoved ──┐ nothing needed here,
//        │  ▲                                 └─▶ .notAdopted ─▶ once more  │ no reader has the old place
//        │  │    nobody to adopt: .store to shared storage ──▶ outputStored ┤
//        │  └─ a task ends here: its output, too ───────────────────────────┴──▶ released
//        └── its time is over: it leaves; what did not get away is made again
extension JobScheduler {
    /// The first version of workers that adopt outputs.
    static let adoptingVersion: UInt32 = 2
    /// How often an output is offered before it is left to be made again.
    private static let handoverTries = 2

    /// Has draining workers hand over what is needed, and lets those go that run nothing and hold nothing
    /// that is.
    mutating func drainWorkers() {
        guard mayDrain else { return }
        mayDrain = false
        for place in links.indices {
            guard let link = links[place], link.isDraining else { continue }
            mayDrain = true
            let needed = neededOutputs(on: link.worker)
            handOver(needed, of: link)
            guard link.attempts.isEmpty, needed.isEmpty, !hasStaleReaders(link) else { continue }
            lose(link.worker, .left)
            act(
                .send(
                    link.worker, link.identity.life, .released(epoch: ledger.epoch, session: link.session)))
        }
    }

    /// Lists the outputs that only this worker has and somebody will read: tasks, or the client.
    private func neededOutputs(on worker: WorkerID) -> [TaskOutput] {
        var needed = ledger.outputs(on: worker).filter(isNeeded).compactMap { ledger.output($0) }
        let results =
            retained.compactMap { $0.wasSent ? nil : ledger.jobs[$0.job.index].retainedStage }
            + ledger.liveJobs.compactMap { job in
                guard let last = ledger.jobs[job.index].statements.last, last.isCommitting else { return nil }
                return ledger.jobs[job.index].resultStage
            }
        for key in results {
            let stage = ledger.jobs[key.job.index].statements[Int(key.statement)].stages[key.stage.index]
            needed += stage.tasks.compactMap(\.output).filter { $0.worker == worker && !$0.outlivesWorker }
        }
        return needed
    }

    /// Whether a task of the open statement that has yet to finish reads the attempt's output, or the
    /// commit will.
    private func isNeeded(_ attempt: AttemptID) -> Bool {
        let key = attempt.task.stage
        guard let statement = ledger.jobs[key.job.index].statements.last else { return false }
        if statement.isSink(key.stage) { return true }
        let wanted = statement.wantedStages()
        return statement.stages.contains { reader in
            wanted[reader.spec.id.index] && reader.spec.dependencies.contains { $0.producer == key.stage }
        }
    }

    /// Orders other workers to fetch outputs, each output once at a time, from whoever leaves.
    private mutating func handOver(_ outputs: [TaskOutput], of leaving: WorkerLink) {
        var orders: [[TaskOutput]] = []
        var rest: [TaskOutput] = []
        for output in outputs where handovers[output.attempt] == nil {
            guard failedHandovers[output.attempt, default: 0] < Self.handoverTries,
                let target = adopter(of: output)
            else {
                rest.append(output)
                continue
            }
            handovers[output.attempt] = Handover(
                holder: leaving.worker, target: target, bytes: max(1, output.counters.bytesOut))
            links[target.index]?.incomingBytes += max(1, output.counters.bytesOut)
            while orders.count <= target.index { orders.append([]) }
            orders[target.index].append(output)
        }
        for (target, outputs) in orders.enumerated() where !outputs.isEmpty {
            command(WorkerID(target), .adopt(from: leaving.identity.address, outputs))
        }
        store(rest, on: leaving)
    }

    /// Finds the worker with the fewest outputs among those that stay.
    private func adopter(of output: TaskOutput) -> WorkerID? {
        var best: (worker: WorkerID, bytes: Int)?
        for link in links {
            guard let link, link.takesTasks, link.disconnectedAt == nil,
                link.identity.version >= Self.adoptingVersion
            else { continue }
            let bytes = link.shuffleBytes + link.incomingBytes
            if bytes < best?.bytes ?? .max { best = (link.worker, bytes) }
        }
        return best?.worker
    }

    /// Whether a task runs that was told to read from the leaving worker what has moved since.
    private func hasStaleReaders(_ leaving: WorkerLink) -> Bool {
        guard let movedAt = leaving.movedAt else { return false }
        return links.contains { link in
            link?.attempts.contains {
                !$0.isCancelling && $0.startedAt <= movedAt
                    && leaving.movedJobs.contains($0.id.task.stage.job)
            } ?? false
        }
    }

    /// Whether the attempt was told of a place from which the producer's output has moved since.
    func isStale(_ reader: RunningAttempt?, of producer: AttemptID) -> Bool {
        guard let reader, ledger.openTask(producer.task)?.output?.attempt == producer,
            let runtime = runtimes[producer.task.stage.job.index],
            let movedAt = runtime.stages[producer.task.stage.stage.index].movedAt
        else { return false }
        return reader.startedAt <= movedAt
    }

    // MARK: answers

    /// Takes the word that a worker has an output now that another one made: it moves if its holder is about
    /// to leave, is the task's if the holder is gone, and else is of no use.
    mutating func adopted(_ output: TaskOutput, by worker: WorkerID) {
        endHandover(output.attempt)
        guard let recorded = ledger.output(output.attempt) else {
            if !accept(output, from: worker) {
                ignore(.unknownAttempt(output.attempt))
                command(worker, .drop([output.attempt]))
            }
            return
        }
        if recorded.worker == worker { return }
        if move(output.attempt, from: recorded.worker, to: worker) { return }
        ignore(.alreadyDone(output.attempt))
        command(worker, .drop([output.attempt]))
    }

    mutating func notAdopted(_ attempt: AttemptID) {
        endHandover(attempt)
        failedHandovers[attempt, default: 0] += 1
    }

    /// Makes a worker the holder of an output whose holder drains; false when it does not.
    mutating func move(_ attempt: AttemptID, from holder: WorkerID, to worker: WorkerID) -> Bool {
        guard let leaving = links[holder.index], leaving.isDraining, links[worker.index]?.isDraining == false
        else { return false }
        record(.outputMoved(attempt, to: worker))
        noteMove(attempt, from: holder)
        return true
    }

    /// Notes that an output of a leaving worker is elsewhere now: who was told of the old place may miss it.
    mutating func noteMove(_ attempt: AttemptID, from holder: WorkerID) {
        let job = attempt.task.stage.job
        links[holder.index]?.movedAt = now.monotonic
        links[holder.index]?.movedJobs.insert(job)
        let time = now.monotonic
        withStage(attempt.task) { $0.movedAt = time }
        forgetInputs(of: job)
    }

    private mutating func endHandover(_ attempt: AttemptID) {
        guard let handover = handovers.removeValue(forKey: attempt) else { return }
        links[handover.target.index]?.incomingBytes -= handover.bytes
    }

    /// Forgets what was on its way to or from a worker that is lost, or whose session is new.
    mutating func endHandovers(of worker: WorkerID) {
        // The order does not matter: each entry is judged alone.
        if !storing.isEmpty { storing = storing.filter { $0.value != worker } }
        if handovers.isEmpty { return }
        // The order does not matter: each entry is judged alone.
        let ended = handovers.filter { $0.value.target == worker || $0.value.holder == worker }
        for attempt in ended.keys.sorted() { endHandover(attempt) }
    }
}
