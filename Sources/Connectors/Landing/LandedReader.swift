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
    private let begin: (Wanted, ByteCount) throws(EngineError) -> (JSONReader, LandedRows)
    private let count = ByteCount()
    private var reader: JSONReader?
    private var rows: LandedRows?

    init(
        isCancelled: @escaping @Sendable () -> Bool,
        _ begin: @escaping (Wanted, ByteCount) throws(EngineError) -> (JSONReader, LandedRows)
    ) {
        self.isCancelled = isCancelled
        self.begin = begin
    }

    func next() throws -> Batch? {
        let wanted = Wanted { [self] in isStopped.load(ordering: .relaxed) || isCancelled() }
        try wanted.check()
        if reader == nil { (reader, rows) = try begin(wanted, count) }
        do {
            while let batch = try reader?.next() {
                if batch.count > 0 { return batch }
            }
        } catch let error as EngineError {
            throw rows?.explained(error) ?? error
        }
        return nil
    }

    var bytesRead: Int? { count.value }

    func cancel() { isStopped.store(true, ordering: .relaxed) }
}
