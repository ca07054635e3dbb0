import Columns
import Functions
import Plans
import Shuffle

/// Gives each input row once per projection list (grouping sets).
final class ExpandOperator: Operator {
    private let input: any Operator
    private let evaluators: [Evaluator]
    private var current: Batch?
    private var list = 0

    init(_ lists: [[Expression]], settings: SessionSettings, input: any Operator) throws {
        evaluators = try lists.map { try Evaluator($0, settings: settings) }
        self.input = input
    }

    func next() throws -> Pull {
        if current == nil || list == evaluators.count {
            let pull = try input.next()
            guard case .batch(let batch) = pull else { return pull }
            current = batch
            list = 0
        }
        guard let batch = current, list < evaluators.count else { return .finished }
        defer { list += 1 }
        return .batch(Batch(columns: try evaluators[list].evaluate(batch), count: batch.count))
    }
}
