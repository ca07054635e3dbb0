import Columns
import Functions
import Kernels
import Plans
import Shuffle

/// Keeps the rows for which every conjunct is true.
final class FilterOperator: Operator {
    private let input: any Operator
    private let predicate: Predicate
    private let dependsOnRowOnly: Bool

    init(_ conjuncts: [Expression], settings: SessionSettings, input: any Operator) throws {
        predicate = try Predicate(conjuncts, settings: settings)
        dependsOnRowOnly = conjuncts.allSatisfy(\.dependsOnRowOnly)
        self.input = input
    }

    func offer(_ filter: JoinKeyFilter, columns: [Int]) {
        if dependsOnRowOnly { input.offer(filter, columns: columns) }
    }

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
