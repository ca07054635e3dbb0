import Columns
import Plans
import Synchronization
import Testing
import Vocabulary

@testable import Execution

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Connectors under the engine") struct ExternalTests {
    static let schema = Schema([Field("n", .int64), Field("t", .string)])

    private func relation(splits: Int) -> ExternalRelation {
        ExternalRelation(
            source: .rest, options: [:], name: "r", schema: Self.schema,
            splits: (0..<splits).map { ExternalSplit(payload: [UInt8($0)], byteCount: 1) })
    }

    private func scan(_ relation: ExternalRelation, filters: [Expression] = [], output: [Int] = [0])
        -> PhysicalPlan
    {
        .externalScan(
            PhysicalExternalScan(
                index: 0, relation: relation, columns: [0, 1], filters: filters, output: output))
    }

    private func graph(_ plan: PhysicalPlan, splits: Int) -> StageGraph {
        let all = [(0..<splits).map { FileSplit(file: $0, start: 0, end: 1, byteCount: 1) }]
        let stage = Stage(
            id: StageID(0), name: "t", plan: plan, output: .shuffle(.single), taskCount: 1, splits: [all])
        return StageGraph(stages: [stage], result: .rows(stage: StageID(0), schema: plan.schema))
    }

    @Test("all splits are read in order, large batches cut, what the source does not filter filtered")
    func reads() throws {
        let runner = StageRunner(connectors: ConnectorRegistry(sources: [.rest: Numbers(rows: 5_000)]))
        let even = Expression.call(
            FunctionCall("less", [.input(0, .int64), .literal(.int64(4_990))], type: .boolean))
        let rows = try runner.run(graph(scan(relation(splits: 3), filters: [even]), splits: 3))
        #expect(rows.count == 3 * 4_990)
        #expect(rows.first == [.integer(0)])
        #expect(rows.last == [.integer(4_989)])
    }

    @Test("an error of the source is the task's, without the secrets that were used")
    func fails() throws {
        let runner = StageRunner(
            connectors: ConnectorRegistry(sources: [.rest: Numbers(rows: 100, failsAfter: 1)]))
        runner.resources.secrets.note("canary-7f3a")
        let error = #expect(throws: EngineError.self) {
            try runner.run(graph(scan(relation(splits: 1)), splits: 1))
        }
        #expect(error?.code == "SOURCE_BROKE")
        #expect(error?.message == "refused for ***")
    }

    @Test("a source that nobody reads any more is cancelled")
    func stops() throws {
        let source = Numbers(rows: 1_000_000, isSlow: true)
        let runner = StageRunner(connectors: ConnectorRegistry(sources: [.rest: source]))
        let plan = PhysicalPlan.limit(count: 10, offset: 0, input: scan(relation(splits: 1)))
        #expect(try runner.run(graph(plan, splits: 1)).count == 10)
        for _ in 0..<3_000 where source.cancelled.withLock({ $0 }) == 0 { usleepMilliseconds(10) }
        #expect(source.cancelled.withLock { $0 } == 1)
    }

    @Test("a source that is not there is an error that says so")
    func isMissing() {
        let error = #expect(throws: EngineError.self) {
            try StageRunner().run(graph(scan(relation(splits: 1)), splits: 1))
        }
        #expect(error?.message == "This worker cannot read from: rest")
    }

    @Test("a target gets all rows and is finished once; a failing input aborts it")
    func writes() throws {
        let sink = Collector()
        let runner = StageRunner(
            connectors: ConnectorRegistry(sources: [.rest: Numbers(rows: 50_000)], sinks: [.command: sink]))
        var target = ExternalRelation(source: .command, options: [:], name: "target")
        target.schema = Schema([Self.schema[0]])
        let plan = PhysicalPlan.externalWrite(target, input: scan(relation(splits: 1)))
        let rows = try runner.run(graph(plan, splits: 1))
        guard case .binary(let bytes) = rows.first?.first else { return #expect(Bool(false)) }
        #expect(try PlanCodec.decodeRelation(bytes).notes["rows"] == "50000")
        #expect(sink.state.withLock { $0.sum } == 50_000 * 49_999 / 2)

        let failing = StageRunner(
            connectors: ConnectorRegistry(
                sources: [.rest: Numbers(rows: 100, failsAfter: 1)], sinks: [.command: sink]))
        #expect(throws: EngineError.self) { try failing.run(graph(plan, splits: 1)) }
        for _ in 0..<3_000 where sink.state.withLock({ $0.aborted }) == 0 { usleepMilliseconds(10) }
        #expect(sink.state.withLock { $0.finished } == 1)
        #expect(sink.state.withLock { $0.aborted } == 1)
    }

    @Test("references to secrets are resolved, and missing ones named")
    func secrets() throws {
        let resolver = SecretResolver { ["PW": "swordfish", "H": "db"][$0] }
        #expect(try resolver.resolve("env:PW") == "swordfish")
        #expect(try resolver.resolve("pg://u:${env:PW}@${env:H}/x") == "pg://u:swordfish@db/x")
        #expect(try resolver.resolve("${env:Q:-none}/y") == "none/y")
        #expect(try resolver.resolve("plain") == "plain")
        #expect(resolver.redacted("no swordfish here") == "no *** here")
        let error = #expect(throws: EngineError.self) { try resolver.resolve("env:NOPE") }
        #expect(error?.message.hasSuffix("made: NOPE") == true)
    }

    @Test("references to secrets that are not allowed are refused, set or not, with a default or without")
    func allowedSecrets() throws {
        let environment = { @Sendable (name: String) in ["PG_A": "swordfish", "HOME": "/root"][name] }
        let resolver = SecretResolver(allowed: ["PG_*", "REST_?"], environment: environment)
        #expect(try resolver.resolve("env:PG_A") == "swordfish")
        #expect(try resolver.resolve("${env:REST_1:-none}") == "none")
        for text in ["env:HOME", "a${env:HOME}", "${env:HOME:-x}", "${env:NOPE}", "env:PG", "env:REST_12"] {
            let error = #expect(throws: EngineError.self, "\(text)") { try resolver.resolve(text) }
            #expect(error?.code == "SECRET_NOT_ALLOWED" && error?.blame == .user, "\(text)")
            #expect(error?.remedy?.contains("--allow-env") == true)
        }
        let closed = SecretResolver(allowed: [], environment: environment)
        #expect(throws: EngineError.self) { try closed.resolve("env:PG_A") }
    }

    private func usleepMilliseconds(_ count: UInt32) { usleep(count * 1000) }
}

/// Gives the numbers from 0 in every split.
private final class Numbers: SourceProvider {
    let rows: Int
    let failsAfter: Int?
    let isSlow: Bool
    let cancelled = Mutex(0)

    init(rows: Int, failsAfter: Int? = nil, isSlow: Bool = false) {
        self.rows = rows
        self.failsAfter = failsAfter
        self.isSlow = isSlow
    }

    func describe(_ relation: ExternalRelation, _ context: ConnectorContext) throws -> ExternalRelation {
        relation
    }

    func open(_ request: SourceRequest, _ context: ConnectorContext) throws -> any SourceReader {
        NumberReader(self, request)
    }
}

private final class NumberReader: SourceReader {
    private let source: Numbers
    private let request: SourceRequest
    private let state = Mutex((next: 0, batches: 0, isCancelled: false))

    init(_ source: Numbers, _ request: SourceRequest) {
        self.source = source
        self.request = request
    }

    func next() throws -> Batch? {
        try state.withLock { state in
            if let limit = source.failsAfter, state.batches >= limit {
                throw EngineError.user("SOURCE_BROKE", "refused for canary-7f3a")
            }
            state.batches += 1
            let count = min(source.isSlow ? 100 : 3_000, source.rows - state.next)
            if count <= 0 || state.isCancelled { return nil }
            let numbers = (0..<count).map { Scalar.integer(Int64(state.next + $0)) }
            state.next += count
            let columns = request.columns.map { column in
                column == 0 ? Vector.of(.int64, numbers) : Vector.constant(.string("x"), count: count)
            }
            return Batch(columns: columns, count: count)
        }
    }

    func cancel() {
        state.withLock { $0.isCancelled = true }
        source.cancelled.withLock { $0 = 1 }
    }
}

/// Adds up what it takes.
private final class Collector: SinkProvider {
    let state = Mutex((sum: Int64(0), finished: 0, aborted: 0))

    func load(
        _ rows: RowQueue, into target: ExternalRelation, _ context: ConnectorContext
    ) throws -> [String: String] {
        var sum: Int64 = 0
        var count = 0
        do {
            while let batch = try rows.next() {
                for row in 0..<batch.count {
                    if case .integer(let value) = batch.columns[0].scalar(at: row) { sum += value }
                }
                count += batch.count
            }
        } catch {
            state.withLock { $0.aborted += 1 }
            throw error
        }
        state.withLock { state in
            state.sum = sum
            state.finished += 1
        }
        return ["rows": "\(count)"]
    }
}
