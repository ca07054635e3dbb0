import Protocol
import Scheduling
import Vocabulary

// What is forgotten, so that neither the log nor memory grows with the number of jobs that were run:
//
//     own jobs   the newest 1,000 that have ended are kept, or fewer with 200,000 tasks together;
//                of those with long texts as many as hold 16 MiB of them
//     parts      go when their run is no longer among those whose steps are shown (`PipelineHost`)
//     workers    go some time after their loss, when no job that is kept names them (`JobScheduler`)
//
// A job stays as long as anything is owed to it: rows that may be fetched, files that lie aside.
extension CoordinatorNode {
    /// Jobs that one decision forgets, so that others wait for the log no longer than usual.
    private static let jobsPerStep = 32

    /// Takes in that jobs may have become history; trims it once enough have.
    func noteHistory(_ facts: [Fact]) {
        for fact in facts {
            switch fact {
            case .jobEnded(let job, _, _) where books[job]?.longTextBytes ?? 0 > 0:
                historyChanges += scheduler.settings.historyJobs
            case .jobEnded, .jobCleaned, .resultsReleased, .storedOutputsRemoved: historyChanges += 1
            default: break
            }
        }
        if historyChanges * 32 >= scheduler.settings.historyJobs, historyChanges > 0 { trimHistory() }
    }

    /// Forgets what is beyond the limits, step by step, beside all other work.
    func trimHistory() {
        historyChanges = 0
        if isTrimming { return }
        isTrimming = true
        Task {
            while true {
                let jobs = forgettable()
                if jobs.isEmpty { break }
                await forget(jobs)
            }
            isTrimming = false
        }
    }

    /// Lists the oldest jobs beyond the limits to which nothing is owed, as many as one step takes.
    private func forgettable() -> [JobID] {
        let settings = scheduler.settings
        var (jobs, tasks, bytes) = (0, 0, 0)
        var beyond: [JobID] = []
        for record in scheduler.ledger.jobs.reversed() where !record.isLive {
            guard let book = books[record.id], book.request.parent == nil else { continue }
            jobs += 1
            tasks += record.taskCount
            bytes += book.longTextBytes
            if jobs > settings.historyJobs || (jobs > 1 && tasks > settings.historyTasks)
                || (book.longTextBytes > 0 && bytes > Limits.longSQLTotalBytes)
            {
                beyond.append(record.id)
            }
        }
        let free = beyond.reversed().lazy.filter { [scheduler] in scheduler.canForget($0) }
        return Array(free.prefix(Self.jobsPerStep))
    }

    /// Forgets jobs, and waits until the log has.
    private func forget(_ jobs: [JobID]) async {
        let dropped = jobs.compactMap { books[$0] }
        for book in dropped { _ = status(of: book) }
        handle(.forget(jobs))
        await keep([])
        // Whoever still waits for a change of one of them is told its end, which is durable by now.
        for book in dropped { book.changed() }
        await Task.yield()
    }

    /// Forgets the jobs of runs as far as they owe nothing; returns whether none is left.
    func forgetParts(ofRuns ids: [String]) async -> Bool {
        while true {
            let parts = ids.flatMap { runParts[$0] ?? [] }
            let jobs = parts.filter { scheduler.canForget($0) }.prefix(Self.jobsPerStep)
            if jobs.isEmpty { return parts.isEmpty }
            await forget(Array(jobs))
        }
    }

    /// Drops the books of forgotten jobs and what is kept of forgotten workers, and returns what drops the
    /// jobs from the log.
    func forget(_ facts: [Fact]) -> [LogRecord] {
        var records: [LogRecord] = []
        if facts.contains(where: { if case .workerForgotten = $0 { true } else { false } }) {
            met = met.filter { scheduler.ledger.worker($0) != nil }
        }
        for case .jobForgotten(let job) in facts {
            guard let book = books.removeValue(forKey: job) else { continue }
            environment.tokens?.forget(job)
            records.append(.jobForgotten(job, externalID: book.externalID))
            guard let run = book.request.parent else { continue }
            runParts[run]?.removeAll { $0 == job }
            if runParts[run]?.isEmpty == true { runParts[run] = nil }
        }
        return records
    }
}

extension LogRecord {
    /// Returns what the log makes of a fact; nil for that of a forgotten job, with which more goes.
    init?(_ fact: Fact) {
        switch fact {
        case .jobForgotten: return nil
        case .workerForgotten(let worker): self = .workerForgotten(worker)
        default: self = .fact(fact)
        }
    }
}

extension JobRecord {
    /// Tasks of all statements.
    fileprivate var taskCount: Int {
        statements.reduce(0) { $0 + $1.stages.reduce(0) { $0 + $1.tasks.count } }
    }
}
