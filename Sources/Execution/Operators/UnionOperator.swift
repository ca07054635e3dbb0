import Columns
import Shuffle

/// Gives all rows of one input after the other.
final class UnionOperator: Operator {
    private let inputs: [any Operator]
    private var at = 0

    init(_ inputs: [any Operator]) { self.inputs = inputs }

    func next() throws -> Pull {
        while at < inputs.count {
            let pull = try inputs[at].next()
            guard case .finished = pull else { return pull }
            at += 1
        }
        return .finished
    }
}
