import Vocabulary

/// Names the worker that gets no tasks but those of one stage.
struct Hold: Sendable, Hashable {
    let stage: StageKey
    let worker: WorkerID
    let since: Instant
}

// Holding: a task that needs most of a worker's memory finds it nowhere while smaller ones take each slot as
// it becomes free. After a while one worker at a time is kept from the others until the task has room there.
// Where a task that runs there goes on for long, that would cost the others more than it helps: the worker is
// let go, and none is held for a while.
//
//     refused with slots free ──holdMilliseconds──▶ a worker is held ──its tasks end──▶ launched, let go
//              ▲                                        │ it leaves or is lost, the stage waits no more,
//              └────────────────────────────────────────┘ longestHoldMilliseconds have gone by
extension JobScheduler {
    /// After a hold that came to nothing none begins for so many times as long.
    private static let holdRest: Int64 = 5

    /// Whether the worker is held for another stage.
    func isHeld(_ worker: WorkerID, against stage: StageKey) -> Bool {
        guard let hold else { return false }
        return hold.worker == worker && hold.stage != stage
    }

    /// Lets a worker go that cannot be given to the stage, or need not.
    mutating func reviewHold(_ waits: (StageKey) -> Bool) {
        guard let hold else { return }
        let link = links[hold.worker.index]
        let isOver = now.monotonic - hold.since >= settings.longestHoldMilliseconds
        if isOver {
            holdsAgainAt = now.monotonic + settings.longestHoldMilliseconds * Self.holdRest
        } else if link?.takesTasks == true, link?.disconnectedAt == nil, waits(hold.stage) { return }
        self.hold = nil
    }

    /// Notes that none of the stage's tasks found a worker, with slots free; holds one when it was so for
    /// long.
    mutating func noteUnplaced(_ key: StageKey) {
        guard let stage = runtimes[key.job.index]?.stages[key.stage.index] else { return }
        let time = now.monotonic
        if let hold, hold.stage == key, links[hold.worker.index]?.attempts.isEmpty == true {
            // All of it is free, and still it does not suit.
            self.hold = nil
            runtimes[key.job.index]?.change(key.stage) { $0.unplacedSince = time }
            return
        }
        guard let since = stage.unplacedSince else {
            runtimes[key.job.index]?.change(key.stage) { $0.unplacedSince = time }
            return
        }
        guard hold == nil, time >= holdsAgainAt, time - since >= settings.holdMilliseconds,
            let index = stage.pending.last,
            let worker = workerToHold(for: TaskID(stage: key, index: index))
        else { return }
        hold = Hold(stage: key, worker: worker, since: time)
    }

    /// Finds the worker that lacks least for a task, of those on which it may run.
    private func workerToHold(for task: TaskID) -> WorkerID? {
        guard let stage = ledger.liveStage(task.stage) else { return nil }
        let place = Int(task.index)
        let wishes = stage.spec.preferredWorkers
        let need = memoryNeed(stage, place)
        let failedOn = stage.tasks[place].failures.map(\.worker)
        var best: (worker: WorkerID, rank: (Int, Int, Int))?
        for link in links {
            guard let link, link.takesTasks, link.disconnectedAt == nil else { continue }
            // What was begun there waits for it alone.
            if stage.spec.repetition == .never, place < wishes.count, wishes[place] != nil,
                wishes[place] != link.worker
            {
                continue
            }
            let missing = max(0, min(need, link.identity.memoryBytes) - link.freeMemoryBytes)
            let rank = (failedOn.contains(link.worker) ? 1 : 0, missing, link.attempts.count)
            if let best, rank >= best.rank { continue }
            best = (link.worker, rank)
        }
        return best?.worker
    }
}
