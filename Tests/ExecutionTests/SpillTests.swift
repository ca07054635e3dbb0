import Columns
import Memory
import Plans
import Shuffle
import Testing
import Vocabulary

@testable import Execution

/// Operators whose rows do not fit in memory give the same rows from disk, and give their memory back.
@Suite("Operators beyond memory")
struct SpillTests {
    private typealias Rows = ShortMemory.Rows

    private func run(
        memoryBytes: Int, _ make: (TaskContext) throws -> any Operator
    ) throws -> (rows: [String], spilledBytes: Int) {
        try ShortMemory.run(memoryBytes: memoryBytes, make)
    }

    private static let ample = 1 << 30
    private static let short = 500_000

    // MARK: - Sort

    private func sort(_ memoryBytes: Int, limit: Int?) throws -> (rows: [String], spilledBytes: Int) {
        // The last key is computed: many rows are equal.
        let half = Expression.call(
            FunctionCall("div", [.input(1, .int64), .literal(.int64(40))], type: .int64))
        let keys = [
            SortKey(.input(0, .int64), ascending: false), SortKey(.input(2, .string)), SortKey(half),
        ]
        return try run(memoryBytes: memoryBytes) { context in
            try SortOperator(
                keys, limit: limit, schema: Rows.schema, input: Rows(90_000, factor: 7919), context: context)
        }
    }

    @Test(
        "a sort gives the same rows in the same order, equals in that of the input", arguments: [nil, 40_000]
    )
    func sorted(limit: Int?) throws {
        let expected = try sort(Self.ample, limit: limit)
        #expect(expected.spilledBytes == 0 && expected.rows.count == limit ?? 90_000)
        let found = try sort(Self.short, limit: limit)
        #expect(found.spilledBytes > 100_000)
        #expect(found.rows == expected.rows)
    }

    @Test("more runs than are merged at once are merged in several passes, and stay in order")
    func manyRuns() throws {
        let runCount = SortedRuns.fanIn * 2 + 3
        let found = try run(memoryBytes: Self.ample) { context in
            let schema = Schema([Field("key", .int64), Field("run", .int64)])
            let runs = SortedRuns(
                [SortKey(.input(0, .int64))], schema: schema, limit: nil, context: context)
            let order = Buffer(byteCount: 100 * 4)
            for i in 0..<100 { order.pointer(as: UInt32.self)[i] = UInt32(i) }
            for run in 0..<runCount {
                // Every run has keys of its own and, at its end, one that all have.
                let keys = (0..<100).map { Scalar.integer(Int64($0 == 99 ? 1_000_000 : $0 * runCount + run)) }
                let batch = Batch(
                    columns: [
                        Vector.of(.int64, keys), Vector.of(.int64, keys.map { _ in .integer(Int64(run)) }),
                    ], count: 100)
                try runs.append(
                    batch, keys: [batch.columns[0]], order: order.pointer(as: UInt32.self), count: 100)
            }
            return Merged(runs)
        }
        var expected: [String] = []
        for key in 0..<(99 * runCount) {
            expected.append("\(Scalar.integer(Int64(key)))|\(Scalar.integer(Int64(key % runCount)))")
        }
        for run in 0..<runCount {
            expected.append("\(Scalar.integer(1_000_000))|\(Scalar.integer(Int64(run)))")
        }
        #expect(found.rows == expected)
    }

    /// Gives what is merged.
    private final class Merged: Operator {
        private let runs: SortedRuns
        init(_ runs: SortedRuns) { self.runs = runs }
        func next() throws -> Pull { try runs.next().map { .batch($0) } ?? .finished }
    }

    // MARK: - Aggregation

    private func aggregate(
        _ memoryBytes: Int, mode: AggregateMode, calls: [AggregateCall], groups: [Expression]
    ) throws -> (rows: [String], spilledBytes: Int) {
        try run(memoryBytes: memoryBytes) { context in
            func plan(_ mode: AggregateMode) -> PhysicalAggregate {
                PhysicalAggregate(
                    mode: mode, groups: groups, aggregates: calls, schema: Schema([]),
                    input: .values(rows: [], schema: Rows.schema))
            }
            let rows = Rows(75_000, factor: 1)
            guard mode == .final else {
                return try HashAggregateOperator(plan(mode), input: rows, context: context)
            }
            let partial = try HashAggregateOperator(plan(.partial), input: rows, context: context)
            return try HashAggregateOperator(plan(.final), input: partial, context: context)
        }
    }

    @Test(
        "groups beyond memory have the same sums, counts, extremes and lists",
        arguments: [AggregateMode.complete, .final])
    func aggregated(mode: AggregateMode) throws {
        let calls = [
            AggregateCall("sum", [.input(1, .int64)], type: .int64), AggregateCall("count", [], type: .int64),
            AggregateCall("min", [.input(2, .string)], type: .string),
            AggregateCall(
                "collect_list", [.input(1, .int64)], type: .array(.int64, containsNull: false)),
            AggregateCall("avg", [.input(1, .int64)], type: .double),
        ]
        // The number over three, and the key: 27,000 groups.
        let third = Expression.call(
            FunctionCall("div", [.input(1, .int64), .literal(.int64(3))], type: .int64))
        let groups: [Expression] = [third, .input(0, .int64)]
        let expected = try aggregate(Self.ample, mode: mode, calls: calls, groups: groups)
        #expect(expected.spilledBytes == 0 && expected.rows.count > 24_000)
        let found = try aggregate(1_500_000, mode: mode, calls: calls, groups: groups)
        #expect(found.spilledBytes > 100_000)
        #expect(found.rows.sorted() == expected.rows.sorted())
    }

    @Test("one group that does not fit cannot be dealt out: an error says what to change")
    func oneGroup() {
        let list = AggregateCall(
            "collect_list", [.input(1, .int64)], type: .array(.int64, containsNull: false))
        for groups in [[], [Expression.literal(.int64(1))]] {
            let error = #expect(throws: EngineError.self) {
                try aggregate(Self.short, mode: .complete, calls: [list], groups: groups)
            }
            #expect(error?.code == "OUT_OF_MEMORY" && error?.message.contains("Aggregation") == true)
        }
    }

    // MARK: - Join

    private func join(
        _ memoryBytes: Int, _ kind: JoinKind, build: PhysicalHashJoin.Side, hasResidual: Bool,
        hasNulls: Bool = true
    ) throws -> (rows: [String], spilledBytes: Int) {
        let isLeftOnly = kind == .leftSemi || kind == .leftAnti || kind == .leftAntiNullAware
        let residual = Expression.call(
            FunctionCall("less", [.input(1, .int64), .input(4, .int64)], type: .boolean))
        let input = PhysicalPlan.values(rows: [], schema: Rows.schema)
        let plan = PhysicalHashJoin(
            kind: kind, left: input, right: input, leftKeys: [.input(0, .int64)],
            rightKeys: [.input(0, .int64)], residual: hasResidual ? residual : nil, build: build,
            buildIsShared: false, output: isLeftOnly ? [0, 1, 2] : [0, 1, 2, 3, 4, 5],
            schema: Schema(isLeftOnly ? Rows.schema.fields : Rows.schema.fields + Rows.schema.fields))
        let isLeft = build == .left
        return try run(memoryBytes: memoryBytes) { context in
            try HashJoinOperator(
                plan, left: Rows(isLeft ? 25_000 : 2000, factor: 3),
                // NOT IN a list of all keys would give nothing.
                right: Rows(
                    isLeft ? 2000 : 25_000, factor: kind == .leftAntiNullAware ? 14 : 7, hasNulls: hasNulls),
                joinIndex: 0, context: context)
        }
    }

    @Test(
        "joins of every kind give the same rows, with the table on disk",
        arguments: [JoinKind.inner, .left, .right, .full, .leftSemi, .leftAnti], [true, false])
    func joined(kind: JoinKind, hasResidual: Bool) throws {
        for build in [PhysicalHashJoin.Side.left, .right] {
            let expected = try join(Self.ample, kind, build: build, hasResidual: hasResidual)
            #expect(expected.spilledBytes == 0 && !expected.rows.isEmpty)
            let found = try join(Self.short, kind, build: build, hasResidual: hasResidual)
            #expect(found.spilledBytes > 100_000)
            #expect(found.rows.sorted() == expected.rows.sorted(), "\(kind) building \(build)")
        }
    }

    @Test("NOT IN of a list on disk gives the same rows, and none where the list has a null")
    func notIn() throws {
        for hasNulls in [true, false] {
            let expected = try join(
                Self.ample, .leftAntiNullAware, build: .right, hasResidual: false, hasNulls: hasNulls)
            #expect(expected.spilledBytes == 0 && expected.rows.isEmpty == hasNulls)
            let found = try join(
                Self.short, .leftAntiNullAware, build: .right, hasResidual: false, hasNulls: hasNulls)
            #expect(found.spilledBytes > 100_000)
            #expect(found.rows.sorted() == expected.rows.sorted(), "nulls: \(hasNulls)")
        }
    }

    @Test("a build side of one key only cannot be dealt out: an error says what to do")
    func undividable() {
        let error = #expect(throws: EngineError.self) {
            try run(memoryBytes: Self.short) { context in
                try HashJoinOperator(
                    PhysicalHashJoin(
                        kind: .inner, left: .values(rows: [], schema: Rows.schema),
                        right: .values(rows: [], schema: Rows.schema), leftKeys: [.literal(.int64(1))],
                        rightKeys: [.literal(.int64(1))], residual: nil, build: .right,
                        buildIsShared: false, output: [0], schema: Schema([Rows.schema[0]])),
                    left: Rows(10, factor: 1), right: Rows(60_000, factor: 1), joinIndex: 0, context: context)
            }
        }
        #expect(error?.code == "OUT_OF_MEMORY" && error?.message.contains("join") == true)
        #expect(error?.remedy?.contains("--memory") == true)
    }

    private func nestedLoop(_ memoryBytes: Int, _ kind: JoinKind) throws
        -> (rows: [String], spilledBytes: Int)
    {
        let isLeftOnly = kind == .leftSemi || kind == .leftAnti
        // Seldom true, and never for some rows of either side.
        let both = Expression.call(
            FunctionCall("add", [.input(0, .int64), .input(4, .int64)], type: .int64))
        let condition = Expression.call(
            FunctionCall("equal", [both, .literal(.int64(5555))], type: .boolean))
        let input = PhysicalPlan.values(rows: [], schema: Rows.schema)
        let plan = PhysicalNestedLoopJoin(
            kind: kind, left: input, right: input, condition: condition,
            output: isLeftOnly ? [0, 1] : [0, 1, 3, 4, 5],
            schema: Schema((isLeftOnly ? [0, 1] : [0, 1, 0, 1, 2]).map { Rows.schema[$0] }))
        return try run(memoryBytes: memoryBytes) { context in
            // Wide rows, so that the left side comes in several stretches.
            try NestedLoopJoinOperator(
                plan, left: Rows(1000, factor: 3, textBytes: 2000), right: Rows(25_000, factor: 7),
                context: context)
        }
    }

    @Test(
        "a nested-loop join of every kind gives the same rows, with its right side on disk",
        arguments: [JoinKind.inner, .left, .right, .full, .leftSemi, .leftAnti])
    func nestedLoops(kind: JoinKind) throws {
        let expected = try nestedLoop(Self.ample, kind)
        #expect(expected.spilledBytes == 0 && !expected.rows.isEmpty)
        let found = try nestedLoop(Self.short, kind)
        #expect(found.spilledBytes > 10_000)
        #expect(found.rows.sorted() == expected.rows.sorted())
    }
}
