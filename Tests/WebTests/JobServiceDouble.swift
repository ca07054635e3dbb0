import Columns
import Protocol
import Vocabulary

/// Answers as a coordinator with one running and one failed job would.
struct JobServiceDouble: JobService {
    static let id = "0193581e-5a7c-7d21-9b1a-4f0d6a6b1001"

    private func status(_ state: JobState, version: Int = 3) -> JobStatus {
        JobStatus(
            id: JobServiceDouble.id, name: "double", state: state, submittedAt: "2026-01-31T09:30:00.125Z",
            progress: 0.5, stages: .init(total: 2, done: 1, running: 1), version: version, hasResult: true)
    }

    private func check(_ id: String) throws {
        if id != JobServiceDouble.id {
            throw EngineError.user("JOB_NOT_FOUND", "There is no job with this id: \(id)")
        }
    }

    func submit(_ request: JobRequest) async throws -> JobStatus {
        if request.name == "conflict" { throw EngineError.user("JOB_ID_CONFLICT", "Another job has this id") }
        return status(.queued)
    }

    func job(_ id: String) async throws -> JobStatus {
        try check(id)
        return status(.running)
    }

    func jobs(_ query: JobQuery) async throws -> JobList {
        let all = [status(.running), status(.failed)].filter { query.states?.contains($0.state) ?? true }
        if query.after != nil { return JobList([]) }
        return JobList(
            Array(all.prefix(query.limit)), next: all.count > query.limit ? JobServiceDouble.id : nil)
    }

    func stages(_ id: String) async throws -> [StageStatus] {
        try check(id)
        return [
            StageStatus(
                id: "0.0", name: "scan", state: "running",
                tasks: .init(total: 4, done: 1, running: 2, failed: 1),
                rowsIn: 10, bytesIn: 100, shuffleBytes: 50, spillBytes: 5)
        ]
    }

    func tasks(_ id: String) async throws -> [TaskStatus] {
        try check(id)
        return (0..<4).map { place in
            TaskStatus(
                stage: "0.\(place / 2)", index: place % 2, state: place == 0 ? "running" : "waiting",
                attempts: 1)
        }
    }

    func timeline(_ id: String, since: Int64?) async throws -> Timeline {
        try check(id)
        let row: [Int64] = [0, 0, 3, 10, 250, 1, 1000]
        return Timeline(
            origin: 1_000, until: 2_000, stages: ["0.0", "0.1"], workers: ["3": "127.0.0.1:7078"],
            finished: since == nil ? [row] : [], running: [])
    }

    func source(_ id: String) async throws -> JobSource {
        try check(id)
        return JobSource(
            file: "job.sql", statements: [.init(text: "SELECT 1", line: 1, state: "running")])
    }

    func plan(_ id: String) async throws -> String {
        try check(id)
        return "Scan\n"
    }

    func logs(_ id: String, from: Int) async throws -> [LogLine] {
        try check(id)
        return Array([LogLine(time: "t", level: "info", message: "accepted")].dropFirst(from))
    }

    func waitForChange(_ id: String, after version: Int, milliseconds: Int) async throws -> JobStatus {
        try check(id)
        return status(.succeeded, version: version + 1)
    }

    func result(_ id: String) async throws -> JobResult {
        try check(id)
        let schema = Schema([
            Field("id", .int64), Field("name", .string), Field("amount", .decimal(precision: 10, scale: 2)),
            Field("tags", .array(.int32, containsNull: true)), Field("at", .timestamp),
        ])
        let batch = Batch(
            columns: [
                .of(.int64, [.integer(1), .integer(2)]), .of(.string, [.string("a,\"b\"\n"), .null]),
                .of(.decimal(precision: 10, scale: 2), [.decimal(150), .decimal(-5)]),
                .of(.array(.int32, containsNull: true), [.array([.integer(1), .null]), .array([])]),
                .of(.timestamp, [.integer(1_719_829_800_000_000), .null]),
            ], count: 2)
        return JobResult(
            schema: schema, timeZone: "Europe/Berlin",
            batches: AsyncThrowingStream { stream in
                stream.yield(batch)
                stream.finish()
            })
    }

    func cancel(_ id: String) async throws -> JobStatus {
        try check(id)
        return status(.cancelled)
    }

    func retry(_ id: String) async throws -> JobStatus {
        try check(id)
        return status(.queued)
    }

    func workers() async throws -> [WorkerStatus] {
        [
            WorkerStatus(
                id: "w1", address: "127.0.0.1:7078", state: "active", slots: .init(total: 4, used: 2),
                memory: .init(total: 100, used: 10), shuffleBytes: 50)
        ]
    }

    func cluster() async throws -> ClusterStatus {
        ClusterStatus(
            version: "1", epoch: 1, workers: 1, slots: .init(total: 4, used: 2), queuedTasks: 7,
            runningJobs: 1,
            queuedJobs: 0)
    }

    func explain(_ request: JobRequest) async throws -> String { "Plan of \(request.sql)" }
}
