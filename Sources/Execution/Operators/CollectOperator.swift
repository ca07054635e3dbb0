import Columns
import Plans
import Shuffle
import Vocabulary

/// Takes the first rows of its input for the session: gives their bytes as one row, for the task's manifest.
final class CollectOperator: Operator {
    private let limit: Int
    private let schema: Schema
    private let input: any Operator
    private var rows: [[Literal]] = []
    private var isFinished = false

    init(limit: Int, schema: Schema, input: any Operator) {
        self.limit = limit
        self.schema = schema
        self.input = input
    }

    func next() throws -> Pull {
        if isFinished { return .finished }
        while rows.count < limit {
            let pull = try input.next()
            if case .blocked = pull { return pull }
            guard case .batch(let batch) = pull else { break }
            for row in 0..<min(batch.count, limit - rows.count) {
                rows.append(zip(batch.columns, schema.fields).map { Literal($0.scalar(at: row), $1.type) })
            }
        }
        isFinished = true
        return .batch(Batch(columns: [.of(.binary, [.binary(try PlanCodec.encode(rows: rows))])], count: 1))
    }
}
