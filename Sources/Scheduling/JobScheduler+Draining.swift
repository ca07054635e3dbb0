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
    /// How often an output is offered before it is left to be made again.
    private static let handoverTries = 2

    /// Notes that a worker leaves, once.
    mutating func noteLeaving(_ worker: WorkerID) {
        guard !leaving.contains(worker) else { return }
        leaving.append(worker)
        leaving.sort()
    }

    /// Has draining workers hand over what is needed, and lets those go that run nothing and hold nothing
    /// that is.
    mutating func drainWorkers() {
        if leaving.isEmpty { return }
        leaving.removeAll { links[$0.index]?.isDraining != true }
        var needs = StageNeeds()
        for worker in leaving {
            guard let link = links[worker.index] else { continue }
            if departures[worker] == nil { departures[worker] = Departure(outputsToLetGo(on: worker)) }
            handOver(waitingOutputs(on: worker, &needs), of: link)
            guard link.attempts.isEmpty, !holdsNeeded(worker, &needs), !hasStaleReaders(link) else {
                continue
            }
            lose(worker, .left)
            act(.send(worker, link.identity.life, .released(epoch: ledger.epoch, session: link.session)))
        }
    }

    /// Orders other workers to fetch outputs, each output once at a time, from whoever leaves.
    private mutating func handOver(_ outputs: [TaskOutput], of leaving: WorkerLink) {
        if outputs.isEmpty { return }
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
            departures[leaving.worker]?.setAside(output.attempt)
            links[target.index]?.incomingBytes += max(1, output.counters.bytesOut)
            while orders.count <= target.index { orders.append([]) }
            orders[target.index].append(output)
        }
        for (target, outputs) in orders.enumerated() where !outputs.isEmpty {
            command(WorkerID(target), .adopt(from: leaving.identity.address, outputs))
        }
        store(rest, on: leaving)
        for output in rest { setAside(output.attempt, of: leaving.worker) }
    }

    /// Looks no more at an output that is being written to shared storage, or that nobody can take care of:
    /// at all, where others failed to fetch it, or for now.
    private mutating func setAside(_ attempt: AttemptID, of worker: WorkerID) {
        if storing[attempt] != nil || failedHandovers[attempt, default: 0] >= Self.handoverTries {
            departures[worker]?.setAside(attempt)
        } else {
            departures[worker]?.setStuck(attempt)
        }
    }

    /// Whether anybody could take outputs over.
    var hasAdopter: Bool { links.contains { $0?.adopts ?? false } }

    /// Finds the worker with the fewest outputs among those that stay.
    private func adopter(of output: TaskOutput) -> WorkerID? {
        var best: (worker: WorkerID, bytes: Int)?
        for link in links {
            guard let link, link.adopts else { continue }
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
        departures[handover.holder]?.lookAgain(at: attempt)
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

extension WorkerLink {
    /// The first version of workers that adopt outputs.
    private static let adoptingVersion: UInt32 = 2

    /// Whether it may be asked to take outputs over.
    fileprivate var adopts: Bool {
        takesTasks && disconnectedAt == nil && identity.version >= Self.adoptingVersion
    }
}
