import Plans
import Vocabulary

/// Keeps how many rows the planner expects of the operators that it builds, for EXPLAIN ANALYZE.
///
/// Operators are known by what they compute: by their labels and their inputs', wherever rows move between
/// tasks. So an operator is found again once the plan is cut into stages. Those that the planner makes of its
/// own accord (a partial aggregate, say) are not noted.
struct ExpectedRows {
    private var rows: [Int: Double] = [:]

    /// Notes what is expected of a plan's rows.
    mutating func note(_ plan: PhysicalPlan, rows count: Double) { rows[signature(plan)] = count }

    /// Returns what is expected of the operators of each stage, in pre-order; nil where nothing is known.
    func byOperator(_ stages: [Stage]) -> [[Double?]] {
        var roots: [Int] = []
        return stages.map { stage in
            var found: [Double?] = []
            roots.append(visit(stage.plan, roots, into: &found))
            return found
        }
    }

    private func visit(_ plan: PhysicalPlan, _ roots: [Int], into found: inout [Double?]) -> Int {
        let place = found.count
        found.append(nil)
        var inputs: [Int] = []
        for child in plan.children { inputs.append(visit(child, roots, into: &found)) }
        let signature =
            if case .shuffleRead(let read) = plan {
                read.mode.isOfRows ? roots[read.stage.index] : 0
            } else {
                signature(plan.label, inputs)
            }
        found[place] = rows[signature]
        return signature
    }

    private func signature(_ plan: PhysicalPlan) -> Int {
        if case .exchange(_, let input) = plan { return signature(input) }
        return signature(plan.label, plan.children.map { signature($0) })
    }

    private func signature(_ label: String, _ inputs: [Int]) -> Int {
        var hasher = Hasher()
        hasher.combine(label)
        hasher.combine(inputs)
        return hasher.finalize()
    }
}

extension ShuffleRead.Mode {
    /// Whether the stage's rows are read, and not the sample of their keys beside them.
    fileprivate var isOfRows: Bool {
        switch self {
        case .partition, .partitionRanges, .slices: true
        case .sameTask(let partition), .all(let partition): partition == 0
        }
    }
}
