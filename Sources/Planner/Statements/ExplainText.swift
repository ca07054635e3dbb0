import Plans
import SQLSyntax
import Vocabulary

/// Writes the text of EXPLAIN.
package enum ExplainText {
    /// Returns the plans of a query as Spark's EXPLAIN lays them out: the physical plan alone; with EXTENDED
    /// the
    /// logical ones before it; with FORMATTED the stages after it.
    package static func text(of steps: QueryPlanner.Steps, mode: ExplainMode) -> String {
        var sections: [String] = []
        if mode == .extended || mode == .cost {
            sections.append("== Analyzed Logical Plan ==\n\(steps.bound)")
            sections.append("== Optimized Logical Plan ==\n\(steps.optimised)")
        }
        sections.append("== Physical Plan ==\n\(steps.physicalText)")
        if mode != .simple { sections.append("== Stages ==\n\(steps.graph)") }
        return sections.joined(separator: "\n\n") + "\n"
    }
}
