import Columns
import Functions
import Kernels
import Shuffle

/// Keeps the rows for which every conjunct is true.
final class FilterOperator: Operator {
    private let input: any Operator
    private let predicate: Predicate

    init(_ predicate: Predicate, input: any Operator) {
        self.predicate = predicate
        self.input = input
    }

    func offer(_ filter: JoinKeyFilter, columns: [Int]) { input.offer(filter, columns: columns) }

    func next() throws -> Pull {
        while true {
            let pull = try input.next()
            guard case .batch(let batch) = pull else { return pull }
            let selection = try predicate.select(batch)
            if selection.count == batch.count { return pull }
            if selection.count > 0 { return .batch(batch.gathered(selection)) }
        }
    }
}
