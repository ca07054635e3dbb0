import Plans
import Vocabulary

/// Deals splits out to tasks.
enum SplitAssignment {
    /// Cuts `splits` into `tasks` runs of neighbours with about equal bytes, in order.
    static func runs(of splits: [FileSplit], tasks: Int) -> [[FileSplit]] {
        let total = splits.reduce(0) { $0 + max(1, $1.byteCount) }
        var runs = [[FileSplit]](repeating: [], count: max(1, tasks))
        var before = 0
        for (position, split) in splits.enumerated() {
            let bytes = max(1, split.byteCount)
            // The task in whose share of the bytes the split's middle lies; each task gets one when there are
            // few.
            let byBytes = Int(Double(before) + Double(bytes) / 2) * runs.count / max(1, total)
            let task = splits.count <= runs.count ? position : min(runs.count - 1, byBytes)
            runs[task].append(split)
            before += bytes
        }
        return runs
    }
}
