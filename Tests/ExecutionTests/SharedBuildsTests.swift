import Columns
import Memory
import Plans
import Shuffle
import Synchronization
import Testing
import Vocabulary

@testable import Execution

/// Broadcast joins of several tasks of one worker: one of them builds the table for all.
@Suite("Tables that the tasks of a stage share")
struct SharedBuildsTests {
    private static let schema = Schema([Field("k", .int64)])

    /// Gives batches of keys, pausing or failing where it is told to, and counts how often it is asked.
    private final class Source: Operator {
        enum Step { case rows([Int64]), pause(Wakeup), fail }
        private var steps: [Step]
        private(set) var asked = 0

        init(_ steps: [Step]) { self.steps = steps }

        func next() throws -> Pull {
            asked += 1
            guard !steps.isEmpty else { return .finished }
            switch steps.removeFirst() {
            case .rows(let keys):
                return .batch(
                    Batch(columns: [Vector.of(.int64, keys.map { .integer($0) })], count: keys.count))
            case .pause(let wakeup): return .blocked(wakeup)
            case .fail: throw EngineError.system("FETCH_FAILED", "gone")
            }
        }
    }

    private let resources: WorkerResources

    init() {
        let runner = StageRunner()
        runner.pool.stop()
        resources = runner.resources
    }

    /// Returns the join of one task of the stage; its probe side has the keys 2 and 3.
    private func join(task: Int, build: Source) throws -> HashJoinOperator {
        let plan = PhysicalHashJoin(
            kind: .inner, left: PlanText.values(Self.schema, []), right: PlanText.values(Self.schema, []),
            leftKeys: [.input(0, .int64)], rightKeys: [.input(0, .int64)], residual: nil, build: .right,
            buildIsShared: true, output: [0, 1], schema: Schema(Self.schema.fields + Self.schema.fields))
        return try HashJoinOperator(
            plan, left: Source([.rows([2, 3])]), right: build, joinIndex: 0, context: context(task))
    }

    private func context(_ task: Int) -> TaskContext {
        let key = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        let fragment = TaskFragment(
            stage: StageID(0), taskIndex: task, taskCount: 4, plan: PlanText.values(Self.schema, []),
            output: .shuffle(.single), splits: [], settings: SessionSettings())
        return TaskContext(
            attempt: AttemptID(task: TaskID(stage: key, index: UInt32(task)), epoch: 1, number: 0),
            jobID: "test", fragment: fragment, inputs: [:], resources: resources)
    }

    /// Runs a join to its end and returns the build keys that it found.
    private func found(_ join: HashJoinOperator) throws -> [Scalar] {
        var keys: [Scalar] = []
        while case .batch(let batch) = try join.next() {
            keys += (0..<batch.count).map { batch.columns[1].scalar(at: $0) }
        }
        return keys
    }

    /// Returns what a join waits for.
    private func awaited(_ join: HashJoinOperator) throws -> Signals {
        guard case .blocked(let wakeup) = try join.next() else {
            throw EngineError.internal("the join does not wait")
        }
        return Signals(wakeup)
    }

    /// Tells whether a wake-up came.
    private final class Signals: Sendable {
        private let came = Atomic(false)
        init(_ wakeup: Wakeup) { wakeup.whenSignalled { self.came.store(true, ordering: .relaxed) } }
        var hasCome: Bool { came.load(ordering: .relaxed) }
    }

    @Test("four tasks have the build side read once, and all of them find its rows")
    func once() throws {
        let pause = Wakeup()
        let steps: [Source.Step] = [.rows([1, 2]), .pause(pause), .rows([3])]
        let sources = (0..<4).map { Source($0 == 0 ? steps : [.rows([9])]) }
        let joins = try sources.enumerated().map { try join(task: $0.offset, build: $0.element) }
        _ = try awaited(joins[0])
        let waiting = try joins[1...].map { try awaited($0) }
        #expect(waiting.allSatisfy { !$0.hasCome })
        #expect(try found(joins[0]) == [.integer(2), .integer(3)])
        #expect(waiting.allSatisfy { $0.hasCome })
        for join in joins[1...] {
            let keys = try found(join)
            #expect(keys == [.integer(2), .integer(3)])
        }
        #expect(sources.map(\.asked) == [4, 0, 0, 0])
    }

    @Test("a builder that fails hands over to one that waits")
    func handedOver() throws {
        let pause = Wakeup()
        var failing: HashJoinOperator? = try join(
            task: 0, build: Source([.rows([1]), .pause(pause), .fail]))
        let next = try join(task: 1, build: Source([.rows([3])]))
        if let failing { _ = try awaited(failing) }
        let waits = try awaited(next)
        #expect(throws: EngineError.self) { try failing?.next() }
        failing = nil
        #expect(waits.hasCome)
        #expect(try found(next) == [.integer(3)])
    }

    @Test("a table that is done after its job was dropped is kept by nobody, and the budget is whole again")
    func dropped() throws {
        let pause = Wakeup()
        do {
            let builder = try join(task: 0, build: Source([.rows([1, 2]), .pause(pause), .rows([3])]))
            let other = try join(task: 1, build: Source([.rows([2])]))
            _ = try awaited(builder)
            let waits = try awaited(other)
            resources.sharedBuilds.drop { $0.job == JobID(0) }
            #expect(waits.hasCome)
            #expect(try found(builder) == [.integer(2), .integer(3)])
        }
        #expect(resources.budget.usedBytes == 0)
        let key = SharedBuilds.Key(stage: context(2).attempt.task.stage, epoch: 1, join: 0)
        guard case .build = resources.sharedBuilds.claim(key) else {
            Issue.record("a table was kept after the drop")
            return
        }
    }

    @Test("a stage of the same numbers from another epoch has a build side of its own")
    func otherEpoch() throws {
        let stage = context(0).attempt.task.stage
        for epoch: UInt32 in [1, 2] {
            let key = SharedBuilds.Key(stage: stage, epoch: epoch, join: 0)
            guard case .build = resources.sharedBuilds.claim(key) else {
                Issue.record("epoch \(epoch) shares a build side")
                return
            }
        }
    }

    @Test("a dropped builder does not take the place of a later one away")
    func twoBuilders() throws {
        let stage = context(0).attempt.task.stage
        let key = SharedBuilds.Key(stage: stage, epoch: 1, join: 0)
        guard case .build(let first) = resources.sharedBuilds.claim(key) else { return #expect(Bool(false)) }
        resources.sharedBuilds.drop { $0 == stage }
        guard case .build = resources.sharedBuilds.claim(key) else { return #expect(Bool(false)) }
        resources.sharedBuilds.giveUp(key, first)
        guard case .wait = resources.sharedBuilds.claim(key) else {
            Issue.record("the second builder's place is gone")
            return
        }
    }

    // MARK: - Short of memory

    /// Returns the rows that two tasks of one worker give which join with the same 25,000 rows, and what they
    /// wrote to disk.
    private func joined(_ kind: JoinKind, memoryBytes: Int) throws -> (rows: [[String]], spilledBytes: Int) {
        typealias Rows = ShortMemory.Rows
        let runner = StageRunner(memoryBytes: memoryBytes)
        runner.pool.stop()
        let output = kind == .inner || kind == .left ? [0, 1, 4, 5] : [0, 1]
        let plan = PhysicalHashJoin(
            kind: kind, left: PlanText.values(Rows.schema, []), right: PlanText.values(Rows.schema, []),
            leftKeys: [.input(0, .int64)], rightKeys: [.input(0, .int64)], residual: nil, build: .right,
            buildIsShared: true, output: output, schema: Schema(output.map { Rows.schema[$0 % 3] }))
        var rows: [[String]] = []
        var spilledBytes = 0
        for task in 0..<2 {
            let context = ShortMemory.context(runner.resources, task: task)
            let build: any Operator =
                task == 0 ? Rows(25_000, factor: 14, hasNulls: kind != .leftAntiNullAware) : Source([.fail])
            let join = try HashJoinOperator(
                plan, left: Rows(1500 + task * 100, factor: 3 + 2 * task), right: build, joinIndex: 0,
                context: context)
            rows.append(try ShortMemory.rows(of: join).sorted())
            spilledBytes += context.counters.spillBytes.load(ordering: .relaxed)
        }
        runner.resources.sharedBuilds.drop { _ in true }
        #expect(runner.resources.budget.usedBytes == 0)
        return (rows, spilledBytes)
    }

    @Test(
        "a build side that does not fit goes to disk, once for all tasks, which give the same rows",
        arguments: [JoinKind.inner, .left, .leftSemi, .leftAnti, .leftAntiNullAware])
    func onDisk(kind: JoinKind) throws {
        let expected = try joined(kind, memoryBytes: 1 << 30)
        #expect(expected.spilledBytes == 0 && !expected.rows[0].isEmpty && !expected.rows[1].isEmpty)
        let found = try joined(kind, memoryBytes: 500_000)
        #expect(found.spilledBytes > 100_000)
        #expect(found.rows == expected.rows)
    }

    @Test("a table that no task uses gives its memory to who needs it; one in use does not")
    func reclaimed() throws {
        let limit = resources.budget.limitBytes
        let key = SharedBuilds.Key(stage: context(0).attempt.task.stage, epoch: 1, join: 0)
        do {
            let user = try join(task: 0, build: Source([.rows(Array(0..<100_000))]))
            guard case .batch = try user.next() else { return #expect(Bool(false)) }
            #expect(resources.budget.usedBytes > 100_000)
            #expect(!resources.budget.tryTake(limit))
            guard case .ready = resources.sharedBuilds.claim(key) else { return #expect(Bool(false)) }
        }
        #expect(resources.budget.usedBytes > 100_000)
        #expect(resources.budget.tryTake(limit))
        resources.budget.giveBack(limit)
        #expect(resources.budget.usedBytes == 0)
        guard case .build = resources.sharedBuilds.claim(key) else {
            Issue.record("a table that was forgotten is still given")
            return
        }
    }
}
