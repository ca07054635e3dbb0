import Columns
import Plans
import Vocabulary

/// Holds a physical plan while it is built, with what the operators above must know of it.
struct BuiltPlan {
    var plan: PhysicalPlan
    /// The columns that the plan gives, by position.
    var output: [ColumnReference]
    /// Tasks that run the plan's stage.
    var tasks: Int
    /// Lists of columns by whose hash the rows are spread over the tasks, each as good as the other; empty
    /// when
    /// rows lie anywhere.
    var hashedBy: [[ColumnID]] = []

    /// True when all rows are in one task.
    var isSingle: Bool { tasks == 1 }

    /// Returns the expression over positions of this plan's output. Throws when a column is missing, which is
    /// a bug.
    func resolve(_ expression: Expression) throws(EngineError) -> Expression {
        try ColumnPositions(output).resolve(expression)
    }

    /// True when rows that agree on all of `columns` are in the same task.
    func isClustered(by columns: Set<ColumnID>) -> Bool {
        isSingle || hashedBy.contains { !$0.isEmpty && columns.isSuperset(of: $0) }
    }
}

/// Maps columns to their positions in an operator's input.
struct ColumnPositions {
    private var positions: [ColumnID: Int] = [:]

    init(_ columns: [ColumnReference]) {
        for (position, column) in columns.enumerated() where positions[column.id] == nil {
            positions[column.id] = position
        }
    }

    subscript(_ id: ColumnID) -> Int? { positions[id] }

    /// Returns the expression with `.input` in place of `.column`.
    func resolve(_ expression: Expression) throws(EngineError) -> Expression {
        var missing: ColumnReference?
        let resolved = expression.rewritten { part in
            switch part {
            case .column(let reference):
                guard let position = positions[reference.id] else {
                    missing = reference
                    return part
                }
                return .input(position, reference.type)
            default: return part
            }
        }
        if let missing { throw .internal("The plan lost a column that is still used: \(missing)") }
        if resolved.hasSubquery {
            throw .user(
                "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY",
                "A subquery stands where it cannot be rewritten into a join: \(expression)",
                remedy: "Move the subquery into WHERE, HAVING or the select list, or join with it.")
        }
        return resolved
    }
}

extension Array where Element == ColumnReference {
    /// The columns as a schema.
    var schema: Schema { Schema(map { Field($0.name, $0.type, nullable: $0.nullable) }) }
    var idSet: Set<ColumnID> { Set(map(\.id)) }
}
