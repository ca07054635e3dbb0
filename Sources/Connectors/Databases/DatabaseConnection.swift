import CADBC
import Columns
import Execution
import Plans
import Synchronization
import Vocabulary

/// Holds a connection to a database through its ADBC driver. Used by one thread at a time, but for `cancel`.
///
/// `@unchecked Sendable`: whoever opened it uses it alone; what `cancel` touches is behind the mutex.
final class DatabaseConnection: @unchecked Sendable {
    private let connection: OpaquePointer
    /// Outlives the connection.
    private let handle: DriverHandle
    /// The job whose other connections share the driver's handle; nil where none do.
    private let job: String?
    let target: DatabaseTarget
    let secrets: SecretResolver
    /// The statement that runs now.
    private let current = Mutex<(statement: OpaquePointer?, isCancelled: Bool)>((nil, false))

    /// Connects. Throws `user` errors where the database refuses, `system` errors where it cannot be reached.
    /// `job`: whose other connections may share what the driver learns of the server; `isFirst`: whether what
    /// it knows is to be forgotten.
    init(
        _ target: DatabaseTarget, _ secrets: SecretResolver, session: DriverSession = DriverSession(),
        job: String? = nil, isFirst: Bool = false
    ) throws(EngineError) {
        self.target = target
        self.secrets = secrets
        self.job = target.dialect.sharesHandles ? job : nil
        (connection, handle) = try DriverHandles.connect(
            target, secrets, session, job: self.job, isNew: isFirst)
    }

    /// Returns another connection to the same database.
    func another() throws(EngineError) -> DatabaseConnection {
        try DatabaseConnection(target, secrets, job: job)
    }

    deinit {
        cadbc_disconnect(connection)
        withExtendedLifetime(handle) {}
    }

    /// Runs a statement that gives no rows, and returns how many it changed, -1 where unknown.
    @discardableResult
    func execute(_ sql: String) throws(EngineError) -> Int {
        let statement = try prepare(sql)
        defer { release(statement) }
        var affected: Int64 = -1
        var error = cadbc_error()
        guard cadbc_statement_run(statement, nil, &affected, &error) == 0 else { throw failure(error) }
        return Int(affected)
    }

    /// Runs a query.
    func query(
        _ sql: String, options: [(name: String, value: String)] = []
    ) throws(EngineError) -> QueryRows {
        let statement = try prepare(sql, options)
        var error = cadbc_error()
        var affected: Int64 = -1
        let stream = UnsafeMutablePointer<ArrowArrayStream>.allocate(capacity: 1)
        stream.initialize(to: ArrowArrayStream())
        guard cadbc_statement_run(statement, stream, &affected, &error) == 0 else {
            stream.deallocate()
            release(statement)
            throw failure(error)
        }
        return try QueryRows(self, statement, stream)
    }

    /// Returns the first row of a query as text, nil when it gives none.
    func row(_ sql: String) throws(EngineError) -> [String?]? { try rows(sql).first }

    /// Returns the few rows of a query whose columns are texts or whole numbers, as text.
    func rows(_ sql: String) throws(EngineError) -> [[String?]] {
        let given = try query(sql)
        var rows: [[String?]] = []
        while let batch = try given.next() {
            for row in 0..<batch.count {
                rows.append(batch.columns.map { $0.scalar(at: row).plainText($0.type) })
            }
        }
        return rows
    }

    /// Returns the same by the columns' names in small letters, without nulls.
    func records(_ sql: String) throws(EngineError) -> [[String: String]] {
        let given = try query(sql)
        let names = given.fields.map { $0.name.lowercased() }
        var records: [[String: String]] = []
        while let batch = try given.next() {
            for row in 0..<batch.count {
                var record: [String: String] = [:]
                for (name, column) in zip(names, batch.columns) {
                    record[name] = column.scalar(at: row).plainText(column.type)
                }
                records.append(record)
            }
        }
        return records
    }

    /// Loads rows in bulk into a table, and returns when the database has them all. Throws what `next` threw.
    func ingest(
        _ fields: [Field], options: [(name: String, value: String)], next: @escaping () throws -> Batch?
    ) throws {
        let statement = try make(options)
        defer { release(statement) }
        let stream = UnsafeMutablePointer<ArrowArrayStream>.allocate(capacity: 1)
        defer { stream.deallocate() }
        let ended = ArrowExport.stream(fields, into: stream, next: next)
        var error = cadbc_error()
        guard cadbc_statement_bind(statement, stream, &error) == 0 else {
            cadbc_stream_release(stream)
            throw failure(error)
        }
        var affected: Int64 = -1
        let status = cadbc_statement_run(statement, nil, &affected, &error)
        if let cause = ended.error { throw cause }
        if status != 0 { throw failure(error) }
    }

    // MARK: transactions

    /// Begins a transaction; the driver must know of it, as it begins its own otherwise.
    func begin() throws(EngineError) { try transaction(cadbc_begin) }
    func commit() throws(EngineError) { try transaction(cadbc_commit) }
    func rollback() throws(EngineError) { try transaction(cadbc_rollback) }

    private func transaction(
        _ call: (OpaquePointer?, UnsafeMutablePointer<cadbc_error>?) -> Int32
    ) throws(EngineError) {
        var error = cadbc_error()
        guard call(connection, &error) == 0 else { throw failure(error) }
    }

    // MARK: statements

    private func make(_ options: [(name: String, value: String)]) throws(EngineError) -> OpaquePointer {
        var error = cadbc_error()
        guard let statement = cadbc_statement_new(connection, &error) else { throw failure(error) }
        for (name, value) in options
        where cadbc_statement_option(statement, name, value, &error) != 0 {
            cadbc_statement_free(statement)
            throw failure(error)
        }
        let isCancelled = current.withLock { state in
            state.statement = statement
            return state.isCancelled
        }
        if isCancelled {
            release(statement)
            throw DatabaseFailure.cancelled
        }
        return statement
    }

    private func prepare(
        _ sql: String, _ options: [(name: String, value: String)] = []
    ) throws(EngineError) -> OpaquePointer {
        let statement = try make(options)
        var error = cadbc_error()
        guard cadbc_statement_sql(statement, sql, &error) == 0 else {
            release(statement)
            throw failure(error)
        }
        return statement
    }

    fileprivate func release(_ statement: OpaquePointer) {
        current.withLock { if $0.statement == statement { $0.statement = nil } }
        cadbc_statement_free(statement)
    }

    fileprivate func failure(_ error: cadbc_error) -> EngineError {
        if current.withLock({ $0.isCancelled }) { return DatabaseFailure.cancelled }
        return DatabaseFailure.running(error, target, secrets)
    }

    /// Stops the statement that runs; every later one fails. Called by any thread.
    func cancel() {
        current.withLock { state in
            state.isCancelled = true
            // Under the lock, so that the statement is not freed meanwhile.
            if let statement = state.statement { cadbc_statement_cancel(statement) }
        }
    }
}

extension Scalar {
    /// A text, or a number as one; nil for null and other values.
    fileprivate func plainText(_ type: DataType) -> String? {
        switch (self, type) {
        case (.string(let text), _): text
        case (.integer(let value), _): String(value)
        case (.decimal(let value), .decimal(_, let scale)): Literal.decimalText(value, scale: scale)
        default: nil
        }
    }
}

/// Gives the rows of a query, array by array.
///
/// `@unchecked Sendable`: used by the thread that uses the connection.
final class QueryRows: @unchecked Sendable {
    private let connection: DatabaseConnection
    private let statement: OpaquePointer
    private let stream: UnsafeMutablePointer<ArrowArrayStream>
    let fields: [ArrowField]

    init(
        _ connection: DatabaseConnection, _ statement: OpaquePointer,
        _ stream: UnsafeMutablePointer<ArrowArrayStream>
    ) throws(EngineError) {
        self.connection = connection
        self.statement = statement
        self.stream = stream
        var schema = ArrowSchema()
        var error = cadbc_error()
        guard cadbc_stream_schema(stream, &schema, &error) == 0 else {
            fields = []
            throw connection.failure(error)
        }
        fields = ArrowField(schema).children
        cadbc_schema_release(&schema)
    }

    deinit {
        cadbc_stream_release(stream)
        stream.deallocate()
        connection.release(statement)
    }

    /// Returns the next rows as the driver gives them; nil at the end. `record`: what the first column holds,
    /// which then gives several.
    func next(_ record: PostgresRecord? = nil) throws(EngineError) -> Batch? {
        while true {
            var array = ArrowArray()
            var error = cadbc_error()
            guard cadbc_stream_next(stream, &array, &error) == 0 else { throw connection.failure(error) }
            guard array.release != nil else { return nil }
            defer { cadbc_array_release(&array) }
            var count = Int(array.length)
            if count == 0 { continue }
            var columns: [Vector] = []
            for (index, field) in fields.enumerated() {
                guard let child = array.children[index] else { continue }
                if index == 0, let record {
                    let packed = try record.vectors(child.pointee)
                    columns += packed.vectors
                    count = packed.count
                    continue
                }
                do { columns.append(try ArrowImport.vector(child.pointee, field)) } catch {
                    throw (error as? EngineError) ?? .internal("\(error)")
                }
            }
            // Chunks may be without rows.
            if count > 0 { return Batch(columns: columns, count: count) }
        }
    }
}
