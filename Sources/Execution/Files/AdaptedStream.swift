import Columns
import Functions
import Kernels
import Plans
import Vocabulary

/// Brings a file whose schema differs from the relation's to the relation's columns: missing ones, and
/// missing members of structures, become nulls, others are cast. Then applies the filter that the decoder
/// could not.
final class AdaptedStream: BatchStream {
    private let input: any BatchStream
    private let evaluator: Evaluator
    private let filter: ScanDecodeFilter?
    /// Columns of the input whose structures have other members than the relation's, with the type they get.
    private let shapes: [(position: Int, type: DataType)]

    /// `file` is for messages. `found`: for each field its position and type in the input's batches, or nil
    /// when the file lacks it. `isParquet`: only what Spark's reader of Parquet widens is taken. `options`:
    /// those of the relation, which may say what the file's rows hold in columns that it lacks.
    init(
        _ input: any BatchStream, fields: [Field], found: [(position: Int, type: DataType)?], file: String,
        filter: ScanDecodeFilter?, isParquet: Bool = false, options: [String: String] = [:],
        settings: SessionSettings
    ) throws {
        self.input = input
        self.filter = filter
        var shapes: [(position: Int, type: DataType)] = []
        let expressions = try zip(fields, found).map { field, found -> Expression in
            guard let found else {
                let text = options[FileRelation.earlierValueOption + field.name.lowercased()]
                return text.map { .cast(.literal(.string($0)), to: field.type, mode: .ansi) }
                    ?? .literal(.null(field.type))
            }
            if field.type == .null, found.type != .null {
                throw EngineError.data(
                    "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
                    "The column \(field.name) has values (\(found.type)) in this file, and none in the "
                        + "first one: \(file)",
                    remedy: "Give the column's type: CREATE TEMPORARY VIEW name (columns) USING ….")
            }
            let shape = StructureShape.type(found.type, like: field.type, isParquet: isParquet)
            let isTaken =
                isParquet
                ? ParquetWidening.takes(shape, as: field.type)
                : Coercion.canCast(shape, field.type, ansi: true)
            guard isTaken else {
                throw EngineError.data(
                    "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
                    "The column \(field.name) is \(found.type.sqlName) in this file, which cannot be read as "
                        + "\(field.type.sqlName): \(file)",
                    remedy: "Give the column the file's type, and cast it in the query.")
            }
            if shape != found.type { shapes.append((found.position, shape)) }
            let column = Expression.input(found.position, shape)
            return shape == field.type ? column : .cast(column, to: field.type, mode: .ansi)
        }
        self.shapes = shapes
        evaluator = try Evaluator(expressions, settings: settings)
    }

    func next() throws -> Batch? {
        while let batch = try input.next() {
            let adapted = Batch(columns: try evaluator.evaluate(reshaped(batch)), count: batch.count)
            let passed = try filtered(adapted)
            if passed.count > 0 { return passed }
        }
        return nil
    }

    private func reshaped(_ batch: Batch) -> Batch {
        if shapes.isEmpty { return batch }
        var columns = batch.columns
        for (position, type) in shapes {
            columns[position] = StructureShape.reshaped(columns[position], to: type)
        }
        return Batch(columns: columns, count: batch.count)
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
