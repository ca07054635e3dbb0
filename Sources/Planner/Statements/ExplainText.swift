import Plans
import SQLSyntax
import Vocabulary

/// Writes the text of EXPLAIN.
package enum ExplainText {
    /// Returns the plans of a statement as Spark's EXPLAIN lays them out: the physical plan alone; with
    /// EXTENDED the statement's text (`parsed`) and the logical plans before it; with FORMATTED the stages
    /// after it; with COST the optimised plan and what is expected of each operator. What is written where
    /// stands on top of each plan. Several inserts of one source have a section for each at every step.
    static func text(
        of steps: [QueryPlanner.Steps], mode: ExplainMode, parsed: String, facts: any RelationFacts
    ) -> String {
        func whole(_ plan: (QueryPlanner.Steps) -> String) -> String {
            let plans = steps.map { steps in
                steps.write.map { PlanTree.draw($0.label, above: plan(steps)) } ?? plan(steps)
            }
            return plans.joined(separator: "\n")
        }
        var sections: [String] = []
        if mode == .codegen {
            // Spark counts the pieces of Java that it makes of a plan.
            sections.append(
                "Found 0 WholeStageCodegen subtrees: no code is made for a query, operators are compiled.")
        }
        if mode == .extended {
            sections.append("== Parsed Logical Plan ==\n\(parsed)")
            sections.append("== Analyzed Logical Plan ==\n\(whole { $0.bound.description })")
            sections.append("== Optimized Logical Plan ==\n\(whole { $0.optimised.description })")
        } else if mode == .cost {
            sections.append("== Optimized Logical Plan ==\n\(whole { costs($0.optimised, facts) })")
        }
        sections.append("== Physical Plan ==\n\(whole { $0.physicalText })")
        if mode != .simple { sections.append("== Stages ==\n\(steps[0].graph)") }
        return sections.joined(separator: "\n\n") + "\n"
    }

    /// The plan with the rows and bytes that are expected of each operator, under Spark's names.
    private static func costs(_ plan: LogicalPlan, _ facts: any RelationFacts) -> String {
        let estimator = CardinalityEstimator(facts: facts)
        return plan.text { node in
            let estimate = estimator.estimate(node)
            let bytes = Int(min(estimate.byteCount(of: node.output), 1e18))
            let rows = Int64(min(estimate.rows, 1e18).rounded())
            return "Statistics(sizeInBytes=\(ByteSize.format(bytes)), rowCount=\(rows))"
        }
    }
}
