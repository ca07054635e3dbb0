import Columns

/// Takes the one row of `PhysicalPlan.manifestSchema` that describing or loading gives, for the task's
/// manifest.
final class ManifestSink: TaskSink {
    private var result = TaskResult()

    func write(_ batch: Batch) throws {
        for row in 0..<batch.count {
            if case .binary(let bytes) = batch.columns[0].scalar(at: row) { result.note += bytes }
        }
    }

    func finish() throws -> TaskResult { result }

    func abort() {}
}
