import Columns
import Plans
import Shuffle
import Vocabulary

/// Gives exactly one row, as a scalar subquery must: the input's, or nulls when it has none.
final class SingleRowOperator: Operator {
    private let input: any Operator
    private let schema: Schema
    /// Where the subquery stands in the user's text.
    private let origin: Origin
    private var row: Batch?
    private var isFinished = false

    init(schema: Schema, origin: Origin = .none, input: any Operator) {
        self.schema = schema
        self.origin = origin
        self.input = input
    }

    func next() throws -> Pull {
        while !isFinished {
            let pull = try input.next()
            switch pull {
            case .blocked: return pull
            case .batch(let batch):
                if row != nil || batch.count > 1 {
                    throw EngineError.user(
                        "SCALAR_SUBQUERY_TOO_MANY_ROWS",
                        "More than one row returned by a subquery used as an expression",
                        remedy: "Add LIMIT 1, or an aggregate such as max(), to the subquery.",
                        at: origin.location)
                }
                row = batch
            case .finished:
                isFinished = true
                return .batch(row ?? Batch(columns: schema.types.map { .nulls($0, count: 1) }, count: 1))
            }
        }
        return .finished
    }
}
