import Columns
import Vocabulary

extension PhysicalPlan {
    /// Returns the plan as a tree in which each scan shows which of its columns are filtered by the keys of
    /// joins above it while it runs, and of how many of its files the planner left any part: `kept` tells it
    /// for a scan.
    package func text(kept: (PhysicalScan) -> Int?) -> String {
        PlanTree.draw(
            ShownPlan(plan: self), text: { $0.text(kept) }, children: \.children,
            identity: { node in
                if case .exchange(.shared, let input) = node.plan { AnyHashable(input) } else { nil }
            })
    }
}

/// Carries down to a scan which of its columns are filtered by the keys of joins above: what `Operator.offer`
/// does in a running task.
private struct ShownPlan {
    var plan: PhysicalPlan
    /// Positions in the plan's output.
    var filtered: Set<Int> = []

    func text(_ kept: (PhysicalScan) -> Int?) -> String {
        guard case .scan(let scan) = plan else { return plan.label }
        let columns = filtered.sorted().map { scan.columns[scan.output[$0]] }
        func names(_ columns: [Int]) -> String {
            columns.map { scan.relation.schema[$0].name }.joined(separator: ", ")
        }
        var text = plan.label
        let folders = columns.filter { $0 >= scan.relation.dataSchema.count }
        if !folders.isEmpty { text += ", dynamic partition filters: [\(names(folders))]" }
        let data = columns.filter { $0 < scan.relation.dataSchema.count }
        if !data.isEmpty, scan.relation.format == .parquet { text += ", join key filters: [\(names(data))]" }
        let all = scan.relation.files.count
        if let kept = kept(scan), kept < all || scan.filters.contains(where: scan.isOfFolders) {
            text += ", files \(kept) of \(all)"
        }
        return text
    }

    var children: [ShownPlan] {
        switch plan {
        case .filter(_, let input): return [ShownPlan(plan: input, filtered: filtered)]
        case .project(let list, _, let input):
            return [ShownPlan(plan: input, filtered: Set(filtered.compactMap { list[$0].inputPosition }))]
        case .aggregate(let aggregate):
            let below = filtered.compactMap { place in
                place < aggregate.groups.count ? aggregate.groups[place].inputPosition : nil
            }
            return [ShownPlan(plan: aggregate.input, filtered: Set(below))]
        case .hashJoin(let join): return sides(join)
        default: return plan.children.map { ShownPlan(plan: $0) }
        }
    }

    private func sides(_ join: PhysicalHashJoin) -> [ShownPlan] {
        let probeIsLeft = join.build == .right
        let leftCount = join.left.schema.count
        var probe: Set<Int> = []
        if !join.givesBuildRowsAtEnd {
            for column in filtered.map({ join.output[$0] }) where (column < leftCount) == probeIsLeft {
                probe.insert(probeIsLeft ? column : column - leftCount)
            }
        }
        if join.dropsUnmatchedProbeRows {
            probe.formUnion((probeIsLeft ? join.leftKeys : join.rightKeys).compactMap(\.inputPosition))
        }
        return [
            ShownPlan(plan: join.left, filtered: probeIsLeft ? probe : []),
            ShownPlan(plan: join.right, filtered: probeIsLeft ? [] : probe),
        ]
    }
}

extension PhysicalHashJoin {
    /// Whether rows of the build side are given, or told apart, after all of the probe side.
    package var givesBuildRowsAtEnd: Bool {
        switch kind {
        case .inner, .cross: false
        case .left, .leftSemi, .leftAnti, .leftAntiNullAware: build == .left
        case .right: build == .right
        case .full: true
        }
    }

    fileprivate var dropsUnmatchedProbeRows: Bool { Self.dropsUnmatchedProbeRows(kind, build: build) }

    /// Whether a row of the probe side without a match in the table changes nothing.
    package static func dropsUnmatchedProbeRows(_ kind: JoinKind, build: Side) -> Bool {
        switch kind {
        case .inner, .cross, .leftSemi: true
        case .left, .leftAnti, .leftAntiNullAware: build == .left
        case .right: build == .right
        case .full: false
        }
    }
}

extension Expression {
    /// The position of the input column that the expression is; nil for all other expressions.
    fileprivate var inputPosition: Int? {
        if case .input(let position, _) = self { position } else { nil }
    }
}
