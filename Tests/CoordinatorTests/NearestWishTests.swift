import Columns
import Plans
import Scheduling
import Testing
import Vocabulary

@testable import Coordinator

@Suite("Where tasks of stages that were planned again should run")
struct NearestWishTests {
    private let attempt = AttemptID(
        task: TaskID(
            stage: StageKey(job: JobID(0), statement: 0, stage: StageID(0)), index: 0), epoch: 1, number: 1)

    /// What a task wrote on a worker, by partition.
    private func output(_ worker: Int, _ bytes: [Int]) -> TaskOutput {
        TaskOutput(attempt: attempt, worker: WorkerID(worker), partitionBytes: bytes)
    }

    private func wishes(_ modes: [ShuffleRead.Mode], tasks: Int, _ outputs: [TaskOutput?]) -> [WorkerID?] {
        let reads = modes.map {
            PhysicalPlan.shuffleRead(ShuffleRead(stage: StageID(0), mode: $0, schema: Schema([Field]())))
        }
        let stage = Stage(
            id: StageID(1), name: "", plan: .union(reads, schema: Schema([Field]())),
            output: .shuffle(.single),
            taskCount: tasks, dependencies: [StageID(0)])
        var spec = StageSpec(
            stage, result: .rows(stage: StageID(2), schema: Schema([Field]())), settings: SessionSettings())
        spec.wishNearest(stage) { _ in outputs }
        return spec.preferredWorkers
    }

    @Test("a task that reads several partitions, or a part of one, goes where most of their bytes are")
    func nearest() {
        let outputs = [output(0, [10, 10, 1, 90]), nil, output(1, [30, 0, 2, 0])]
        #expect(
            wishes([.partitionRanges([0..<2, 2..<3, 3..<4])], tasks: 3, outputs)
                == [WorkerID(1), WorkerID(1), WorkerID(0)])
        let cut = [
            ShuffleSlice(partitions: 0..<2, producers: 0..<1),
            ShuffleSlice(partitions: 0..<2, producers: 1..<3),
            ShuffleSlice(partitions: 1..<2, producers: 2..<3),
        ]
        #expect(wishes([.slices(cut)], tasks: 3, outputs) == [WorkerID(0), WorkerID(1), nil])
    }

    @Test("what all tasks read alike says nothing, nor do partitions of a task's own number")
    func none() {
        let outputs = [output(0, [10, 20])]
        #expect(wishes([.partitionRanges([0..<2, 0..<2])], tasks: 2, outputs).isEmpty)
        #expect(wishes([.partition], tasks: 2, outputs).isEmpty)
        #expect(wishes([.partitionRanges([0..<1, 1..<2])], tasks: 2, [nil]).isEmpty)
    }
}
