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

    /// `found`: for each field its position and type in the input's batches, or nil when the file lacks it.
    init(
        _ input: any BatchStream, fields: [Field], found: [(position: Int, type: DataType)?],
        filter: ScanDecodeFilter?, settings: SessionSettings
    ) throws {
        self.input = input
        self.filter = filter
        let expressions = zip(fields, found).map { field, found -> Expression in
            guard let found else { return .literal(.null(field.type)) }
            let column = Expression.input(found.position, found.type)
            return found.type == field.type ? column : .cast(column, to: field.type, mode: .ansi)
        }
        evaluator = try Evaluator(expressions, settings: settings)
    }

    func next() throws -> Batch? {
        while let batch = try input.next() {
            let adapted = Batch(columns: try evaluator.evaluate(batch), count: batch.count)
            guard let filter else { return adapted }
            let selection = try filter.select(adapted.projected(filter.columns))
            if selection.count == adapted.count { return adapted }
            if selection.count > 0 { return adapted.gathered(selection) }
        }
        return nil
    }
}
