import Vocabulary

/// Names one statement of a job.
package struct StatementKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var job: JobID
    /// 0-based position of the statement in its job.
    package var statement: UInt32

    package init(job: JobID, statement: UInt32) {
        self.job = job
        self.statement = statement
    }
    package var description: String { "\(job).\(statement)" }

    package static func < (a: StatementKey, b: StatementKey) -> Bool {
        (a.job.index, a.statement) < (b.job.index, b.statement)
    }
}

/// Remembers what could not be removed, and when that is tried again.
struct CleaningRetry: Sendable {
    enum Subject: Sendable {
        case staging(StatementKey)
        case copies(JobID)
    }

    var what: Subject
    var at: Instant
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
//     the storage did not let it ── a minute later ──▶ .clean again, as long as it does not
//     the coordinator starts again ── losersLeft tells of the statements of which attempts ran ──▶ .clean
//
// **Invariant:** no `.clean` while a worker that is not lost runs an attempt of the statement: the attempt
// would make its folder anew.
extension JobScheduler {
    /// Counts an attempt that a worker came with, if its statement is over. One of a lost log writes to
    /// another job's folder.
    mutating func noteLate(_ attempt: AttemptID) {
        if ledger.isForeign(attempt) { return }
        let key = attempt.task.stage.statementKey
        if !ledger.jobs.isOver(key.job, key.statement) { return }
        lateAttempts[key, default: 0] += 1
        noteLosers(key)
    }

    /// Makes a fact of it that attempts of a statement that is over have yet to be cleaned up after, where
    /// no other fact tells.
    private mutating func noteLosers(_ key: StatementKey) {
        guard ledger.jobs.contains(key.job) else { return }
        let job = ledger.jobs[key.job.index]
        guard Int(key.statement) < job.statements.count, !job.losersLeft.contains(key.statement) else {
            return
        }
        if job.statements[Int(key.statement)].isCommitted || job.isCleaned {
            record(.losersLeft(key.job, statement: key.statement))
        }
    }

    /// Notes that an attempt runs no more; after the last one its statement is cleaned.
    mutating func noteEnd(_ attempt: AttemptID) {
        let key = attempt.task.stage.statementKey
        guard !ledger.isForeign(attempt), let count = lateAttempts[key] else { return }
        lateAttempts[key] = count > 1 ? count - 1 : nil
        if count == 1 { requestCleaning(key) }
    }

    /// Begins to count the attempts of a statement that is over from now on; it is cleaned after the last.
    /// Without any it is cleaned when `isFailed`, and was cleaned by its commit otherwise: again, when
    /// workers have yet to say whether they run one.
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
        let mayRun = absentSince.contains { $0 != nil }
        if count > 0 { lateAttempts[key] = count }
        if count > 0 || mayRun { noteLosers(key) }
        if count == 0, isFailed || mayRun { requestCleaning(key) }
    }

    mutating func requestCleaning(_ key: StatementKey) { uncleaned.insert(key) }

    /// Has those statements cleaned whose last attempt has stopped; after a restart only once every worker
    /// that was known has said what it runs, or is lost.
    mutating func cleanStopped() {
        if uncleaned.isEmpty || absentSince.contains(where: { $0 != nil }) { return }
        for key in uncleaned.sorted() where lateAttempts[key] == nil {
            act(.clean(key.job, statement: key.statement))
        }
        uncleaned = []
    }

    /// Takes the word that something could not be removed: whoever holds it up may let it go.
    mutating func cleanLater(_ what: CleaningRetry.Subject) {
        let at = now.monotonic + settings.cleaningRetryMilliseconds
        cleaningRetries.append(CleaningRetry(what: what, at: at))
        mustArmTimer = true
        if case .copies(let job) = what, ledger.jobs.contains(job) { mayHaveStored.insert(job) }
    }

    /// Asks again for what could not be removed some time ago.
    mutating func retryCleaning() {
        while let first = cleaningRetries.first, now.monotonic >= first.at {
            cleaningRetries.removeFirst()
            switch first.what {
            case .staging(let key): requestCleaning(key)
            case .copies(let job): if ledger.jobs.contains(job) { removeStoredOutputs(of: job) }
            }
        }
    }

    /// Takes the word that a statement's staging is gone.
    mutating func cleaned(_ job: JobID, _ statement: UInt32) {
        guard job.index < ledger.jobs.count else { return ignore(.unknownJob(job)) }
        let entry = ledger.jobs[job.index]
        if entry.losersLeft.contains(statement),
            lateAttempts[StatementKey(job: job, statement: statement)] == nil
        {
            record(.losersCleaned(job, statement: statement))
        }
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
