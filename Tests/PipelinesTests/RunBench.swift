import Cluster
import Foundation
import Pipelines
import Protocol
import Synchronization
import Vocabulary

/// Runs pipelines of a folder in a cluster inside this process, with their state beside them.
final class RunBench {
    let folder: ProjectFolder
    let cluster: EmbeddedCluster
    let facts = FactList()
    /// What all runs warned of.
    let warned = Warnings()
    var state: String { folder.path + "/.millrace" }

    init(_ files: [String: String]) async throws {
        folder = try ProjectFolder(files)
        cluster = try await EmbeddedCluster(.init(slots: 2))
    }

    /// Collects warnings.
    final class Warnings: Sendable {
        private let texts = Mutex<[String]>([])
        func add(_ text: String) { texts.withLock { $0.append(text) } }
        var all: [String] { texts.withLock { $0 } }
    }

    /// Collects what was reported, of all runs or of the latest.
    final class FactList: Sendable {
        private let list = Mutex<(all: [RunFact], latest: Int)>(([], 0))
        func begin() { list.withLock { $0.latest = $0.all.count } }
        func add(_ fact: RunFact) { list.withLock { $0.all.append(fact) } }
        var all: [RunFact] { list.withLock { $0.all } }
        var latest: [RunFact] { list.withLock { Array($0.all[$0.latest...]) } }
    }

    /// Writes files beside the pipeline's and runs it. `service` stands between the run and the cluster.
    @discardableResult
    func run(
        files: [String: String] = [:], select: [String] = [], fullRefresh: Bool = false,
        testsOnly: Bool = false, kept: [String] = [], conf: [String: String] = [:],
        id: String? = nil, facts: [RunFact] = [],
        carrier: any AlertCarrier = OutsideCarrier(), mailServer: String? = nil,
        interval: (from: String, to: String) = ("2024-01-01", "2024-01-02"), isBackfill: Bool = false,
        retrying earlier: RunRecord? = nil,
        service: ((any JobService) -> any JobService)? = nil
    ) async throws -> RunRecord {
        try folder.write(files)
        let now = NodeClock.moment().wallMilliseconds
        let start = CivilTime.parse(interval.from) ?? 0
        var made = RunHeader(
            id: id ?? RunIdentity.new(milliseconds: now), pipeline: "p",
            kind: isBackfill ? .backfill : .manual,
            acceptedAt: now, intervalStart: start, intervalEnd: CivilTime.parse(interval.to) ?? 0,
            select: select, conf: conf, fullRefresh: fullRefresh,
            testsOnly: testsOnly, kept: kept)
        if let earlier { made.goOn(with: earlier) }
        let header = made
        let (path, state) = (folder.path, state)
        let context = RunContext(
            header, hasTable: { StateFolder.hasTable($0.folder, in: state) },
            place: { $0.hasPrefix("/") ? $0 : path + "/" + $0 })
        var loader = PipelineLoader(
            directory: path, run: context, environment: { ProjectFolder.variables[$0] })
        loader.mailServer = mailServer
        let pipeline = try loader.load()
        var record = RunRecord(header)
        for fact in facts { record.apply(RunEntry(at: now, fact: fact)) }
        let (list, warned) = (self.facts, self.warned)
        list.begin()
        let folder = try StateFolder(state)
        let run = try PipelineRun(
            pipeline, record: record, tables: folder.tables,
            service: service?(cluster.service) ?? cluster.service, control: RunControl(),
            journal: try RunFile(header, in: folder), carrier: carrier,
            warn: { warned.add($0) },
            report: { fact, _ in list.add(fact) })
        return try await run.run()
    }

    /// Returns the rows of a query, cells joined by commas. `{name}` stands for a published table.
    func rows(_ sql: String) async throws -> [String] {
        var text = sql
        for name in Set(sql.matches(of: /\{(\w+)\}/).map { String($0.1) }).sorted() {
            // Tables that grow have files with fewer columns, as later steps see them.
            let view =
                "CREATE TEMPORARY VIEW bench_\(name) USING parquet "
                + "OPTIONS (path '\(state)/tables/\(name)', mergeSchema 'true'); "
            text = view + text.replacing("{\(name)}", with: "bench_\(name)")
        }
        return try await plainRows(text)
    }

    /// Returns the rows of a query as `rows` does, with what stands in braces as it is.
    func plainRows(_ text: String) async throws -> [String] {
        let result = try await cluster.service.result(try await execute(text))
        var rows: [String] = []
        for try await batch in result.batches {
            let text = try RowText(batch, schema: result.schema, isJSON: false, zone: .utc)
            for row in 0..<text.rowCount {
                rows.append(
                    (0..<result.schema.count).map { text.cell(row: row, column: $0) ?? "null" }
                        .joined(separator: ","))
            }
        }
        return rows
    }

    /// Runs statements beside the pipeline. Returns the job's id.
    @discardableResult
    func execute(_ sql: String) async throws -> String {
        let service = cluster.service
        var status = try await service.submit(JobRequest(sql: sql))
        while !status.state.isEnd {
            status = try await service.waitForChange(status.id, after: status.version, milliseconds: 500)
        }
        if let error = status.error { throw error.engineError }
        return status.id
    }

    /// Codes of the errors of failed steps, by name.
    static func errors(_ record: RunRecord) -> [String: String] {
        record.steps.compactMapValues { $0.state == .failed ? $0.error?.code : nil }
    }
}

/// Stands between a run and the cluster: some jobs cannot be submitted, as when the machine fails.
struct FlakyService: JobService {
    let inner: any JobService
    /// How often jobs whose names hold a word fail, and with which error.
    let faults: Faults

    /// Counts faults and submissions.
    final class Faults: Sendable {
        private struct State {
            var left: [String: Int]
            var submitted: [String] = []
        }
        private let state: Mutex<State>
        let error: EngineError

        init(_ left: [String: Int], error: EngineError = .system("DISK_FULL", "no space")) {
            state = Mutex(State(left: left))
            self.error = error
        }

        /// Names of the jobs that were submitted.
        var submitted: [String] { state.withLock { $0.submitted } }

        func strikes(_ name: String) -> Bool {
            state.withLock {
                for (word, count) in $0.left where name.contains(word) && count > 0 {
                    $0.left[word] = count - 1
                    return true
                }
                $0.submitted.append(name)
                return false
            }
        }
    }

    func submit(_ request: JobRequest) async throws -> JobStatus {
        if faults.strikes(request.name ?? "") { throw faults.error }
        return try await inner.submit(request)
    }
    func job(_ id: String) async throws -> JobStatus { try await inner.job(id) }
    func jobs(_ query: JobQuery) async throws -> JobList { try await inner.jobs(query) }
    func timeline(_ id: String, since: Int64?) async throws -> Timeline {
        try await inner.timeline(id, since: since)
    }
    func source(_ id: String) async throws -> JobSource { try await inner.source(id) }
    func stages(_ id: String) async throws -> [StageStatus] { try await inner.stages(id) }
    func tasks(_ id: String) async throws -> [TaskStatus] { try await inner.tasks(id) }
    func plan(_ id: String) async throws -> String { try await inner.plan(id) }
    func logs(_ id: String, from: Int) async throws -> [LogLine] { try await inner.logs(id, from: from) }
    func waitForChange(_ id: String, after version: Int, milliseconds: Int) async throws -> JobStatus {
        try await inner.waitForChange(id, after: version, milliseconds: milliseconds)
    }
    func result(_ id: String) async throws -> JobResult { try await inner.result(id) }
    func cancel(_ id: String) async throws -> JobStatus { try await inner.cancel(id) }
    func retry(_ id: String) async throws -> JobStatus { try await inner.retry(id) }
    func workers() async throws -> [WorkerStatus] { try await inner.workers() }
    func cluster() async throws -> ClusterStatus { try await inner.cluster() }
    func explain(_ request: JobRequest) async throws -> String { try await inner.explain(request) }
}
