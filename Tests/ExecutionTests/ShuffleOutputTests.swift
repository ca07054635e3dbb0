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

    /// Tells whether a heap is still there.
    private struct HeapWatch {
        weak var heap: Buffer?
        let bytes: Int

        init(_ heap: Buffer) {
            self.heap = heap
            bytes = heap.byteCount
        }
    }

    @Test("text that partitions share is counted as long as one of them holds it, and blocks stay small")
    func sharedText() throws {
        let runner = StageRunner(memoryBytes: 64 << 20)
        runner.pool.stop()
        let resources = WorkerResources(
            budget: MemoryBudget(limitBytes: 64 << 20), store: ShuffleStore(),
            shuffle: LocalShuffleSource(store: ShuffleStore()), spillDirectory: "/tmp", encodesShuffle: true,
            files: runner.resources.files)
        let builder = ShuffleOutputBuilder(
            attempt: attempt(0), schema: Schema([Field("text", .string)]), partitions: 2,
            resources: resources, meter: TaskMeter())
        var watched: [HeapWatch] = []
        var most = 0
        // One row in a hundred goes to the second partition, whose rows wait for more of them.
        let places = Buffer(byteCount: 400 * 4)
        for number in 0..<60 {
            let text = String(repeating: "\(number) wide ", count: 200)
            let batch = Batch(
                columns: [Vector.of(.string, (0..<400).map { .string("\($0) \(text)") })], count: 400)
            for heap in batch.columns[0].heaps { watched.append(HeapWatch(heap)) }
            for row in 0..<400 { places.pointer(as: UInt32.self)[row] = UInt32(row % 100 == 0 ? 1 : 0) }
            try RowsByGroup(places.pointer(as: UInt32.self), count: 400, groupCount: 2).forEach {
                partition, rows, count in
                try builder.add(batch.gathered(rows, count: count), to: partition)
            }
            let held = watched.reduce(0) { $0 + ($1.heap == nil ? 0 : $1.bytes) }
            // The last batch is still on its way.
            let last = batch.columns[0].heaps.reduce(0) { $0 + $1.byteCount }
            #expect(held - last <= resources.budget.usedBytes)
            most = max(most, held)
        }
        #expect(most > 2 << 20 && most < 8 << 20, "\(most)")
        let output = try builder.finish()
        #expect(output.rowCount == 24_000)
        for case .blocks(let blocks) in output.partitions {
            #expect(blocks.allSatisfy { $0.byteCount < 4 << 20 })
        }
    }
}
