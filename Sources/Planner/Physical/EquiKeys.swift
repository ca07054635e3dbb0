import Columns
import Plans
import Vocabulary

/// Takes a join condition apart: equalities between the two sides are keys, the rest is checked for each
/// pair.
struct EquiKeys {
    var left: [Expression] = []
    var right: [Expression] = []
    var residual: [Expression] = []

    init(_ condition: Expression?, left leftIDs: Set<ColumnID>, right rightIDs: Set<ColumnID>) {
        for part in condition?.conjuncts ?? [] {
            if part.isTrueLiteral { continue }
            if let pair = Self.pair(part, left: leftIDs, right: rightIDs) {
                left.append(pair.left)
                right.append(pair.right)
            } else {
                residual.append(part)
            }
        }
    }

    /// Returns the two sides of `a = b` when each reads columns of one side of the join only.
    static func pair(
        _ condition: Expression, left: Set<ColumnID>, right: Set<ColumnID>
    ) -> (left: Expression, right: Expression)? {
        guard case .call(let call) = condition, call.name == "equal", call.arguments.count == 2,
            call.arguments[0].type == call.arguments[1].type
        else { return nil }
        let first = call.arguments[0].columns
        let second = call.arguments[1].columns
        if first.isEmpty || second.isEmpty { return nil }
        if first.isSubset(of: left), second.isSubset(of: right) {
            return (call.arguments[0], call.arguments[1])
        }
        if first.isSubset(of: right), second.isSubset(of: left) {
            return (call.arguments[1], call.arguments[0])
        }
        return nil
    }
}
