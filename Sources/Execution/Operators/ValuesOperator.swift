import Columns
import Plans
import Shuffle
import Vocabulary

/// Gives literal rows.
final class ValuesOperator: Operator {
    private let rows: [[Literal]]
    private let schema: Schema
    private let context: TaskContext?
    private var at = 0

    init(rows: [[Literal]], schema: Schema, context: TaskContext? = nil) {
        self.context = context
        self.rows = rows
        self.schema = schema
    }

    func next() throws -> Pull {
        let count = min(Limits.batchRows, rows.count - at)
        guard count > 0 else { return .finished }
        context?.counters.rowsIn.add(count, ordering: .relaxed)
        let columns = schema.fields.indices.map { column in
            Vector.of(schema[column].type, rows[at..<(at + count)].map { $0[column].value })
        }
        at += count
        return .batch(Batch(columns: columns, count: count))
    }
}
