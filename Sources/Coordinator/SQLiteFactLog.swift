import CSQLite
import Protocol
import Scheduling
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps the log in an SQLite database of the state directory, which it locks: WAL, flushed at every append.
///
/// Records are rows in order of their number; each has a checksum over its kind and bytes, and an owner, with
/// whom it goes. `tally` counts them, so that none goes by itself. The bytes of results are in a table of
/// their own, from which they go again. SQLite fills the place of what went with others.
///
/// `@unchecked Sendable`: `mutex` guards the connection and `leftovers`.
package final class SQLiteFactLog: FactLog, @unchecked Sendable {
    private let mutex = Mutex(())
    let database: OpaquePointer
    /// Forgotten jobs with records left: their acceptance went first, so that the others mean nothing.
    var leftovers: [JobID] = []
    private let lock: Int32
    let path: String

    /// Layout of the tables; grows when an older build could not read them.
    /// 2: records of kinds `note` and `pipeline`. 3: records of kind `catalog`. 4: the table of
    /// results, and facts that tell of it. 5: owners of records, and the tally. 6: workers among the owners,
    /// and facts that tell of what came second. 7: facts that tell of crashes. 8: the key of tokens.
    static let layoutVersion = 8

    enum Kind: Int32 {
        case fact = 1
        case submission, plan, note, pipeline, catalog, tokenKey
    }

    /// Opens the log, or begins one. Throws `STATE_LOCKED`, `STATE_NOT_ACCESSIBLE` and
    /// `UNSUPPORTED_LOG_VERSION` (user), and `CORRUPT_LOG` (system).
    package init(directory: String) throws(EngineError) {
        path = directory + "/log.sqlite"
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw .user(
                "STATE_NOT_ACCESSIBLE",
                "Cannot make the state directory, \(String(cString: strerror(errno))): \(directory)")
        }
        lock = open(directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw .user(
                "STATE_NOT_ACCESSIBLE",
                "Cannot use the state directory, \(String(cString: strerror(errno))): \(directory)")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .user(
                "STATE_LOCKED", "Another coordinator uses this state directory: \(directory)",
                remedy: "Stop it, or give this one another directory with --state.")
        }
        var handle: OpaquePointer?
        let status = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
        guard status == SQLITE_OK, let handle else {
            sqlite3_close(handle)
            close(lock)
            throw .user("STATE_NOT_ACCESSIBLE", "Cannot open the log: \(path)")
        }
        database = handle
        do throws(EngineError) {
            try prepare()
        } catch {
            sqlite3_close(handle)
            close(lock)
            throw error
        }
    }

    deinit {
        sqlite3_close(database)
        close(lock)
    }

    package var isDurable: Bool { true }

    // MARK: - Records

    package func load() throws -> [LogRecord] {
        try mutex.withLock { _ throws(EngineError) in
            var records: [LogRecord] = []
            try forEachRecord { _, record in records.append(record) }
            guard try firstNumber("SELECT records FROM tally") == records.count else {
                throw damaged("records are missing")
            }
            return withoutLeftovers(records)
        }
    }

    /// Reads all records in order of their numbers.
    func forEachRecord(_ body: (Int64, LogRecord) -> Void) throws(EngineError) {
        let statement = try prepared("SELECT number, kind, checksum, bytes FROM record ORDER BY number")
        defer { sqlite3_finalize(statement) }
        while true {
            let status = sqlite3_step(statement)
            if status == SQLITE_DONE { return }
            guard status == SQLITE_ROW else { throw failure() }
            let number = sqlite3_column_int64(statement, 0)
            let kind = sqlite3_column_int(statement, 1)
            let count = Int(sqlite3_column_bytes(statement, 3))
            let bytes = Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, 3), count: count))
            guard sqlite3_column_int64(statement, 2) == SQLiteFactLog.checksum(kind, bytes) else {
                throw damaged("record \(number) is changed")
            }
            body(number, try SQLiteFactLog.record(kind, bytes, damaged))
        }
    }

    private static func record(
        _ kind: Int32, _ bytes: [UInt8], _ damaged: (String) -> EngineError
    ) throws(EngineError) -> LogRecord {
        var reader = WireReader(bytes)
        switch Kind(rawValue: kind) {
        case .fact: return .fact(try reader.read())
        case .submission:
            return .submission(externalID: try reader.read(), Array(try reader.data()))
        case .plan:
            return .plan(try reader.read(), statement: try reader.read(), Array(try reader.data()))
        case .pipeline: return .pipeline(Array(try reader.data()))
        case .catalog: return .catalog(Array(try reader.data()))
        case .tokenKey: return .tokenKey(Array(try reader.data()))
        case .note: return .note(try reader.read(), try LogLine(from: &reader))
        case nil: throw damaged("it holds a record of unknown kind \(kind)")
        }
    }

    package func append(_ records: [LogRecord]) async throws {
        try mutex.withLock { _ throws(EngineError) in
            FailPoint.pass(.append)
            try run("BEGIN IMMEDIATE")
            var dropped = 0
            do throws(EngineError) {
                let inserted = try insert(records, &dropped)
                dropped += try dropLeftovers()
                let more = inserted - dropped
                if more != 0 { try run("UPDATE tally SET records = records + \(more)") }
                FailPoint.pass(.commit)
                try run("COMMIT")
            } catch {
                try? run("ROLLBACK")
                throw error
            }
            FailPoint.pass(.committed)
            if dropped > 0 { try shrink() }
        }
    }

    /// Returns how many rows were added, and adds to `dropped` how many went.
    private func insert(_ records: [LogRecord], _ dropped: inout Int) throws(EngineError) -> Int {
        let statement = try prepared("INSERT INTO record (kind, checksum, bytes, owner) VALUES (?, ?, ?, ?)")
        defer { sqlite3_finalize(statement) }
        var inserted = 0
        for record in records {
            switch SQLiteFactLog.encoded(record) {
            case .row(let kind, let bytes):
                let owner = record.owner
                if record.replacesEarlier, let owner { dropped += try drop(owner) }
                try insert(kind, bytes, owner, statement)
                inserted += 1
            case .result(let output): try insert(output)
            case .resultsDropped(let job): try run("DELETE FROM result WHERE job = \(job.rawValue)")
            case .forgotten(let owners):
                for owner in owners {
                    dropped += try drop(owner)
                    if case .job(let job) = owner { leftovers.append(job) }
                }
            }
        }
        return inserted
    }

    private func insert(
        _ kind: Kind, _ bytes: [UInt8], _ owner: RecordOwner?, _ statement: OpaquePointer
    ) throws(EngineError) {
        sqlite3_bind_int(statement, 1, kind.rawValue)
        sqlite3_bind_int64(statement, 2, SQLiteFactLog.checksum(kind.rawValue, bytes))
        bind(owner, to: statement, at: 4)
        let status = bytes.withUnsafeBytes { raw in
            sqlite3_bind_blob(statement, 3, raw.baseAddress, Int32(raw.count), nil)
            return sqlite3_step(statement)
        }
        guard status == SQLITE_DONE else { throw failure() }
        sqlite3_reset(statement)
    }

    /// Says what a record changes in the database.
    private enum Change {
        case row(Kind, [UInt8])
        case result(CarriedOutput)
        case resultsDropped(JobID)
        case forgotten([RecordOwner])
    }

    private static func encoded(_ record: LogRecord) -> Change {
        var writer = WireWriter()
        let kind: Kind
        switch record {
        case .fact(let fact):
            kind = .fact
            writer.write(fact)
        case .submission(let id, let payload):
            kind = .submission
            writer.write(id)
            writer.data(payload)
        case .plan(let job, let number, let bytes):
            kind = .plan
            writer.write(job)
            writer.write(number)
            writer.data(bytes)
        case .pipeline(let bytes):
            kind = .pipeline
            writer.data(bytes)
        case .catalog(let bytes):
            kind = .catalog
            writer.data(bytes)
        case .note(let job, let line):
            kind = .note
            writer.write(job)
            line.write(to: &writer)
        case .tokenKey(let bytes):
            kind = .tokenKey
            writer.data(bytes)
        case .result(let output): return .result(output)
        case .resultsDropped(let job): return .resultsDropped(job)
        case .jobForgotten(let job, let externalID):
            return .forgotten([.submission(externalID), .job(job)])
        case .runForgotten(let id): return .forgotten([.run(id)])
        case .workerForgotten(let worker): return .forgotten([.worker(worker)])
        }
        return .row(kind, writer.bytes)
    }

    // MARK: - Results

    private func insert(_ output: CarriedOutput) throws(EngineError) {
        let statement = try prepared(
            "INSERT OR REPLACE INTO result (attempt, job, checksum, bytes) VALUES (?, ?, ?, ?)")
        defer { sqlite3_finalize(statement) }
        bind(output.attempt, to: statement)
        sqlite3_bind_int64(statement, 2, Int64(output.attempt.task.stage.job.rawValue))
        sqlite3_bind_int64(statement, 3, SQLiteFactLog.checksum(0, output.bytes))
        let status = output.bytes.withUnsafeBytes { raw in
            sqlite3_bind_blob(statement, 4, raw.baseAddress, Int32(raw.count), nil)
            return sqlite3_step(statement)
        }
        guard status == SQLITE_DONE else { throw failure() }
    }

    /// Binds the text form of an attempt, of which SQLite makes a copy.
    private func bind(_ attempt: AttemptID, to statement: OpaquePointer) {
        bind(attempt.description, to: statement, at: 1)
    }

    package func result(of attempt: AttemptID) async throws -> [UInt8]? {
        try mutex.withLock { _ throws(EngineError) in
            let statement = try prepared("SELECT checksum, bytes FROM result WHERE attempt = ?")
            defer { sqlite3_finalize(statement) }
            bind(attempt, to: statement)
            switch sqlite3_step(statement) {
            case SQLITE_DONE: return nil
            case SQLITE_ROW: break
            default: throw failure()
            }
            let count = Int(sqlite3_column_bytes(statement, 1))
            let bytes = sqlite3_column_blob(statement, 1).map {
                Array(UnsafeRawBufferPointer(start: $0, count: count))
            }
            guard let bytes, SQLiteFactLog.checksum(0, bytes) == sqlite3_column_int64(statement, 0) else {
                throw damaged("the rows of task \(attempt) are not what was written")
            }
            return bytes
        }
    }

    /// FNV-1a of 64 bits (Fowler, Noll, Vo) over the kind and the bytes.
    private static func checksum(_ kind: Int32, _ bytes: [UInt8]) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(UInt32(bitPattern: kind))
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Int64(bitPattern: hash)
    }

    // MARK: - SQLite

    func run(_ sql: String) throws(EngineError) {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    func prepared(_ sql: String) throws(EngineError) -> OpaquePointer {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw failure()
        }
        return statement
    }

    func firstNumber(_ sql: String) throws(EngineError) -> Int {
        let statement = try prepared(sql)
        defer { sqlite3_finalize(statement) }
        guard sqlite3_step(statement) == SQLITE_ROW else { throw failure() }
        return Int(sqlite3_column_int64(statement, 0))
    }

    func failure() -> EngineError {
        let code = sqlite3_errcode(database)
        let reason = String(cString: sqlite3_errmsg(database))
        if code == SQLITE_CORRUPT || code == SQLITE_NOTADB { return damaged(reason) }
        return .system(
            "LOG_FAILED", "The coordinator's log cannot be used, \(reason): \(path)",
            remedy: code != SQLITE_FULL
                ? nil
                : "Make room on the disk of the state directory, or enlarge its volume, and start the "
                    + "coordinator again: jobs go on where they were.")
    }

    func damaged(_ reason: String) -> EngineError {
        .system(
            "CORRUPT_LOG", "The coordinator's log is damaged, \(reason): \(path)",
            remedy: "Restore the state directory from a copy, or begin anew with an empty one.")
    }
}
