import Columns
import Plans
import Testing
import Vocabulary

@testable import Execution

@Suite("Recursions and ranges") struct RecursionTests {
    private let schema = Schema([Field("n", .int64)])

    private func call(_ name: String, _ arguments: [Expression], _ type: DataType) -> Expression {
        .call(FunctionCall(name, arguments, type: type))
    }

    /// `n + 1` of the working table where `n` is below `end`.
    private func counting(to end: Int64, from table: PhysicalPlan) -> PhysicalPlan {
        let isBelow = call("less", [.input(0, .int64), .literal(.int64(end))], .boolean)
        let next = call("add", [.input(0, .int64), .literal(.int64(1))], .int64)
        return .project([next], schema: schema, input: .filter([isBelow], input: table))
    }

    private func recursion(
        _ step: PhysicalPlan, level: Int = 0, limits: RecursionLimits = RecursionLimits()
    ) -> PhysicalPlan {
        let anchor = PlanText.values(schema, [[.integer(1)]])
        return .recursion(
            PhysicalRecursion(level: level, anchor: anchor, step: step, schema: schema, limits: limits))
    }

    private var table: PhysicalPlan { .workingTable(level: 0, schema: schema) }

    @Test("levels follow each other until one is empty")
    func levels() throws {
        let rows = try StageRunner().run(PlanText.single(recursion(counting(to: 5, from: table))))
        #expect(rows == (1...5).map { [.integer($0)] })
    }

    @Test("a level whose rows do not fit in memory goes to disk")
    func spilling() throws {
        let wide = PhysicalPlan.range(
            NumberRange(start: 0, step: 1, count: 40_000), schema: schema, tasks: 1)
        let step = counting(to: 3, from: table)
        let plan = PhysicalPlan.recursion(
            PhysicalRecursion(level: 0, anchor: wide, step: step, schema: schema, limits: RecursionLimits()))
        // The output must stay small, so that it is held in memory, where the test finds it.
        let isSmall = call("less", [.input(0, .int64), .literal(.int64(4))], .boolean)
        let small = PhysicalPlan.filter([isSmall], input: plan)
        let rows = try StageRunner(memoryBytes: 64 << 10).run(PlanText.single(small))
        // From 0, 1 and 2 come 1, 2, 3, then 2, 3, then 3.
        #expect(rows.map { $0[0] } == [0, 1, 2, 3, 1, 2, 3, 2, 3, 3].map { .integer($0) })
    }

    @Test("a recursion without end stops at its limits, and by a limit above it")
    func limits() throws {
        let endless = counting(to: .max, from: table)
        #expect(throws: EngineError.self) { try StageRunner().run(PlanText.single(recursion(endless))) }
        let few = RecursionLimits(levels: nil, rows: 10)
        #expect(throws: EngineError.self) {
            try StageRunner().run(PlanText.single(recursion(endless, limits: few)))
        }
        let limited = PhysicalPlan.limit(count: 7, offset: 0, input: recursion(endless))
        #expect(try StageRunner().run(PlanText.single(limited)).count == 7)
    }

    @Test("a join's table of what stays the same is made once and serves all levels")
    func keptTable() throws {
        let edges = Schema([Field("a", .int64), Field("b", .int64)])
        let producer = Stage(
            id: StageID(0), name: "edges",
            plan: PlanText.values(
                edges, [[1, 2], [2, 3], [3, 4], [1, 5]].map { $0.map { .integer($0) } }),
            output: .shuffle(.single), taskCount: 1)
        let read = PhysicalPlan.shuffleRead(
            ShuffleRead(stage: StageID(0), mode: .all(partition: 0), schema: edges))
        let step = PhysicalPlan.hashJoin(
            PhysicalHashJoin(
                kind: .inner, left: table, right: read, leftKeys: [.input(0, .int64)],
                rightKeys: [.input(0, .int64)], residual: nil, build: .right, buildIsShared: true,
                output: [2], schema: schema))
        let last = Stage(
            id: StageID(1), name: "recursion", plan: recursion(step), output: .shuffle(.single),
            taskCount: 1, dependencies: [StageID(0)])
        let graph = StageGraph(
            stages: [producer, last], result: .rows(stage: StageID(1), schema: schema))
        #expect(Set(try StageRunner().run(graph)) == Set((1...5).map { [.integer($0)] }))
    }

    @Test("a range's tasks give each number once, in order")
    func ranges() throws {
        for tasks in 1...4 {
            let plan = PhysicalPlan.range(
                NumberRange(start: 10, step: -3, count: 10), schema: schema, tasks: tasks)
            let stage = Stage(
                id: StageID(0), name: "range", plan: plan, output: .shuffle(.single), taskCount: tasks)
            let graph = StageGraph(stages: [stage], result: .rows(stage: StageID(0), schema: schema))
            #expect(try StageRunner().run(graph) == (0..<10).map { [.integer(10 - 3 * $0)] })
        }
    }
}
