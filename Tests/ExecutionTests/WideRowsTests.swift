import Columns
import Memory
import Plans
import Shuffle
import Testing
import Vocabulary

@testable import Execution

/// Operators that make wide rows make few of them at once: batches are not counted in the budget.
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
