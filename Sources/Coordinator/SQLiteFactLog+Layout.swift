import CSQLite
import Scheduling
import Vocabulary

// The tables of the log, and what makes those of earlier layouts into them:
//
//     record: number │ kind │ checksum │ bytes │ owner     tally: records     result: attempt │ job │ …
extension SQLiteFactLog {
    /// Makes the tables, or brings those of an earlier layout to this one, in one transaction.
    func prepare() throws(EngineError) {
        // Works on an empty file alone; an older log gets it with its new layout.
        try run("PRAGMA auto_vacuum = INCREMENTAL")
        try run("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
        let version = try firstNumber("PRAGMA user_version")
        if version > SQLiteFactLog.layoutVersion {
            throw .user(
                "UNSUPPORTED_LOG_VERSION",
                "The log is of version \(version); this build reads up to "
                    + "\(SQLiteFactLog.layoutVersion): \(path)",
                remedy: "Start the coordinator version that wrote the log, or a newer one.")
        }
        if version == SQLiteFactLog.layoutVersion { return }
        try run("BEGIN IMMEDIATE")
        do throws(EngineError) {
            try makeTables()
            try setOwners(countsRecords: version < SQLiteFactLog.tallyVersion)
            try run("PRAGMA user_version = \(SQLiteFactLog.layoutVersion)")
            try run("COMMIT")
        } catch {
            try? run("ROLLBACK")
            throw error
        }
        if version > 0, version < SQLiteFactLog.tallyVersion {
            // Gives up the place of what is forgotten from now on; where that fails, later records take it.
            try? run("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
        }
    }

    private func makeTables() throws(EngineError) {
        try run(
            """
            CREATE TABLE IF NOT EXISTS record (
                number INTEGER PRIMARY KEY, kind INTEGER NOT NULL,
                checksum INTEGER NOT NULL, bytes BLOB NOT NULL)
            """)
        try run(
            """
            CREATE TABLE IF NOT EXISTS result (
                attempt TEXT PRIMARY KEY, job INTEGER NOT NULL, checksum INTEGER NOT NULL,
                bytes BLOB NOT NULL)
            """)
        try run("CREATE INDEX IF NOT EXISTS result_of_job ON result (job)")
        let column = "SELECT count(*) FROM pragma_table_info('record') WHERE name = 'owner'"
        if try firstNumber(column) == 0 { try run("ALTER TABLE record ADD COLUMN owner") }
        try run("CREATE INDEX IF NOT EXISTS record_of_owner ON record (owner) WHERE owner IS NOT NULL")
        try run("CREATE TABLE IF NOT EXISTS tally (records INTEGER NOT NULL)")
    }

    /// The first layout that counts records and gives up places.
    private static let tallyVersion = 5

    /// Says of each record of an earlier layout whose it is. Those that do not count records have numbered
    /// them without a gap.
    private func setOwners(countsRecords: Bool) throws(EngineError) {
        var owners: [(number: Int64, owner: RecordOwner)] = []
        var count: Int64 = 0
        var isWhole = true
        try forEachRecord { number, record in
            count += 1
            isWhole = isWhole && number == count
            if let owner = record.owner { owners.append((number, owner)) }
        }
        guard isWhole || !countsRecords else { throw damaged("records are missing") }
        let statement = try prepared("UPDATE record SET owner = ? WHERE number = ?")
        defer { sqlite3_finalize(statement) }
        for (number, owner) in owners {
            bind(owner, to: statement, at: 1)
            sqlite3_bind_int64(statement, 2, number)
            guard sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
            sqlite3_reset(statement)
        }
        if countsRecords { try run("DELETE FROM tally; INSERT INTO tally (records) VALUES (\(count))") }
    }

    /// Binds an owner, of whose text SQLite makes a copy; nil as NULL.
    func bind(_ owner: RecordOwner?, to statement: OpaquePointer, at place: Int32) {
        switch owner {
        case nil: sqlite3_bind_null(statement, place)
        case .job(let job): sqlite3_bind_int64(statement, place, Int64(job.rawValue))
        case .name(let name): bind(name, to: statement, at: place)
        }
    }

    /// Binds a text, of which SQLite makes a copy.
    func bind(_ text: String, to statement: OpaquePointer, at place: Int32) {
        sqlite3_bind_text(statement, place, text, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
    }
}
