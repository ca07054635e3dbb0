import Columns
import Execution
import Functions
import Kernels
import Plans
import Vocabulary

/// Brings batches to the types that a target takes.
struct RowConversion {
    private let evaluator: Evaluator?

    init(_ schema: Schema, to fields: [Field], _ settings: SessionSettings, _ zone: Zone) throws {
        var isNeeded = false
        let expressions = zip(schema.fields, fields).enumerated().map { position, pair -> Expression in
            let column = Expression.input(position, pair.0.type)
            if pair.0.type == pair.1.type { return column }
            isNeeded = true
            if pair.1.type == .string, pair.0.type.isNested {
                return .call(FunctionCall("to_json", [column], type: .string))
            }
            return .cast(column, to: pair.1.type, mode: .ansi)
        }
        evaluator = isNeeded ? try Evaluator(expressions, settings: settings) : nil
    }

    func convert(_ batch: Batch) throws -> Batch {
        guard let evaluator else { return batch }
        return Batch(columns: try evaluator.evaluate(batch), count: batch.count)
    }
}
