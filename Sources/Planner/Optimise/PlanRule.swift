import Columns
import Plans
import Vocabulary

/// Rewrites plans into cheaper ones with the same result.
protocol PlanRule: Sendable {
    /// Names the rule in tests and traces.
    var name: String { get }
    /// Says in a sentence why the rewritten plan is better.
    var reason: String { get }
    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan
}

/// Holds what rules share while one statement is optimised. Used by one thread.
final class RuleContext {
    let settings: SessionSettings
    let estimator: CardinalityEstimator
    private var nextColumn: Int

    /// Makes a context whose new columns are numbered beyond those of `plan`.
    init(plan: LogicalPlan, facts: any RelationFacts, settings: SessionSettings) {
        self.settings = settings
        self.estimator = CardinalityEstimator(facts: facts)
        self.nextColumn = Self.greatestColumn(in: plan) + 1
    }

    /// Returns a column that no other part of the plan uses.
    func newColumn(_ name: String, _ type: DataType, nullable: Bool = true) -> ColumnReference {
        defer { nextColumn += 1 }
        return ColumnReference(id: ColumnID(nextColumn), name: name, type: type, nullable: nullable)
    }

    private static func greatestColumn(in plan: LogicalPlan) -> Int {
        var greatest = 0
        plan.forEach { node in
            for column in node.output { greatest = max(greatest, column.id.index) }
            for expression in node.expressions {
                expression.forEach { part in
                    switch part {
                    case .column(let reference): greatest = max(greatest, reference.id.index)
                    case .subquery(let subquery): greatest = max(greatest, greatestColumn(in: subquery.plan))
                    default: break
                    }
                }
            }
        }
        return greatest
    }
}
