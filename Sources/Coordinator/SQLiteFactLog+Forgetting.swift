import CSQLite
import Scheduling
import Vocabulary

// Records go with their owner, in the transactions of other records, so many at a time:
//
//     forgotten ──▶ submission, acceptance, 1,000 records ──▶ 1,000 with each later append ──▶ …
//
// Without its acceptance a job is unknown, and facts about it change nothing: wherever that ends, the log
// folds to the same.
extension SQLiteFactLog {
    /// Most records that one transaction drops of a job.
    static let recordsPerStep = 1000
    /// Most pages that one step gives back to the file system.
    private static let pagesPerStep = 256

    /// Drops records of an owner, the first ones first; returns how many.
    func drop(_ owner: RecordOwner) throws(EngineError) -> Int {
        let statement = try prepared(
            """
            DELETE FROM record WHERE number IN (
                SELECT number FROM record WHERE owner = ? ORDER BY number
                LIMIT \(SQLiteFactLog.recordsPerStep))
            """)
        defer { sqlite3_finalize(statement) }
        bind(owner, to: statement, at: 1)
        guard sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
        return Int(sqlite3_changes(database))
    }

    /// Goes on with jobs that have records left; returns how many went.
    func dropLeftovers() throws(EngineError) -> Int {
        var dropped = 0
        while dropped < SQLiteFactLog.recordsPerStep, let job = leftovers.first {
            let count = try drop(.job(job))
            dropped += count
            if count < SQLiteFactLog.recordsPerStep { leftovers.removeFirst() }
        }
        return dropped
    }

    /// Leaves out what is left of forgotten jobs, and notes these.
    func withoutLeftovers(_ records: [LogRecord]) -> [LogRecord] {
        var accepted: Set<JobID> = []
        for case .fact(.jobAccepted(let job, _, _)) in records { accepted.insert(job) }
        let left = Set(records.compactMap(\.job)).subtracting(accepted)
        leftovers = left.sorted()
        return left.isEmpty ? records : records.filter { $0.job.map { !left.contains($0) } ?? true }
    }

    /// Gives pages back once a quarter of the file is free; up to that, later records take their place.
    func shrink() throws(EngineError) {
        let free = try firstNumber("PRAGMA freelist_count")
        guard free > SQLiteFactLog.pagesPerStep, free * 4 > (try firstNumber("PRAGMA page_count")) else {
            return
        }
        try run("PRAGMA incremental_vacuum(\(SQLiteFactLog.pagesPerStep))")
    }
}
