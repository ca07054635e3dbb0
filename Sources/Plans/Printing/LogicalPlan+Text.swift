import Columns
import Vocabulary

extension LogicalPlan: CustomStringConvertible {
    /// The plan as a tree, one operator a line.
    package var description: String { PlanTree.draw(self, text: \.label, children: \.shownChildren) }

    /// Returns the plan as a tree with a note behind each operator.
    package func text(noting note: (LogicalPlan) -> String) -> String {
        PlanTree.draw(self, text: { "\($0.label), \(note($0))" }, children: \.shownChildren)
    }

    /// Inputs, and the plans of the subqueries in this node's expressions.
    private var shownChildren: [LogicalPlan] {
        var shown = children
        if case .kept(let plan) = self { shown.append(plan) }
        for expression in expressions {
            expression.forEach { if case .subquery(let subquery) = $0 { shown.append(subquery.plan) } }
        }
        return shown
    }

    /// This operator alone, on one line.
    package var label: String {
        switch self {
        case .scan(let scan): return scan.label
        case .values(let rows, let output):
            return "LocalRelation \(list(output)), \(Counted.text(rows.count, "row"))"
        case .filter(let condition, _): return "Filter \(condition)"
        case .project(let expressions, _): return "Project \(list(expressions))"
        case .aggregate(let groups, let aggregates, _):
            return "Aggregate \(list(groups)), \(list(aggregates))"
        case .join(let kind, _, _, let condition):
            return "Join \(kind.label)\(condition.map { ", \($0)" } ?? "")"
        case .lateralJoin(let kind, _, _, let condition, _):
            return "LateralJoin \(kind.label)\(condition.map { ", \($0)" } ?? "")"
        case .sort(let keys, _): return "Sort \(list(keys))"
        case .limit(let count, let offset, _):
            return "Limit \(count.map(String.init) ?? "ALL")\(offset > 0 ? " OFFSET \(offset)" : "")"
        case .distinct: return "Distinct"
        case .repartition(let given, _): return given.label
        case .hinted(let strategy, _): return "Hint \(strategy.rawValue)"
        case .singleRow: return "SingleRow"
        case .window(let window): return window.label
        case .generate(let generator, let output, _):
            return "Generate \(generator.text { $0.description }), \(list(output))"
        case .range(let range, let output): return "Range \(list(output)), \(range)"
        case .recursion(let recursion):
            return "Recursion \(recursion.level) \(list(recursion.output))\(recursion.limits.label)"
        case .workingTable(let level, let output): return "WorkingTable \(level) \(list(output))"
        case .kept(let plan): return "ComputedOnce \(list(plan.output))"
        case .union(_, let output): return "Union \(list(output))"
        case .expand(let lists, let output, _):
            return "Expand [\(lists.map { list($0) }.joined(separator: ", "))], \(list(output))"
        }
    }

    private func list(_ items: [some CustomStringConvertible]) -> String {
        "[\(items.map(\.description).joined(separator: ", "))]"
    }
}

extension LogicalScan {
    fileprivate var label: String {
        let columns = output.map(\.description).joined(separator: ", ")
        let base = "Scan \(relation.kind) \(relation.name) [\(columns)]"
        if filters.isEmpty { return base }
        return base + ", filters: [\(filters.map(\.description).joined(separator: ", "))]"
    }
}

extension JoinKind {
    /// The kind as Spark's plans name it.
    package var label: String {
        switch self {
        case .inner: "Inner"
        case .left: "LeftOuter"
        case .right: "RightOuter"
        case .full: "FullOuter"
        case .leftSemi: "LeftSemi"
        case .leftAnti: "LeftAnti"
        case .leftAntiNullAware: "LeftAnti (null-aware)"
        case .cross: "Cross"
        }
    }
}

extension NumberRange: CustomStringConvertible {
    /// The first number, the step and how many there are.
    package var description: String { "from \(start) by \(step), \(Counted.text(Int(count), "row"))" }
}

extension RecursionLimits {
    /// What a plan says of them.
    var label: String {
        (levels.map { ", at most \(Counted.text($0, "level"))" } ?? "")
            + (rows.map { ", at most \(Counted.text($0, "row"))" } ?? "")
    }
}
