import Vocabulary

// Quarantine: a worker on which tasks fail that are done elsewhere gets none for a while.
//
//     several tasks failed here alone, and others do theirs ──▶ no tasks for a minute ──▶ on probation
//                    ▲                                                                      │  │ a task is
//                    done └────────────── one more fails: twice as long ─────────────────────────┘  └──▶ as
//                    before
//
// A task that fails everywhere says nothing about the worker: it ends its job after some attempts.
extension JobScheduler {
    /// Counts a failure against the worker, if it may be the machine's.
    mutating func blame(_ worker: WorkerID, for task: TaskID, _ failure: TaskFailure) {
        guard case .error(let error) = failure, error.blame == .system || error.blame == .internal,
            var link = links[worker.index], link.quarantinedUntil == nil
        else { return }
        if link.failedTasks.isEmpty { link.failedSince = now.monotonic }
        if !link.failedTasks.contains(task) { link.failedTasks.append(task) }
        links[worker.index] = link
        let own = link.failedTasks.count { !hasFailedElsewhere($0, than: worker) }
        if own >= settings.quarantineTasks, othersWork(than: link) { quarantine(worker) }
    }

    private func hasFailedElsewhere(_ task: TaskID, than worker: WorkerID) -> Bool {
        ledger.openTask(task)?.failures.contains { $0.worker != worker } ?? false
    }

    /// Whether another worker that takes tasks has done one since the first failure here.
    private func othersWork(than link: WorkerLink) -> Bool {
        guard let since = link.failedSince else { return false }
        return links.contains { other in
            guard let other, other.worker != link.worker, other.takesTasks, let done = other.doneAt else {
                return false
            }
            return done >= since
        }
    }

    private mutating func quarantine(_ worker: WorkerID) {
        guard let count = links[worker.index]?.quarantineCount else { return }
        let doubled = settings.quarantineMilliseconds << Int64(min(count, 10))
        let time = min(doubled, settings.longestQuarantineMilliseconds)
        links[worker.index]?.quarantinedUntil = now.monotonic + time
        links[worker.index]?.quarantineCount = count + 1
        quarantined += 1
        mustArmTimer = true
        countSlots(of: worker)
        act(.workerChanged(worker))
    }

    /// Notes that a task was done on the worker: what failed before was not its fault.
    mutating func absolve(_ worker: WorkerID) {
        links[worker.index]?.doneAt = now.monotonic
        if links[worker.index]?.failedTasks.isEmpty == false { links[worker.index]?.failedTasks = [] }
        links[worker.index]?.quarantineCount = 0
    }

    /// Lets a worker try again whose time is over, or who is needed as no other takes tasks; one more failure
    /// brings it back.
    mutating func endQuarantines() {
        guard quarantined > 0 else { return }
        quarantined = links.count { $0?.quarantinedUntil != nil }
        let isAlone = !links.contains { $0?.takesTasks == true }
        for place in links.indices {
            guard let link = links[place], let until = link.quarantinedUntil,
                now.monotonic >= until || isAlone
            else { continue }
            quarantined -= 1
            links[place]?.quarantinedUntil = nil
            links[place]?.failedTasks = Array(link.failedTasks.suffix(settings.quarantineTasks - 1))
            links[place]?.failedSince = now.monotonic
            countSlots(of: link.worker)
            act(.workerChanged(link.worker))
        }
    }
}
