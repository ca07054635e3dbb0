import Columns
import Vocabulary

/// Computes a value from the columns of one row. Bound and typed: every name is resolved, every coercion is
/// an
/// explicit cast. A value type; rewritten by copying.
///
/// The same expressions serve logical and physical plans. In a logical plan columns are named by `ColumnID`
/// (`.column`); the physical planner replaces each by its position in the operator's input (`.input`).
package indirect enum Expression: Hashable, Sendable {
    /// A column of a logical plan.
    case column(ColumnReference)
    /// The column at a position of the operator's input batch. Only in physical plans.
    case input(Int, DataType)
    case literal(Literal)
    /// A call of a scalar function of the `Functions` registry, by its canonical lower-case name. Operators
    /// are functions too:
    /// `add subtract multiply divide div mod negate`, `equal not_equal less less_equal greater greater_equal
    /// null_safe_equal`, `and or not`, `is_null is_not_null`, `concat`, `like`, ….
    case call(FunctionCall)
    case cast(Expression, to: DataType, mode: CastMode, origin: Origin = .none)
    /// `CASE WHEN … THEN … ELSE … END`; also IF. All results have the type `type`.
    case conditional([ConditionalBranch], otherwise: Expression?, type: DataType)
    /// `value IN (literals)`: null when not found and the value or any literal is null.
    case inList(Expression, [Literal])
    /// A member of a structure, by position.
    case member(Expression, index: Int, type: DataType)
    /// A subquery; only in logical plans before subqueries are rewritten into joins.
    case subquery(SubqueryExpression)
}

/// Refers to a column of a logical plan.
package struct ColumnReference: Hashable, Sendable {
    package var id: ColumnID
    package var name: String
    package var type: DataType
    package var nullable: Bool

    package init(id: ColumnID, name: String, type: DataType, nullable: Bool = true) {
        self.id = id
        self.name = name
        self.type = type
        self.nullable = nullable
    }
}

/// Calls a scalar function; `type` is the result's.
package struct FunctionCall: Hashable, Sendable {
    package var name: String
    package var arguments: [Expression]
    package var type: DataType
    /// Whether overflow, bad input and division by zero are errors (Spark's ANSI mode) or give null or wrap.
    package var ansi: Bool
    /// Where the call stands in the user's text.
    package var origin: Origin

    package init(
        _ name: String, _ arguments: [Expression], type: DataType, ansi: Bool = true, origin: Origin = .none
    ) {
        self.name = name
        self.arguments = arguments
        self.type = type
        self.ansi = ansi
        self.origin = origin
    }
}

/// Tells what a cast does with a value that does not fit.
package enum CastMode: UInt8, Hashable, Sendable {
    /// Fails the job (ANSI mode).
    case ansi
    /// Gives null or wraps, as Spark does with `spark.sql.ansi.enabled=false`.
    case legacy
    /// Gives null (`try_cast`).
    case `try`
}

/// One `WHEN … THEN …`.
package struct ConditionalBranch: Hashable, Sendable {
    package var condition: Expression
    package var result: Expression

    package init(condition: Expression, result: Expression) {
        self.condition = condition
        self.result = result
    }
}

/// Holds a subquery inside an expression until it is rewritten.
package struct SubqueryExpression: Hashable, Sendable {
    /// Names what is asked of a subquery.
    package enum Kind: Hashable, Sendable {
        /// One row, one column; null when the subquery has no row, an error when it has more than one.
        case scalar
        case exists
        /// The values are compared with the subquery's columns, in order.
        case `in`([Expression])
    }

    package var kind: Kind
    package var plan: LogicalPlan
    package var type: DataType
    /// Columns of the outer query that `plan` refers to; empty when uncorrelated.
    package var outerReferences: [ColumnReference]
    /// Where the subquery stands in the user's text.
    package var origin: Origin

    package init(
        kind: Kind, plan: LogicalPlan, type: DataType, outerReferences: [ColumnReference] = [],
        origin: Origin = .none
    ) {
        self.kind = kind
        self.plan = plan
        self.type = type
        self.outerReferences = outerReferences
        self.origin = origin
    }
}

extension Expression {
    /// The type of the expression's value.
    package var type: DataType {
        switch self {
        case .column(let reference): reference.type
        case .input(_, let type): type
        case .literal(let literal): literal.type
        case .call(let call): call.type
        case .cast(_, let type, _, _): type
        case .conditional(_, _, let type): type
        case .inList: .boolean
        case .member(_, _, let type): type
        case .subquery(let subquery): subquery.type
        }
    }

    /// The direct inputs of this expression, in order.
    package var children: [Expression] {
        switch self {
        case .column, .input, .literal: []
        case .call(let call): call.arguments
        case .cast(let inner, _, _, _): [inner]
        case .conditional(let branches, let otherwise, _):
            branches.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? [])
        case .inList(let value, _): [value]
        case .member(let inner, _, _): [inner]
        case .subquery(let subquery): if case .in(let values) = subquery.kind { values } else { [] }
        }
    }

    /// Returns the expression with each direct input replaced by `transform` of it.
    package func mapChildren(_ transform: (Expression) throws -> Expression) rethrows -> Expression {
        switch self {
        case .column, .input, .literal: return self
        case .call(var call):
            call.arguments = try call.arguments.map(transform)
            return .call(call)
        case .cast(let inner, let type, let mode, let origin):
            return .cast(try transform(inner), to: type, mode: mode, origin: origin)
        case .conditional(let branches, let otherwise, let type):
            let mapped = try branches.map {
                ConditionalBranch(condition: try transform($0.condition), result: try transform($0.result))
            }
            return .conditional(mapped, otherwise: try otherwise.map(transform), type: type)
        case .inList(let value, let list): return .inList(try transform(value), list)
        case .member(let inner, let index, let type):
            return .member(try transform(inner), index: index, type: type)
        case .subquery(var subquery):
            if case .in(let values) = subquery.kind { subquery.kind = .in(try values.map(transform)) }
            return .subquery(subquery)
        }
    }

    /// Returns the expression rewritten from the leaves up.
    package func rewritten(_ transform: (Expression) throws -> Expression) rethrows -> Expression {
        try transform(mapChildren { try $0.rewritten(transform) })
    }

    /// Calls `visit` with this expression and all below it, parents first.
    package func forEach(_ visit: (Expression) -> Void) {
        visit(self)
        for child in children { child.forEach(visit) }
    }
}
