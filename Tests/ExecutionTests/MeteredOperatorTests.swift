import Columns
import Dispatch
import Memory
import Plans
import Shuffle
import Synchronization
import Testing
import Vocabulary

@testable import Execution

/// What each operator of a task did, where somebody asks.
@Suite("Measured operators")
struct MeteredOperatorTests {
    /// A clock that goes on only when it is told to.
    private final class Clock {
        var nanoseconds: UInt64 = 5
    }

    /// Gives batches of its input, or as many of its own, and takes a fixed time for each.
    private final class Slow: Operator {
        private let input: (any Operator)?
        private var left: Int
        private let clock: Clock
        private let time: UInt64
        private(set) var offers = 0

        init(_ input: (any Operator)?, own: Int = 0, time: UInt64, _ clock: Clock) {
            self.input = input
            self.time = time
            self.clock = clock
            left = own
        }

        func next() throws -> Pull {
            clock.nanoseconds += time
            if let input { return try input.next() }
            guard left > 0 else { return .finished }
            left -= 1
            return .batch(Batch(columns: [Vector.of(.int64, [.integer(1), .integer(2)])], count: 2))
        }

        func offer(_ filter: JoinKeyFilter, columns: [Int]) {
            offers += 1
            clock.nanoseconds += time
        }
    }

    @Test("an operator's time is its own, without its input's and without the output's; rows are counted")
    func ownTime() throws {
        let clock = Clock()
        let meters = OperatorMeters(operators: 3) { clock.nanoseconds }
        let input = Slow(nil, own: 3, time: 100, clock)
        let outer = MeteredOperator(
            Slow(MeteredOperator(input, meters.operators[1], of: meters), time: 7, clock),
            meters.operators[0], of: meters)
        var rows = 0
        for _ in 0..<4 {
            // Between two steps of the task.
            meters.endStep()
            clock.nanoseconds += 1_000_000
            meters.beginStep()
            guard case .batch(let batch) = try outer.next() else { break }
            rows += batch.count
            clock.nanoseconds += 10_000
        }
        #expect(
            meters.figures(rows: rows, spillBytes: 9) == [
                OperatorFigures(rows: 6, nanoseconds: 28, peakBytes: 0, spillBytes: 0, isPulled: true),
                OperatorFigures(rows: 6, nanoseconds: 400, peakBytes: 0, spillBytes: 0, isPulled: true),
                OperatorFigures(rows: 0, nanoseconds: 0, peakBytes: 0, spillBytes: 0, isPulled: false),
                OperatorFigures(rows: 6, nanoseconds: 30_000, peakBytes: 0, spillBytes: 9, isPulled: true),
                OperatorFigures(rows: 6, nanoseconds: 30_428, peakBytes: 0, spillBytes: 9, isPulled: true),
            ])
    }

    @Test("the keys of a join reach an operator that is measured, and its meter is current meanwhile")
    func offers() throws {
        let clock = Clock()
        let meters = OperatorMeters(operators: 1) { clock.nanoseconds }
        let input = Slow(nil, time: 3, clock)
        let keys = try JoinTable(
            rows: Batch(columns: [Vector.of(.int64, [.integer(1)])], count: 1),
            keys: [Vector.of(.int64, [.integer(1)])], budget: MemoryBudget(limitBytes: 1 << 20))
        MeteredOperator(input, meters.operators[0], of: meters)
            .offer(JoinKeyFilter(keys), columns: [0])
        #expect(input.offers == 1)
        #expect(meters.figures(rows: 0, spillBytes: 0).map(\.nanoseconds) == [3, 0, 3])
    }

    @Test("the peak is the most that was held at once, of an operator and of all together")
    func peaks() throws {
        let budget = MemoryBudget(limitBytes: 1000)
        let whole = MemoryMeter()
        let (a, b) = (MemoryMeter(partOf: whole), MemoryMeter(partOf: whole))
        do {
            let first = Reservation(budget, owner: "a", meter: a)
            try first.resize(to: 300)
            #expect(first.tryResize(to: 100) && !first.tryResize(to: 2000))
            let second = Reservation(budget, owner: "b", meter: b)
            try second.resize(to: 150)
        }
        let third = Reservation(budget, owner: "b", meter: b)
        try third.resize(to: 200)
        #expect(a.peakBytes == 300 && b.peakBytes == 200 && whole.peakBytes == 300)
    }

    // MARK: - Whole tasks

    private static let schema = Schema([Field("k", .int64), Field("v", .int64)])

    /// Returns what the operators of a plan did in its one task, in a worker of so much memory.
    private func figures(
        of plan: PhysicalPlan, memoryBytes: Int = 1 << 30, isMeasured: Bool = true
    ) throws -> [OperatorFigures] {
        let runner = StageRunner(memoryBytes: memoryBytes)
        defer { runner.pool.stop() }
        let key = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        let fragment = TaskFragment(
            stage: StageID(0), taskIndex: 0, taskCount: 1, plan: plan, output: .shuffle(.single), splits: [],
            settings: SessionSettings(), measuresOperators: isMeasured)
        let context = TaskContext(
            attempt: AttemptID(task: TaskID(stage: key, index: 0), epoch: 1, number: 0), jobID: "test",
            fragment: fragment, inputs: [:], resources: runner.resources)
        let result = Mutex<Result<TaskResult, any Error>?>(nil)
        let group = DispatchGroup()
        group.enter()
        runner.pool.submit(TaskRun(context: context)) { end in
            switch end {
            case .finished(let found): result.withLock { $0 = .success(found) }
            case .failed(let error): result.withLock { $0 = .failure(error) }
            case .ready, .blocked: break
            }
            group.leave()
        }
        group.wait()
        return try #require(result.withLock { $0 }).get().operators
    }

    private func values(_ rows: [[Int64]]) -> PhysicalPlan {
        PlanText.values(Self.schema, rows.map { $0.map { .integer($0) } })
    }

    private func join(_ left: PhysicalPlan, _ right: PhysicalPlan) -> PhysicalPlan {
        .hashJoin(
            PhysicalHashJoin(
                kind: .inner, left: left, right: right, leftKeys: [.input(0, .int64)],
                rightKeys: [.input(0, .int64)], residual: nil, build: .right, buildIsShared: true,
                output: [0, 1], schema: Self.schema))
    }

    private func union(_ plans: [PhysicalPlan]) -> PhysicalPlan { .union(plans, schema: Self.schema) }

    @Test("every operator has its figures in the order of the plan, then the output, then the task")
    func order() throws {
        let both = union([values([[1, 1], [2, 2], [3, 3]]), values([[1, 4]])])
        let plan = PhysicalPlan.sort(
            [SortKey(.input(0, .int64))], limit: nil, input: join(both, values([[1, 0], [3, 0]])))
        let found = try figures(of: plan)
        #expect(found.map(\.rows) == [3, 3, 4, 3, 1, 2, 3, 3])
        #expect(found.allSatisfy { $0.isPulled && $0.spillBytes == 0 })
        #expect(found[0].peakBytes > 0 && found[1].peakBytes > 0 && found[2].peakBytes == 0)
        #expect(found[7].nanoseconds == found.dropLast().reduce(0) { $0 + $1.nanoseconds })
        #expect(try figures(of: plan, isMeasured: false).isEmpty)
    }

    @Test("what is asked for nothing is told from what gives nothing")
    func notPulled() throws {
        let found = try figures(of: join(values([[1, 1]]), values([])))
        #expect(found.map(\.isPulled) == [true, false, true, true, true])
    }

    @Test("the steps of a recursion count over all levels, at the places of their operators")
    func recursion() throws {
        let one = Expression.call(
            FunctionCall("add", [.input(0, .int64), .literal(.int64(1))], type: .int64))
        let small = Expression.call(
            FunctionCall("less", [.input(0, .int64), .literal(.int64(5))], type: .boolean))
        let working = PhysicalPlan.workingTable(level: 0, schema: Self.schema)
        let step = PhysicalPlan.project(
            [one, .input(1, .int64)], schema: Self.schema,
            input: .filter([small], input: join(working, values([[1, 0], [2, 0], [3, 0], [4, 0], [5, 0]]))))
        let plan = PhysicalPlan.recursion(
            PhysicalRecursion(
                level: 0, anchor: values([[1, 0]]), step: step, schema: Self.schema,
                limits: RecursionLimits(levels: 100, rows: nil)))
        let found = try figures(of: union([plan, values([[9, 9]])]))
        // Union, recursion, anchor, then project, filter, join, working table, the kept side of the join.
        #expect(found.dropLast(2).map(\.rows) == [6, 5, 1, 4, 4, 5, 5, 5, 1])
    }

    @Test("a sort that does not fit says what it wrote to disk; its input wrote nothing")
    func spill() throws {
        // A run has 2 MiB at least.
        let keys = (0..<300_000).map { [Int64(($0 * 7919) % 300_000), Int64($0)] }
        let found = try figures(
            of: .sort([SortKey(.input(0, .int64))], limit: nil, input: values(keys)), memoryBytes: 500_000)
        #expect(found[0].spillBytes > 10_000 && found[0].spillBytes <= found[3].spillBytes, "\(found)")
        #expect(found[1].spillBytes == 0 && found[0].peakBytes <= 500_000 && found[0].peakBytes > 0)
        #expect(found.map(\.rows) == [300_000, 300_000, 300_000, 300_000])
    }
}
