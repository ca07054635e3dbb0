import Columns
import Memory
import Plans
import Shuffle
import Testing
import Vocabulary

@testable import Execution

/// Operators that make wide rows make few of them at once: small batches are not counted in the budget.
@Suite("Wide rows")
struct WideRowsTests {
    private typealias Rows = ShortMemory.Rows

    /// Text of some 20 kB for each row.
    private static let wide = Expression.call(
        FunctionCall(
            "repeat", [.input(2, .string), .literal(Literal(.integer(1000), .int32))], type: .string))

    /// Runs an operator and returns its rows' numbers in order, and the widest batch's bytes of text.
    private func run(_ column: Int, _ make: (TaskContext) throws -> any Operator) throws -> ([Scalar], Int) {
        let runner = StageRunner(memoryBytes: 1 << 30)
        runner.pool.stop()
        let made = try make(ShortMemory.context(runner.resources))
        var numbers: [Scalar] = []
        var most = 0
        while case .batch(let batch) = try made.next() {
            for row in 0..<batch.count { numbers.append(batch.columns[column].scalar(at: row)) }
            most = max(most, batch.textBytes)
        }
        return (numbers, most)
    }

    @Test("a projection that makes 20 kB of each row gives its rows in order, a few MiB at once")
    func projected() throws {
        let (numbers, most) = try run(0) { context in
            try ProjectOperator(
                [.input(1, .int64), Self.wide], settings: context.settings, input: Rows(9_000, factor: 1))
        }
        #expect(numbers == (0..<9_000).map { .integer(Int64($0)) })
        #expect(most <= 2 * PiecewiseInput.targetBytes, "\(most)")
    }

    @Test("a projection that makes nothing wide gives whole batches")
    func narrow() throws {
        let runner = StageRunner(memoryBytes: 1 << 30)
        runner.pool.stop()
        let made = try ProjectOperator(
            [.input(1, .int64), .input(2, .string)],
            settings: ShortMemory.context(runner.resources).settings, input: Rows(5_000, factor: 1))
        var counts: [Int] = []
        while case .batch(let batch) = try made.next() { counts.append(batch.count) }
        #expect(counts == [4096, 904])
    }

    /// Gives ever longer texts: after 300 short ones each takes 512 KiB.
    private final class Growing: Operator {
        private var given = 0

        func next() throws -> Pull {
            if given == 600 { return .finished }
            let numbers = given..<(given + 300)
            given = numbers.upperBound
            return .batch(
                Batch(
                    columns: [
                        Vector.of(.string, numbers.map { .string("\($0)") }),
                        Vector.of(.int32, numbers.map { .integer($0 < 300 ? 1 : 1 << 17) }),
                    ], count: numbers.count))
        }
    }

    private static let growing = Expression.call(
        FunctionCall("repeat", [.input(0, .string), .input(1, .int32)], type: .string))
    private static let length = Expression.call(FunctionCall("length", [growing], type: .int32))

    @Test("a task makes what it has room for: texts that grow come in smaller pieces, lengths of them whole")
    func growing() throws {
        for (expression, isWhole) in [(Self.growing, false), (Self.length, true)] {
            let runner = StageRunner(memoryBytes: 24 << 20)
            runner.pool.stop()
            let budget = runner.resources.budget
            let made = try ProjectOperator(
                [expression], settings: ShortMemory.context(runner.resources).settings, input: Growing())
            var (rows, pieces, most) = (0, 0, 0)
            try MadeMemory(budget).serving {
                while case .batch(let batch) = try made.next() {
                    rows += batch.count
                    pieces += 1
                    most = max(most, batch.textBytes)
                    // Kept alive: what is counted beyond the free bytes is the budget's.
                    withExtendedLifetime(batch) { #expect(budget.usedBytes <= budget.limitBytes) }
                }
            }
            #expect(rows == 600)
            #expect(most <= CountedMemory.uncountedBytes + budget.limitBytes, "\(most)")
            #expect(isWhole ? pieces == 2 : pieces > 10, "\(pieces)")
            #expect(budget.usedBytes == 0)
        }
    }

    @Test("lists of a million elements each are made a few at a time, and their elements are all given")
    func generated() throws {
        let runner = StageRunner(memoryBytes: 24 << 20)
        runner.pool.stop()
        let list = Expression.call(
            FunctionCall(
                "array_repeat", [.input(1, .int64), .literal(Literal(.integer(1_000_000), .int32))],
                type: .array(.int64, containsNull: true)))
        let made = try GenerateOperator(
            Generator(list, isOuter: false), kept: [],
            context: ShortMemory.context(runner.resources), input: Rows(20, factor: 1))
        var rows = 0
        try MadeMemory(runner.resources.budget).serving {
            while case .batch(let batch) = try made.next() { rows += batch.count }
        }
        #expect(rows == 20_000_000)
    }

    @Test("a value that takes more than the budget fails its task; a filter by it, too")
    func tooLarge() throws {
        let runner = StageRunner(memoryBytes: 24 << 20)
        runner.pool.stop()
        let settings = ShortMemory.context(runner.resources).settings
        let text = Expression.call(
            FunctionCall(
                "repeat", [.input(2, .string), .literal(Literal(.integer(5_000_000), .int32))],
                type: .string))
        let isLong = Expression.call(
            FunctionCall(
                "greater",
                [
                    .call(FunctionCall("length", [text], type: .int32)),
                    .literal(Literal(.integer(7), .int32)),
                ], type: .boolean))
        let operators: [any Operator] = [
            try ProjectOperator([text], settings: settings, input: Rows(10, factor: 1)),
            try FilterOperator([isLong], settings: settings, input: Rows(10, factor: 1)),
        ]
        for each in operators {
            let error = #expect(throws: EngineError.self) {
                try MadeMemory(runner.resources.budget).serving { _ = try each.next() }
            }
            #expect(error?.code == "OUT_OF_MEMORY")
            #expect(runner.resources.budget.usedBytes == 0)
        }
    }

    @Test("groups with wide states are given a few MiB at once, complete and in order")
    func grouped() throws {
        let (numbers, most) = try run(0) { context in
            try HashAggregateOperator(
                PhysicalAggregate(
                    mode: .complete, groups: [.input(1, .int64)],
                    aggregates: [AggregateCall("max", [Self.wide], type: .string)], schema: Schema([]),
                    input: .values(rows: [], schema: Rows.schema)),
                input: Rows(9_000, factor: 1), context: context)
        }
        #expect(numbers == (0..<9_000).map { .integer(Int64($0)) })
        #expect(most <= 2 * HashAggregateOperator.copiedBytes, "\(most)")
    }
}
