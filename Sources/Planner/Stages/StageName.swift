import Plans
import Vocabulary

/// Names a stage for people: what it reads, and the operators that matter, `scan lineitem → partial
/// aggregate`.
enum StageName {
    static func of(_ plan: PhysicalPlan, output: StageOutput) -> String {
        var steps: [String] = []
        collect(plan, into: &steps)
        switch output {
        case .files(let write): steps.append("write \(write.format.rawValue)")
        case .shuffle(.rowsAndSample): steps.append("sample")
        case .shuffle(.range): steps.append("range partition")
        case .shuffle, .manifest: break
        }
        return steps.isEmpty ? "values" : steps.joined(separator: " → ")
    }

    private static func collect(_ plan: PhysicalPlan, into steps: inout [String]) {
        let joined: PhysicalPlan?
        switch plan {
        case .hashJoin(let join): joined = join.build == .right ? join.left : join.right
        case .nestedLoopJoin(let join): joined = join.left
        default: joined = nil
        }
        if let joined {
            collect(joined, into: &steps)
        } else {
            for child in plan.children { collect(child, into: &steps) }
        }
        if let step = step(of: plan) { steps.append(step) }
    }

    private static func step(of plan: PhysicalPlan) -> String? {
        switch plan {
        case .scan(let scan): "scan \(shortName(scan.relation.name))"
        case .externalScan(let scan): "scan \(shortName(scan.relation.name))"
        case .describe(let relation): "describe \(shortName(relation.name))"
        case .externalWrite(let target, _): "write \(shortName(target.name))"
        case .aggregate(let aggregate):
            switch aggregate.mode {
            case .complete: "aggregate"
            case .partial: "partial aggregate"
            case .final: "final aggregate"
            }
        case .hashJoin: "hash join"
        case .nestedLoopJoin(let join):
            JoinRanges(join.condition, leftCount: join.left.schema.count).ranges.isEmpty
                ? "nested loop join" : "range join"
        case .sort(_, let limit, _): limit == nil ? "sort" : "top \(limit ?? 0)"
        case .limit: "limit"
        case .union: "union"
        case .expand: "expand"
        case .rangeBounds: "range bounds"
        case .singleRow: "single row"
        case .window: "window"
        case .generate: "generate"
        case .range: "range"
        case .recursion: "recursion"
        case .collect: "collect"
        case .filter, .project, .values, .shuffleRead, .exchange, .workingTable: nil
        }
    }

    /// The last part of a path, so that stage names stay short.
    private static func shortName(_ name: String) -> String {
        let trimmed = name.filter { $0 != "`" }
        let parts = trimmed.split(separator: "/")
        return parts.last.map(String.init) ?? name
    }
}
