import Columns
import Vocabulary

/// Says what a query computes, as a tree of relational operators over columns named by `ColumnID`.
package indirect enum LogicalPlan: Hashable, Sendable {
    case scan(LogicalScan)
    /// Literal rows.
    case values(rows: [[Literal]], output: [ColumnReference])
    case filter(Expression, input: LogicalPlan)
    case project([NamedExpression], input: LogicalPlan)
    /// One row per group; without groups one row in all. Output: groups, then aggregates.
    case aggregate(groups: [NamedExpression], aggregates: [NamedAggregate], input: LogicalPlan)
    /// Inner equality and any other conditions are in `condition`; semi and anti joins give the left columns
    /// only.
    case join(JoinKind, left: LogicalPlan, right: LogicalPlan, condition: Expression?)
    case sort([SortKey], input: LogicalPlan)
    /// `count` nil: all rows after `offset`.
    case limit(count: Int?, offset: Int, input: LogicalPlan)
    case distinct(input: LogicalPlan)
    /// The same rows in other tasks, as hints and DISTRIBUTE BY ask for.
    case repartition(Repartition, input: LogicalPlan)
    /// The same rows; the next join above is asked to be planned so.
    case hinted(JoinStrategy, input: LogicalPlan)
    /// All rows of all inputs, matched by position; `output` names the result's columns.
    case union([LogicalPlan], output: [ColumnReference])
    /// Each input row once per projection list (grouping sets).
    case expand([[Expression]], output: [ColumnReference], input: LogicalPlan)
    /// Exactly one row: the input's, or nulls when it has none; an error when it has more. What a scalar
    /// subquery
    /// becomes.
    case singleRow(input: LogicalPlan, origin: Origin = .none)
    /// A join whose right side is computed for each row of the left one, whose columns `outer` it refers to;
    /// only until subqueries are rewritten. Inner, cross or left.
    case lateralJoin(
        JoinKind, left: LogicalPlan, right: LogicalPlan, condition: Expression?, outer: [ColumnReference])
    /// Each input row with the values of window functions.
    case window(LogicalWindow)
    /// Each input row once per element of a list, with the element as `output`.
    case generate(Generator, output: [ColumnReference], input: LogicalPlan)
    /// The numbers of `range`.
    case range(NumberRange, output: [ColumnReference])
    /// A common table expression that refers to itself.
    case recursion(LogicalRecursion)
    /// The rows that the recursion of this level around it gave last.
    case workingTable(level: Int, output: [ColumnReference])
    /// The rows of a plan that several queries of the statement start from, computed once for all of them.
    case kept(LogicalPlan)
}

/// Reads columns of a relation.
package struct LogicalScan: Hashable, Sendable {
    package var relation: ScanRelation
    /// The columns that are read, each with its position in `relation.schema`.
    package var output: [ColumnReference]
    package var columns: [Int]
    /// Conjuncts over `output` that the reader applies and by which it skips files, row groups and pages.
    package var filters: [Expression]

    package init(
        relation: ScanRelation, output: [ColumnReference], columns: [Int], filters: [Expression] = []
    ) {
        self.relation = relation
        self.output = output
        self.columns = columns
        self.filters = filters
    }
}

/// Names the value of an expression as a column.
package struct NamedExpression: Hashable, Sendable {
    package var expression: Expression
    package var output: ColumnReference

    package init(_ expression: Expression, as output: ColumnReference) {
        self.expression = expression
        self.output = output
    }
}

/// Names the value of an aggregate as a column.
package struct NamedAggregate: Hashable, Sendable {
    package var call: AggregateCall
    package var output: ColumnReference

    package init(_ call: AggregateCall, as output: ColumnReference) {
        self.call = call
        self.output = output
    }
}

extension LogicalPlan {
    /// The columns of the result, in order.
    package var output: [ColumnReference] {
        switch self {
        case .scan(let scan): scan.output
        case .values(_, let output), .union(_, let output), .expand(_, let output, _),
            .range(_, let output), .workingTable(_, let output):
            output
        case .recursion(let recursion): recursion.output
        case .kept(let plan): plan.output
        case .filter(_, let input), .sort(_, let input), .limit(_, _, let input), .distinct(let input),
            .repartition(_, let input), .hinted(_, let input):
            input.output
        case .singleRow(let input, _):
            input.output.map { ColumnReference(id: $0.id, name: $0.name, type: $0.type, nullable: true) }
        case .project(let list, _): list.map(\.output)
        case .generate(_, let output, let input): input.output + output
        case .window(let window): window.input.output + window.calls.map(\.output)
        case .aggregate(let groups, let aggregates, _): groups.map(\.output) + aggregates.map(\.output)
        case .join(let kind, let left, let right, _), .lateralJoin(let kind, let left, let right, _, _):
            LogicalPlan.joinOutput(kind, left.output, right.output)
        }
    }

    private static func joinOutput(
        _ kind: JoinKind, _ left: [ColumnReference], _ right: [ColumnReference]
    ) -> [ColumnReference] {
        func nullable(_ columns: [ColumnReference]) -> [ColumnReference] {
            columns.map { ColumnReference(id: $0.id, name: $0.name, type: $0.type, nullable: true) }
        }
        return switch kind {
        case .inner, .cross: left + right
        case .left: left + nullable(right)
        case .right: nullable(left) + right
        case .full: nullable(left) + nullable(right)
        case .leftSemi, .leftAnti, .leftAntiNullAware: left
        }
    }
}
