import Columns
import Functions
import Plans
import Shuffle

/// Computes one column per expression.
final class ProjectOperator: Operator {
    private let input: PiecewiseInput
    private let evaluator: Evaluator
    private let expressions: [Expression]

    init(_ expressions: [Expression], settings: SessionSettings, input: any Operator) throws {
        self.expressions = expressions
        evaluator = try Evaluator(expressions, settings: settings)
        self.input = PiecewiseInput(input, computing: expressions)
    }

    func offer(_ filter: JoinKeyFilter, columns: [Int]) {
        // What is computed anew at each row, or fails on purpose, must see every row.
        guard expressions.allSatisfy(\.dependsOnRowOnly) else { return }
        let below = columns.compactMap { expressions[$0].inputPosition }
        if below.count == columns.count { input.offer(filter, columns: below) }
    }

    func next() throws -> Pull {
        while true {
            let pull = try input.next()
            guard case .batch(let batch) = pull else { return pull }
            guard let columns = try input.values(of: batch, by: evaluator) else { continue }
            return .batch(Batch(columns: columns, count: batch.count))
        }
    }
}

extension Expression {
    /// The position of the input column that the expression is; nil for all other expressions.
    var inputPosition: Int? {
        if case .input(let position, _) = self { return position }
        return nil
    }

    /// Whether the value depends on the row's columns only, and computing it does nothing else.
    var dependsOnRowOnly: Bool {
        var found = true
        forEach { part in
            guard case .call(let call) = part else { return }
            if FunctionRegistry.shared.scalar(named: call.name)?.isDeterministic == false { found = false }
        }
        return found
    }
}
