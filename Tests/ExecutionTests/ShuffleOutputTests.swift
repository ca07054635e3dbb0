import Columns
import Memory
import Plans
import Shuffle
import Testing
import Vocabulary

@testable import Execution

/// Outputs of tasks that do not fit in memory.
@Suite("Shuffle outputs beyond memory")
struct ShuffleOutputTests {
    private static let schema = Schema([Field("id", .int64), Field("text", .string)])
    private static let partitions = 3

    private func resources(encodes: Bool) -> WorkerResources {
        let store = ShuffleStore()
        let runner = StageRunner()
        runner.pool.stop()
        return WorkerResources(
            budget: MemoryBudget(limitBytes: 400_000), store: store,
            shuffle: LocalShuffleSource(store: store), spillDirectory: "/tmp", encodesShuffle: encodes,
            files: runner.resources.files)
    }

    private func attempt(_ number: UInt32) -> AttemptID {
        let stage = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        return AttemptID(task: TaskID(stage: stage, index: number), epoch: 1, number: number)
    }

    /// Rows whose text does not compress well.
    private func batch(_ number: Int) -> Batch {
        let ids = (0..<1000).map { number * 1000 + $0 }
        return Batch(
            columns: [
                Vector.of(.int64, ids.map { .integer(Int64($0)) }),
                Vector.of(.string, ids.map { .string("\($0 &* 0x1E37_79B9_7F4A_7C15) \($0 &* 7919)") }),
            ], count: ids.count)
    }

    private func build(_ resources: WorkerResources, meter: TaskMeter) throws -> ShuffleOutputBuilder {
        let builder = ShuffleOutputBuilder(
            attempt: attempt(0), schema: Self.schema, partitions: Self.partitions, resources: resources,
            meter: meter)
        for number in 0..<60 { try builder.add(batch(number), to: number % Self.partitions) }
        return builder
    }

    private func ids(_ resources: WorkerResources, of partition: Int) throws -> [Scalar] {
        let stream = resources.shuffle.read(
            [(OutputAddress(attempt: attempt(0), address: "here"), partition..<(partition + 1))],
            schema: Self.schema, ordered: true)
        var found: [Scalar] = []
        while case .batch(let batch) = try stream.next() {
            for row in 0..<batch.count {
                found.append(batch.columns[0].scalar(at: row))
                guard case .integer(let id) = batch.columns[0].scalar(at: row) else { continue }
                let text = "\(Int(id) &* 0x1E37_79B9_7F4A_7C15) \(Int(id) &* 7919)"
                #expect(batch.columns[1].scalar(at: row) == .string(text))
            }
        }
        return found
    }

    @Test(
        "rows beyond the budget go to the file and come back by partition; the budget is whole afterwards",
        arguments: [true, false])
    func spilled(encodes: Bool) throws {
        let resources = resources(encodes: encodes)
        let meter = TaskMeter()
        do {
            let output = try build(resources, meter: meter).finish()
            for partition in output.partitions {
                guard case .file = partition else {
                    Issue.record("a partition is not in the file")
                    continue
                }
            }
            #expect(meter.spillBytes.load(ordering: .relaxed) > 400_000)
            #expect(output.partitionRows == [20_000, 20_000, 20_000])
            #expect(output.partitionBytes.reduce(0, +) == meter.spillBytes.load(ordering: .relaxed))
            resources.store.put(output)
        }
        for partition in 0..<Self.partitions {
            let expected = (0..<60).filter { $0 % Self.partitions == partition }.flatMap { number in
                (0..<1000).map { Scalar.integer(Int64(number * 1000 + $0)) }
            }
            #expect(try ids(resources, of: partition) == expected)
        }
        resources.store.drop([attempt(0)])
        #expect(resources.budget.usedBytes == 0)
    }

    @Test("an output that is given up gives all of its memory back", arguments: [true, false])
    func aborted(encodes: Bool) throws {
        let resources = resources(encodes: encodes)
        let builder = try build(resources, meter: TaskMeter())
        builder.abort()
        #expect(resources.budget.usedBytes == 0)
    }
}
