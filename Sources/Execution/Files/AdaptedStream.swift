import Columns
import Functions
import Kernels
import Plans
import Vocabulary

/// Brings a file whose schema differs from the relation's to the relation's columns: missing ones become
/// nulls, others are cast. Then applies the filter that the decoder could not.
final class AdaptedStream: BatchStream {
    private let input: any BatchStream
    private let evaluator: Evaluator
    private let filter: ScanDecodeFilter?

    /// `file` is for messages. `found`: for each field its position and type in the input's batches, or nil
    /// when the file lacks it.
    init(
        _ input: any BatchStream, fields: [Field], found: [(position: Int, type: DataType)?], file: String,
        filter: ScanDecodeFilter?, settings: SessionSettings
    ) throws {
        self.input = input
        self.filter = filter
        let expressions = try zip(fields, found).map { field, found -> Expression in
            guard let found else { return .literal(.null(field.type)) }
            if field.type == .null, found.type != .null {
                throw EngineError.data(
                    "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
                    "The column \(field.name) has values (\(found.type)) in this file, and none in the "
                        + "first one: \(file)",
                    remedy: "Give the column's type: CREATE TEMPORARY VIEW name (columns) USING ….")
            }
            let column = Expression.input(found.position, found.type)
            return found.type == field.type ? column : .cast(column, to: field.type, mode: .ansi)
        }
        evaluator = try Evaluator(expressions, settings: settings)
    }

    func next() throws -> Batch? {
        while let batch = try input.next() {
            let adapted = Batch(columns: try evaluator.evaluate(batch), count: batch.count)
            let passed = try filtered(adapted)
            if passed.count > 0 { return passed }
        }
        return nil
    }

    private func filtered(_ batch: Batch) throws -> Batch {
        guard let filter else { return batch }
        var passed = batch
        for (step, columns) in filter.begin().enumerated() where passed.count > 0 {
            let selection = try filter.select(passed.projected(columns), step: step)
            if selection.count < passed.count { passed = passed.gathered(selection) }
        }
        return passed
    }
}
