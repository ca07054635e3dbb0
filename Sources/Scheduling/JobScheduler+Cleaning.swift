import Vocabulary

/// Names one statement of a job.
package struct StatementKey: Hashable, Sendable, CustomStringConvertible {
    package var job: JobID
    /// 0-based position of the statement in its job.
    package var statement: UInt32

    package init(job: JobID, statement: UInt32) {
        self.job = job
        self.statement = statement
    }
    package var description: String { "\(job).\(statement)" }
}

extension StageKey {
    /// The statement that the stage is of.
    package var statementKey: StatementKey { StatementKey(job: job, statement: statement) }
}

// Cleaning: what attempts wrote aside is removed once none of them can write any more.
//
//     job failed or cancelled ─────────────────┐ no attempt runs
//     statement committed, losers still run ───┴──────────────────▶ .clean ──▶ .cleaned
//     an attempt comes back with its worker ── it stops ──▶ .clean again
//     the coordinator starts again: which losers ran, no fact tells ──▶ .clean of what was committed lately
//
// **Invariant:** no `.clean` while a worker that is not lost runs an attempt of the statement: the attempt
// would make its folder anew.
extension JobScheduler {
    /// For so long after a job's end, by the wall clock, its losers are thought to run on at most: far longer
    /// than one needs to stop, or than its worker's lease.
    static let loserMilliseconds: Int64 = 600_000

    /// Whether the statement's attempts are of no more use: it is committed, or its job has ended.
    private func isOver(_ key: StatementKey) -> Bool {
        guard key.job.index < ledger.jobs.count else { return true }
        let job = ledger.jobs[key.job.index]
        guard job.isLive, Int(key.statement) < job.statements.count else { return true }
        return job.statements[Int(key.statement)].isCommitted
    }

    /// Counts an attempt that a worker came with, if its statement is over. One of a lost log writes to
    /// another job's folder.
    mutating func noteLate(_ attempt: AttemptID) {
        if ledger.isForeign(attempt) { return }
        let key = attempt.task.stage.statementKey
        if isOver(key) { lateAttempts[key, default: 0] += 1 }
    }

    /// Notes that an attempt runs no more; after the last one its statement is cleaned.
    mutating func noteEnd(_ attempt: AttemptID) {
        let key = attempt.task.stage.statementKey
        guard !ledger.isForeign(attempt), let count = lateAttempts[key] else { return }
        lateAttempts[key] = count > 1 ? count - 1 : nil
        if count == 1 { requestCleaning(key) }
    }

    /// Begins to count the attempts of a statement that is over from now on; it is cleaned after the last.
    /// Without any it is cleaned when `isFailed`, and was cleaned by its commit otherwise.
    mutating func closeStatement(_ key: StatementKey, isFailed: Bool) {
        var count = 0
        if runtimes[key.job.index]?.runningCount ?? 0 > 0 {
            for link in links {
                count +=
                    link?.attempts.count {
                        $0.id.task.stage.statementKey == key && !ledger.isForeign($0.id)
                    } ?? 0
            }
        }
        if count > 0 { lateAttempts[key] = count } else if isFailed { requestCleaning(key) }
    }

    /// Has those statements of a job cleaned, after a restart, whose losers may have run on when this
    /// coordinator's last life ended: a worker that died meanwhile says nothing of them.
    mutating func cleanCommitted(_ job: JobRecord) {
        let ended = job.endedMilliseconds.map { abs(now.wallMilliseconds - $0) } ?? 0
        if ended > JobScheduler.loserMilliseconds { return }
        for (statement, record) in job.statements.enumerated() where record.isCommitted {
            requestCleaning(StatementKey(job: job.id, statement: UInt32(statement)))
        }
    }

    mutating func requestCleaning(_ key: StatementKey) {
        if !uncleaned.contains(key) { uncleaned.append(key) }
    }

    /// Has those statements cleaned whose last attempt has stopped; after a restart only once every worker
    /// that was known has said what it runs, or is lost.
    mutating func cleanStopped() {
        if uncleaned.isEmpty || absentSince.contains(where: { $0 != nil }) { return }
        for key in uncleaned where lateAttempts[key] == nil {
            act(.clean(key.job, statement: key.statement))
        }
        uncleaned = []
    }

    /// Takes the word that a statement's staging is gone.
    mutating func cleaned(_ job: JobID, _ statement: UInt32) {
        guard job.index < ledger.jobs.count else { return ignore(.unknownJob(job)) }
        let entry = ledger.jobs[job.index]
        let isLast = Int(statement) == max(0, entry.statements.count - 1)
        let isUnsuccessful = !entry.isLive && entry.outcome != .succeeded
        if isLast, isUnsuccessful, !entry.isCleaned { record(.jobCleaned(job)) }
    }
}

extension JobRecord {
    /// The statement that an unsuccessful job had open, if any was: the last one that was planned.
    var lastStatement: StatementKey {
        StatementKey(job: id, statement: UInt32(max(0, statements.count - 1)))
    }
}
