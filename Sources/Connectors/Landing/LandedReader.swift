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

/// Holds the rows of a second read against the schema of the first.
enum LandedSchema {
    /// Throws `SOURCE_CHANGED` (system) when a column came that the schema has not: its values would be lost.
    /// Values that do not fit a column's type fail where they are read.
    static func check(_ found: Schema, fits schema: Schema, _ name: String) throws(EngineError) {
        try check(found.fields, schema.fields, name)
    }

    private static func check(_ found: [Field], _ known: [Field], _ path: String) throws(EngineError) {
        for field in found {
            guard let same = known.first(where: { $0.name == field.name }) else {
                throw .system(
                    "SOURCE_CHANGED",
                    "The source gave another column than when its schema was read: \(path).\(field.name)",
                    remedy: "Run the job again.")
            }
            try check(field.type, same.type, "\(path).\(field.name)")
        }
    }

    private static func check(_ found: DataType, _ known: DataType, _ path: String) throws(EngineError) {
        switch (found, known) {
        case (.structure(let fields), .structure(let others)): try check(fields, others, path)
        case (.array(let element, _), .array(let other, _)): try check(element, other, path)
        default: break
        }
    }
}
