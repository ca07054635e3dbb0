import Plans
import Scheduling
import Vocabulary

/// Writes what EXPLAIN ANALYZE says of a stage: its own figures on one line, and below it each operator with
/// what it did in all tasks.
struct MeasuredStage {
    private let stage: StageProgress
    private let planned: Stage?
    private let expectedRows: [Double?]

    /// `planned`: the stage with its operators; `expectedRows`: of each in pre-order, or none.
    init(_ stage: StageProgress, planned: Stage?, expectedRows: [Double?]) {
        self.stage = stage
        self.planned = planned
        self.expectedRows = expectedRows
    }

    var text: String { ([line] + operators).joined(separator: "\n") }

    private var line: String {
        let counters = stage.counters
        var text =
            "stage \(stage.key.stage) \(stage.label): \(Counted.text(stage.total, "task")), "
            + "\(Counted.text(counters.rowsIn, "row")) in, \(Counted.text(counters.rowsOut, "row")) out, "
            + "\(ByteSize.format(counters.bytesIn)) in, \(ByteSize.format(counters.bytesOut)) out, "
            + "\(counters.milliseconds) ms in tasks"
        if let whole, whole.peakBytes > 0 {
            text += ", up to \(ByteSize.format(whole.peakBytes)) of memory in a task"
        }
        if counters.spillBytes > 0 { text += ", \(ByteSize.format(counters.spillBytes)) spilled" }
        let skipped = counters.skippedParts
        if skipped > 0 {
            text += ", \(skipped) of \(Counted.text(max(skipped, partCount), "file part")) skipped"
        }
        return text
    }

    /// The parts of files that the stage reads.
    private var partCount: Int {
        planned?.splits.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } } ?? 0
    }

    /// The figures of the plan's operators, in pre-order, then those of the output and of the whole; nil when
    /// some tasks ran without being measured, or by another plan.
    private var measured: [OperatorCounters]? {
        let found = stage.counters.operators
        guard let planned, found.count == planned.plan.nodeCount + 2, found.last?.tasks == stage.total else {
            return nil
        }
        return found
    }

    private var whole: OperatorCounters? { measured?.last }

    /// The operators as a tree, and what takes their rows.
    private var operators: [String] {
        guard let measured, let planned else { return [] }
        var place = 0
        let tree = node(planned.plan, at: &place, measured, isCopied: false)
        let drawn = PlanTree.draw(tree, text: \.text, children: \.inputs)
            .split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        let output = measured[place]
        let figures = (["\(output.rows) rows"] + costs(output)).joined(separator: ", ")
        return drawn + ["  => \(planned.outputText)", "       \(figures)"]
    }

    private struct Node {
        let text: String
        let inputs: [Node]
    }

    /// `isCopied`: whether each task, or one on each worker for all of its tasks, reads the same rows.
    private func node(
        _ plan: PhysicalPlan, at place: inout Int, _ measured: [OperatorCounters], isCopied: Bool
    ) -> Node {
        let counters = measured[place]
        let expected = place < expectedRows.count ? expectedRows[place] : nil
        place += 1
        var inputs: [Node] = []
        for (side, child) in plan.children.enumerated() {
            inputs.append(node(child, at: &place, measured, isCopied: isCopied || plan.isCopied(input: side)))
        }
        let copies = isCopied ? max(1, counters.tasks) : 1
        var rows = Self.rows(counters.rows / copies, expected: expected)
        if copies > 1 { rows += " in each of \(copies) tasks" }
        let figures = counters.tasks == 0 ? ["not run"] : [rows] + costs(counters)
        return Node(text: "\(plan.label)\n    \(figures.joined(separator: ", "))", inputs: inputs)
    }

    private func costs(_ counters: OperatorCounters) -> [String] {
        var parts = [Self.time(counters.microseconds)]
        if counters.peakBytes > 0 { parts.append("memory \(ByteSize.format(counters.peakBytes))") }
        if counters.spillBytes > 0 { parts.append("spilled \(ByteSize.format(counters.spillBytes))") }
        return parts
    }

    private static func time(_ microseconds: Int) -> String {
        if microseconds >= 10_000 { return "\((microseconds + 500) / 1000) ms" }
        return "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
    }

    /// Says how many rows came, how many were expected, and how far off that was:
    /// `rows 30, expected 10 (3.0 × more)`.
    static func rows(_ count: Int, expected: Double?) -> String {
        guard let expected, expected.isFinite else { return "rows \(count)" }
        let rounded = max(0, min(expected, 1e18)).rounded()
        let text = "rows \(count), expected \(Int(rounded))"
        let (found, thought) = (max(1, Double(count)), max(1, rounded))
        let ratio = max(found, thought) / min(found, thought)
        if ratio < 1.05 { return text }
        let tenths = Int((min(ratio, 1e15) * 10).rounded())
        let shown = ratio < 10 ? "\(tenths / 10).\(tenths % 10)" : "\((tenths + 5) / 10)"
        return "\(text) (\(shown) × \(found > thought ? "more" : "fewer"))"
    }
}

extension PhysicalPlan {
    /// Whether all tasks of the stage are given the same rows of an input.
    fileprivate func isCopied(input: Int) -> Bool {
        switch self {
        case .hashJoin(let join): join.buildIsShared && input == (join.build == .left ? 0 : 1)
        case .nestedLoopJoin: input == 1
        default: false
        }
    }
}
