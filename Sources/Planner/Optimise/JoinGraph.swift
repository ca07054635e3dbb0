import Columns
import Plans
import Vocabulary

/// Holds the relations of a cluster of inner joins and what connects them. A set of relations is a bit mask.
///
/// Columns that equalities connect form classes: within a set of relations, `k` members of a class cost `k −
/// 1` equality
/// conditions, whichever they are, so `a = b AND b = c` also joins `a` with `c` directly.
struct JoinGraph {
    let relations: [LogicalPlan]
    /// Conditions that no join can take: without columns.
    private(set) var leftOver: [Expression] = []
    private var rows: [Double] = []
    private var widths: [Double] = []
    private var classes: [KeyClass] = []
    private var others: [OtherCondition] = []
    /// Factors that put right the product of several keys between two relations.
    private var corrections: [(mask: UInt64, factor: Double)] = []

    /// Columns that are equal in the result.
    private struct KeyClass {
        var members: [(relation: Int, column: ColumnReference)] = []
        var mask: UInt64 = 0
        /// Distinct values of the common domain.
        var domain = 1.0
    }

    /// A condition that is no equality of two columns.
    private struct OtherCondition {
        var expression: Expression
        var mask: UInt64
        var selectivity: Double
    }

    /// An order of joins.
    indirect enum Tree {
        case relation(Int)
        case join(Tree, Tree)
    }

    init(relations: [LogicalPlan], conditions: [Expression], estimator: CardinalityEstimator) {
        self.relations = relations
        var owner: [ColumnID: Int] = [:]
        var estimates: [PlanEstimate] = []
        for (index, relation) in relations.enumerated() {
            let estimate = estimator.estimate(relation)
            estimates.append(estimate)
            rows.append(max(1, estimate.rows))
            widths.append(estimate.byteCount(of: relation.output) / max(1, estimate.rows))
            for column in relation.output { owner[column.id] = index }
        }
        let all = estimates.reduce(into: [ColumnID: ColumnEstimate]()) {
            $0.merge($1.columns) { mine, _ in mine }
        }
        var pairs: [(ColumnReference, ColumnReference)] = []
        for condition in conditions {
            if let pair = Self.columnPair(condition), let left = owner[pair.0.id],
                let right = owner[pair.1.id], left != right
            {
                pairs.append(pair)
                continue
            }
            let mask = condition.columns.reduce(UInt64(0)) { $0 | (owner[$1].map { 1 << UInt64($0) } ?? 0) }
            if mask == 0 {
                leftOver.append(condition)
                continue
            }
            let joint = PlanEstimate(rows: 1e9, columns: all)
            others.append(
                OtherCondition(
                    expression: condition, mask: mask,
                    selectivity: estimator.selectivity(condition, in: joint)))
        }
        classes = Self.classes(of: pairs, owner: owner)
        for index in classes.indices { classes[index].domain = Self.domain(of: classes[index], all) }
        corrections = Self.corrections(classes, all, count: relations.count)
    }

    private static func columnPair(_ condition: Expression) -> (ColumnReference, ColumnReference)? {
        guard case .call(let call) = condition, call.name == "equal", call.arguments.count == 2,
            let first = call.arguments[0].columnReference, let second = call.arguments[1].columnReference,
            first.type == second.type
        else { return nil }
        return (first, second)
    }

    private static func classes(
        of pairs: [(ColumnReference, ColumnReference)], owner: [ColumnID: Int]
    ) -> [KeyClass] {
        var groups: [[ColumnReference]] = []
        for (first, second) in pairs {
            let touched = groups.indices.filter { index in
                groups[index].contains { $0.id == first.id || $0.id == second.id }
            }
            var merged: [ColumnReference] = touched.flatMap { groups[$0] }
            for column in [first, second] where !merged.contains(where: { $0.id == column.id }) {
                merged.append(column)
            }
            for index in touched.reversed() { groups.remove(at: index) }
            groups.append(merged)
        }
        return groups.map { columns in
            var result = KeyClass()
            for column in columns {
                guard let relation = owner[column.id] else { continue }
                result.members.append((relation, column))
                result.mask |= 1 << UInt64(relation)
            }
            return result
        }
    }

    private static func domain(of keyClass: KeyClass, _ all: [ColumnID: ColumnEstimate]) -> Double {
        let estimates = keyClass.members.compactMap { all[$0.column.id] }
        if estimates.isEmpty { return 1 }
        if estimates.allSatisfy(\.isCounted) { return estimates.reduce(1) { max($0, $1.domain) } }
        return max(1, estimates.reduce(Double.infinity) { min($0, $1.domain) })
    }

    /// Two relations joined by several keys have no more key combinations than the smaller table has rows.
    private static func corrections(
        _ classes: [KeyClass], _ all: [ColumnID: ColumnEstimate], count: Int
    ) -> [(mask: UInt64, factor: Double)] {
        var result: [(mask: UInt64, factor: Double)] = []
        for first in 0..<count {
            for second in (first + 1)..<max(count, first + 1) {
                let mask = UInt64(1) << UInt64(first) | UInt64(1) << UInt64(second)
                let shared = classes.filter { $0.mask & mask == mask }
                if shared.count < 2 { continue }
                let domain = shared.reduce(1) { $0 * $1.domain }
                let sizes = [first, second].map { relation in
                    shared.reduce(1.0) { size, keyClass in
                        keyClass.members.filter { $0.relation == relation }
                            .reduce(size) { max($0, all[$1.column.id]?.tableRows ?? 1) }
                    }
                }
                let limit = min(sizes[0], sizes[1])
                if domain > limit { result.append((mask, domain / limit)) }
            }
        }
        return result
    }

    // MARK: sizes

    /// Expected rows of the join of a set of relations.
    private func rowCount(_ set: UInt64) -> Double {
        var result = 1.0
        for index in relations.indices where set & (1 << UInt64(index)) != 0 { result *= rows[index] }
        for keyClass in classes {
            let members = (keyClass.mask & set).nonzeroBitCount
            if members > 1 { for _ in 1..<members { result /= keyClass.domain } }
        }
        for correction in corrections where correction.mask & set == correction.mask {
            result *= correction.factor
        }
        for other in others where other.mask & set == other.mask && other.mask.nonzeroBitCount > 1 {
            result *= other.selectivity
        }
        return max(1, result)
    }

    private func isConnected(_ left: UInt64, _ right: UInt64) -> Bool {
        classes.contains { $0.mask & left != 0 && $0.mask & right != 0 }
            || others.contains {
                $0.mask & left != 0 && $0.mask & right != 0 && $0.mask & ~(left | right) == 0
            }
    }

    /// Work of one hash join: the table is dearer per row than probing it, and every row that comes out is
    /// moved.
    private func joinCost(_ left: Double, _ right: Double, _ result: Double) -> Double {
        2 * min(left, right) + 0.5 * max(left, right) + result
    }

    // MARK: orders

    private struct Best {
        var cost: Double
        var rows: Double
        var tree: Tree
    }

    /// Finds the cheapest order by dynamic programming over sets of relations.
    func exhaustive() -> Tree {
        let count = relations.count
        if count == 1 { return .relation(0) }
        let full = UInt64(1) << UInt64(count) - 1
        var best = [Best?](repeating: nil, count: Int(full) + 1)
        for index in 0..<count { best[1 << index] = Best(cost: 0, rows: rows[index], tree: .relation(index)) }
        var set: UInt64 = 1
        while set <= full {
            if set.nonzeroBitCount > 1 { best[Int(set)] = cheapest(set, best) }
            set += 1
        }
        return best[Int(full)]?.tree ?? greedy()
    }

    /// The cheapest split of a set; products only where nothing connects the parts.
    private func cheapest(_ set: UInt64, _ best: [Best?]) -> Best? {
        let size = rowCount(set)
        let low = set & (0 &- set)
        var connected: Best?
        var product: Best?
        var part = (set &- 1) & set
        while part != 0 {
            // Each split once: the part with the lowest relation.
            if part & low != 0, let left = best[Int(part)], let right = best[Int(set & ~part)] {
                let cost = left.cost + right.cost + joinCost(left.rows, right.rows, size)
                if isConnected(part, set & ~part) {
                    if cost < connected?.cost ?? .infinity {
                        connected = Best(cost: cost, rows: size, tree: .join(left.tree, right.tree))
                    }
                } else if cost * 4 < product?.cost ?? .infinity {
                    // A product is compared as a nested loop, each pair being looked at.
                    product = Best(
                        cost: cost + left.rows * right.rows, rows: size, tree: .join(left.tree, right.tree))
                }
            }
            part = (part &- 1) & set
        }
        return connected ?? product
    }

    /// Joins the pair with the smallest result until one is left; connected pairs first.
    func greedy() -> Tree {
        var parts = relations.indices.map { (set: UInt64(1) << UInt64($0), tree: Tree.relation($0)) }
        while parts.count > 1 {
            var choice: (first: Int, second: Int, rows: Double, connected: Bool)?
            for first in parts.indices {
                for second in parts.indices where second > first {
                    let connected = isConnected(parts[first].set, parts[second].set)
                    let size = rowCount(parts[first].set | parts[second].set)
                    let isBetter =
                        choice.map { connected == $0.connected ? size < $0.rows : connected } ?? true
                    if isBetter { choice = (first, second, size, connected) }
                }
            }
            guard let choice else { break }
            let second = parts.remove(at: choice.second)
            parts[choice.first] = (
                parts[choice.first].set | second.set, .join(parts[choice.first].tree, second.tree)
            )
        }
        return parts[0].tree
    }

    // MARK: the plan

    /// Returns the logical plan of an order, with each condition at the first join that has all its columns.
    func plan(_ tree: Tree) -> LogicalPlan {
        let (plan, set) = build(tree)
        let single = others.filter {
            $0.mask & set == $0.mask && $0.mask.nonzeroBitCount == 1 && relations.count == 1
        }
        return Expression.conjunction(single.map(\.expression)).map { .filter($0, input: plan) } ?? plan
    }

    private func build(_ tree: Tree) -> (LogicalPlan, UInt64) {
        switch tree {
        case .relation(let index):
            let mask = UInt64(1) << UInt64(index)
            if relations.count == 1 { return (relations[index], mask) }
            let own =
                others.filter { $0.mask == mask }.map(\.expression) + classes.flatMap { within($0, index) }
            return (
                Expression.conjunction(own).map { .filter($0, input: relations[index]) } ?? relations[index],
                mask
            )
        case .join(let first, let second):
            let (left, leftSet) = build(first)
            let (right, rightSet) = build(second)
            let set = leftSet | rightSet
            var conditions: [Expression] = []
            for keyClass in classes {
                conditions += equalities(keyClass, leftSet, rightSet)
            }
            for other in others
            where other.mask & set == other.mask && other.mask & leftSet != 0 && other.mask & rightSet != 0 {
                conditions.append(other.expression)
            }
            let condition = Expression.conjunction(conditions)
            return (
                .join(condition == nil ? .cross : .inner, left: left, right: right, condition: condition), set
            )
        }
    }

    /// One equality across the two sides is enough: within each side the class's columns are equal already.
    private func equalities(_ keyClass: KeyClass, _ left: UInt64, _ right: UInt64) -> [Expression] {
        let mine = keyClass.members.first { left & (1 << UInt64($0.relation)) != 0 }
        let theirs = keyClass.members.first { right & (1 << UInt64($0.relation)) != 0 }
        guard let mine, let theirs else { return [] }
        return [.equal(.column(mine.column), .column(theirs.column))]
    }

    /// Columns of one relation in a class are made equal in the relation itself, whatever it is joined with
    /// first.
    private func within(_ keyClass: KeyClass, _ relation: Int) -> [Expression] {
        let members = keyClass.members.filter { $0.relation == relation }
        guard let first = members.first else { return [] }
        return members.dropFirst().map { .equal(.column(first.column), .column($0.column)) }
    }
}
