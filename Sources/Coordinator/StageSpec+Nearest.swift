import Plans
import Scheduling
import Vocabulary

extension StageSpec {
    /// Most outputs of tasks that are looked at for one stage's wishes, as the coordinator does nothing else
    /// meanwhile.
    private static let nearestLimit = 1_000_000

    /// Wishes each task of a stage that was planned again to the worker that holds most bytes of what the
    /// task reads; the scheduler finds that itself where tasks read the partition of their own number. What
    /// all tasks read alike has no say. `outputs` gives what the tasks of a stage wrote.
    mutating func wishNearest(_ stage: Stage, _ outputs: (StageID) -> [TaskOutput?]) {
        // A wish that is there already is where the rows were read.
        guard preferredWorkers.isEmpty, repetition == .free else { return }
        var bytes = [[WorkerID: Int]](repeating: [:], count: stage.taskCount)
        stage.plan.forEachShuffleRead { read in
            let slices: [ShuffleSlice]
            let writers = outputs(read.stage)
            switch read.mode {
            case .partitionRanges(let ranges) where Set(ranges).count > 1:
                slices = ranges.map { ShuffleSlice(partitions: $0, producers: writers.indices) }
            case .slices(let cut): slices = cut
            default: return
            }
            guard slices.count == bytes.count, slices.count * writers.count <= Self.nearestLimit else {
                return
            }
            for (task, slice) in slices.enumerated() {
                for case let output? in writers[slice.producers.clamped(to: writers.indices)] {
                    let own = slice.partitions.clamped(to: output.partitionBytes.indices)
                    bytes[task][output.worker, default: 0] += output.partitionBytes[own].reduce(0, +)
                }
            }
        }
        let wishes = bytes.map { held in
            // Of several that hold as much the first, so that the answer is the same each time.
            held.filter { $0.value > 0 }.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        }
        if wishes.contains(where: { $0 != nil }) { preferredWorkers = wishes }
    }
}
