import Columns
import Execution
import Formats
import Plans
import Synchronization
import Vocabulary

/// Reads landed rows; lands them first where they are not on this worker.
///
/// `@unchecked Sendable`: one thread reads; `cancel` only sets a flag.
final class LandedReader: SourceReader, @unchecked Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let isCancelled: @Sendable () -> Bool
    private let begin: (Wanted) throws(EngineError) -> JSONReader
    private var reader: JSONReader?

    init(
        isCancelled: @escaping @Sendable () -> Bool,
        _ begin: @escaping (Wanted) throws(EngineError) -> JSONReader
    ) {
        self.isCancelled = isCancelled
        self.begin = begin
    }

    func next() throws -> Batch? {
        let wanted = Wanted { [self] in isStopped.load(ordering: .relaxed) || isCancelled() }
        try wanted.check()
        if reader == nil { reader = try begin(wanted) }
        while let batch = try reader?.next() {
            if batch.count > 0 { return batch }
        }
        return nil
    }

    func cancel() { isStopped.store(true, ordering: .relaxed) }
}
