import Columns
import Plans
import Testing
import Vocabulary

@testable import Execution

@Suite struct StageTests {
    private let schema = Schema([Field("k", .int64), Field("v", .int64)])

    private func rows(_ count: Int) -> [[Scalar]] {
        (0..<count).map { (i: Int) -> [Scalar] in [.integer(Int64(i % 97)), .integer(Int64(i))] }
    }

    @Test("partial and final aggregation over a hash exchange give one row per key with its sum")
    func aggregation() throws {
        let sum = AggregateCall("sum", [.input(1, .int64)], type: .int64)
        let partialSchema = Schema([schema[0], Field("sum", .int64)])
        let partial = PhysicalPlan.aggregate(
            PhysicalAggregate(
                mode: .partial, groups: [.input(0, .int64)], aggregates: [sum], schema: partialSchema,
                input: PlanText.values(schema, rows(20_000))))
        let final = PhysicalPlan.aggregate(
            PhysicalAggregate(
                mode: .final, groups: [.input(0, .int64)], aggregates: [sum], schema: partialSchema,
                input: .shuffleRead(ShuffleRead(stage: StageID(0), mode: .partition, schema: partialSchema))))
        let graph = StageGraph(
            stages: [
                Stage(
                    id: StageID(0), name: "partial", plan: partial,
                    output: .shuffle(.hash([.input(0, .int64)], partitions: 3)), taskCount: 1),
                Stage(
                    id: StageID(1), name: "final", plan: final, output: .shuffle(.single), taskCount: 3,
                    dependencies: [StageID(0)]),
            ], result: .rows(stage: StageID(1), schema: partialSchema))
        let result = try StageRunner().run(graph)
        var sums = [Int64](repeating: 0, count: 97)
        for i in 0..<20_000 { sums[i % 97] += Int64(i) }
        #expect(result.count == 97)
        #expect(
            Set(result) == Set(sums.enumerated().map { [.integer(Int64($0.offset)), .integer($0.element)] }))
    }

    @Test("an aggregate without groups gives one row even of no input")
    func emptyAggregate() throws {
        let plan = PhysicalPlan.aggregate(
            PhysicalAggregate(
                mode: .complete, groups: [],
                aggregates: [
                    AggregateCall("count", [], type: .int64),
                    AggregateCall("sum", [.input(1, .int64)], type: .int64),
                ], schema: Schema([Field("c", .int64), Field("s", .int64)]),
                input: PlanText.values(schema, [])))
        #expect(try StageRunner().run(PlanText.single(plan)) == [[.integer(0), .null]])
    }

    @Test("sorting by ranges over several tasks gives the total order")
    func rangeSort() throws {
        let keys = [SortKey(.input(1, .int64), ascending: false)]
        let sampleSchema = Schema([Field("key0", .int64)])
        let sampleKeys = [SortKey(.input(0, .int64), ascending: false)]
        let ids = (0..<4).map { StageID($0) }
        let graph = StageGraph(
            stages: [
                Stage(
                    id: ids[0], name: "rows", plan: PlanText.values(schema, rows(30_000)),
                    output: .shuffle(.rowsAndSample(keys)), taskCount: 2),
                Stage(
                    id: ids[1], name: "bounds",
                    plan: .rangeBounds(
                        sampleKeys, partitions: 4,
                        input: .shuffleRead(
                            ShuffleRead(stage: ids[0], mode: .all(partition: 1), schema: sampleSchema))),
                    output: .shuffle(.broadcast), taskCount: 1, dependencies: [ids[0]]),
                Stage(
                    id: ids[2], name: "ranges",
                    plan: .shuffleRead(
                        ShuffleRead(stage: ids[0], mode: .sameTask(partition: 0), schema: schema)),
                    output: .shuffle(.range(keys, partitions: 4, bounds: ids[1])), taskCount: 2,
                    dependencies: [ids[0], ids[1]]),
                Stage(
                    id: ids[3], name: "sort",
                    plan: .sort(
                        keys, limit: nil,
                        input: .shuffleRead(ShuffleRead(stage: ids[2], mode: .partition, schema: schema))),
                    output: .shuffle(.single), taskCount: 4, dependencies: [ids[2]]),
            ], result: .rows(stage: ids[3], schema: schema))
        let result = try StageRunner().run(graph)
        #expect(result.map { $0[1] } == (0..<30_000).reversed().map { .integer(Int64($0)) })
    }

    @Test("top-N keeps the first rows of many batches")
    func topN() throws {
        let plan = PhysicalPlan.sort(
            [SortKey(.input(0, .int64)), SortKey(.input(1, .int64), ascending: false)], limit: 3,
            input: PlanText.values(schema, rows(200_000)))
        let result = try StageRunner().run(PlanText.single(plan))
        #expect(result.map { $0[1] } == [.integer(199_917), .integer(199_820), .integer(199_723)])
    }

    @Test("limit and offset cut across batches")
    func limit() throws {
        let plan = PhysicalPlan.limit(count: 5000, offset: 4090, input: PlanText.values(schema, rows(20_000)))
        let result = try StageRunner().run(PlanText.single(plan))
        #expect(result.map { $0[1] } == (4090..<9090).map { .integer(Int64($0)) })
    }

    @Test("a scalar subquery with two rows is an error that says what to do")
    func singleRow() {
        let error = #expect(throws: EngineError.self) {
            try StageRunner().run(PlanText.single(.singleRow(input: PlanText.values(schema, rows(2)))))
        }
        #expect(error?.code == "SCALAR_SUBQUERY_TOO_MANY_ROWS")
        #expect(error?.remedy != nil)
    }

    @Test("state that does not fit in the budget fails the task with the operator's name, not the process")
    func outOfMemory() {
        let type = DataType.array(.int64, containsNull: false)
        let list = PhysicalPlan.aggregate(
            PhysicalAggregate(
                mode: .complete, groups: [],
                aggregates: [AggregateCall("collect_list", [.input(1, .int64)], type: type)],
                schema: Schema([Field("list", type)]), input: PlanText.values(schema, rows(75_000))))
        let error = #expect(throws: EngineError.self) {
            try StageRunner(memoryBytes: 500_000).run(PlanText.single(list))
        }
        #expect(error?.code == "OUT_OF_MEMORY")
        #expect(error?.message.contains("Aggregation") == true)
    }
}
