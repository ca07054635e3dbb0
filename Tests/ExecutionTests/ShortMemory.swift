import Columns
import Memory
import Plans
import Shuffle
import Testing
import Vocabulary

@testable import Execution

/// Runs single operators in a worker of little memory.
enum ShortMemory {
    /// Gives rows made by number: a key with nulls among 5000 values, the number, and text.
    final class Rows: Operator {
        static let schema = Schema([
            Field("key", .int64), Field("number", .int64), Field("text", .string),
        ])
        private let count: Int
        private let factor: Int
        private let hasNulls: Bool
        private let filling: String
        private var given = 0

        /// `textBytes`: how long the texts are at least.
        init(_ count: Int, factor: Int, hasNulls: Bool = true, textBytes: Int = 0) {
            self.count = count
            self.factor = factor
            self.hasNulls = hasNulls
            filling = String(repeating: ".", count: textBytes)
        }

        func next() throws -> Pull {
            let numbers = given..<min(given + (filling.isEmpty ? 4096 : 100), count)
            guard !numbers.isEmpty else { return .finished }
            given = numbers.upperBound
            return .batch(
                Batch(
                    columns: [
                        Vector.of(.int64, numbers.map { key($0) }),
                        Vector.of(.int64, numbers.map { .integer(Int64($0)) }),
                        Vector.of(
                            .string, numbers.map { .string("text of row \(($0 &* 31) % 977)\(filling)") }),
                    ], count: numbers.count))
        }

        private func key(_ number: Int) -> Scalar {
            hasNulls && number % 41 == 0 ? .null : .integer(Int64(number &* factor % 5000))
        }
    }

    /// Returns the context of a task in a worker.
    static func context(_ resources: WorkerResources, task: Int = 0) -> TaskContext {
        let key = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        return TaskContext(
            attempt: AttemptID(task: TaskID(stage: key, index: UInt32(task)), epoch: 1, number: 0),
            jobID: "test",
            fragment: TaskFragment(
                stage: StageID(0), taskIndex: task, taskCount: 4,
                plan: .values(rows: [], schema: Schema([])), output: .shuffle(.single), splits: [],
                settings: SessionSettings()), inputs: [:], resources: resources)
    }

    /// Returns the rows that an operator gives, as text.
    static func rows(of made: any Operator) throws -> [String] {
        var rows: [String] = []
        while case .batch(let batch) = try made.next() {
            #expect(batch.count > 0 && batch.count <= 65_536)
            for row in 0..<batch.count {
                rows.append(batch.columns.map { "\($0.scalar(at: row))" }.joined(separator: "|"))
            }
        }
        return rows
    }

    /// Returns the values that an operator gives, column by column: much faster than text, for many columns.
    static func columns(of made: any Operator) throws -> [[Scalar]] {
        var columns: [[Scalar]] = []
        while case .batch(let batch) = try made.next() {
            if columns.isEmpty { columns = batch.columns.map { _ in [] } }
            for (place, column) in batch.columns.enumerated() {
                columns[place] += (0..<batch.count).map { column.scalar(at: $0) }
            }
        }
        return columns
    }

    /// Runs an operator made in a context of so much memory, and returns its rows as text, and how much it
    /// wrote to disk.
    static func run(
        memoryBytes: Int, _ make: (TaskContext) throws -> any Operator
    ) throws -> (rows: [String], spilledBytes: Int) {
        try run(memoryBytes: memoryBytes, reading: rows, make)
    }

    /// Runs an operator made in a context of so much memory, and returns what `reading` makes of its batches,
    /// and how much it wrote to disk.
    static func run<Rows>(
        memoryBytes: Int, reading: (any Operator) throws -> Rows, _ make: (TaskContext) throws -> any Operator
    ) throws -> (rows: Rows, spilledBytes: Int) {
        let runner = StageRunner(memoryBytes: memoryBytes)
        runner.pool.stop()
        let context = context(runner.resources)
        let rows = try reading(try make(context))
        #expect(runner.resources.budget.usedBytes == 0)
        return (rows, context.counters.spillBytes.load(ordering: .relaxed))
    }
}
