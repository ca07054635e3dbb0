import Columns
import Vocabulary

extension PhysicalPlan: CustomStringConvertible {
    /// The plan as a tree, one operator a line, columns by their names in the operator's input.
    package var description: String { PlanTree.draw(self, text: \.label, children: \.children) }

    /// This operator alone, on one line.
    package var label: String {
        switch self {
        case .scan(let scan): return scan.label
        case .externalScan(let scan): return scan.label
        case .describe(let relation): return "Describe \(relation.source.rawValue) \(relation.name)"
        case .externalWrite(let target, _): return "Write \(target.source.rawValue) \(target.name)"
        case .shuffleRead(let read): return "ShuffleRead stage \(read.stage), \(read.mode.label)"
        case .values(let rows, let schema):
            return "LocalTableScan [\(names(schema))], \(Counted.text(rows.count, "row"))"
        case .filter(let conditions, let input): return "Filter \(texts(conditions, input.schema))"
        case .project(let list, let schema, let input): return "Project \(named(list, schema, input.schema))"
        case .aggregate(let aggregate): return aggregate.label
        case .hashJoin(let join): return join.label
        case .nestedLoopJoin(let join):
            let conditions = ConditionText(join.condition, join.left.schema, join.right.schema)
            if let ranges = conditions.ranges {
                return "RangeJoin \(join.kind.label) [\(ranges)]\(conditions.residual)"
            }
            return "NestedLoopJoin \(join.kind.label)\(conditions.whole.map { ", \($0)" } ?? "")"
        case .sort(let keys, let limit, let input):
            let list = keys.map { $0.text(over: input.schema) }.joined(separator: ", ")
            return limit.map { "TopN \($0) [\(list)]" } ?? "Sort [\(list)]"
        case .limit(let count, let offset, _):
            return "Limit \(count.map(String.init) ?? "ALL")\(offset > 0 ? " OFFSET \(offset)" : "")"
        case .union: return "Union"
        case .expand(let lists, let schema, let input):
            let rows = lists.map { texts($0, input.schema) }.joined(separator: ", ")
            return "Expand [\(rows)], [\(names(schema))]"
        case .singleRow: return "SingleRow"
        case .window(let window): return window.label
        case .generate(let generator, _, let schema, let input):
            return "Generate \(generator.text { $0.text(over: input.schema) }), [\(names(schema))]"
        case .range(let range, let schema, let tasks):
            return "Range [\(names(schema))], \(range)\(tasks > 1 ? ", \(tasks) tasks" : "")"
        case .recursion(let recursion):
            return "Recursion \(recursion.level) [\(names(recursion.schema))]\(recursion.limits.label)"
        case .workingTable(let level, let schema): return "WorkingTable \(level) [\(names(schema))]"
        case .collect(let limit, _): return "Collect \(limit)"
        case .rangeBounds(let keys, let partitions, let input):
            let list = keys.map { $0.text(over: input.schema) }.joined(separator: ", ")
            return "RangeBounds [\(list)], \(partitions) partitions"
        case .exchange(let partitioning, let input):
            return "Exchange \(partitioning.text(over: input.schema))"
        }
    }

    private func names(_ schema: Schema) -> String { schema.names.joined(separator: ", ") }

    private func texts(_ list: [Expression], _ schema: Schema) -> String {
        "[\(list.map { $0.text(over: schema) }.joined(separator: ", "))]"
    }

    private func named(_ list: [Expression], _ schema: Schema, _ input: Schema) -> String {
        let parts = zip(list, schema.fields).map { expression, field in
            let text = expression.text(over: input)
            return text == field.name ? text : "\(text) AS \(field.name)"
        }
        return "[\(parts.joined(separator: ", "))]"
    }
}

extension Expression {
    /// Returns the expression's text with the columns of `schema` by their names.
    package func text(over schema: Schema) -> String {
        if case .input(let index, _) = self, index < schema.count { return schema[index].name }
        return text { child in child.text(over: schema) }
    }
}

extension SortKey {
    package func text(over schema: Schema) -> String {
        let order = ascending ? "ASC" : "DESC"
        return "\(expression.text(over: schema)) \(order) NULLS \(nullsFirst ? "FIRST" : "LAST")"
    }
}

extension PhysicalScan {
    fileprivate var label: String {
        let read = Schema(columns.map { relation.schema[$0] })
        let base =
            "Scan \(relation.format.rawValue) \(relation.name) [\(schema.names.joined(separator: ", "))]"
        let folder = filters.filter(isOfFolders)
        let other = filters.filter { !isOfFolders($0) }
        return [("partition filters", folder), ("filters", other)].reduce(base) { text, part in
            if part.1.isEmpty { return text }
            return "\(text), \(part.0): [\(part.1.map { $0.text(over: read) }.joined(separator: ", "))]"
        }
    }

    /// Whether a filter needs folder names alone, so that files are ruled out by it before they are opened.
    func isOfFolders(_ filter: Expression) -> Bool {
        var (isUsed, isOnly) = (false, true)
        filter.forEach { part in
            guard case .input(let at, _) = part else { return }
            isUsed = true
            if columns[at] < relation.dataSchema.count { isOnly = false }
        }
        return isUsed && isOnly
    }
}

extension PhysicalExternalScan {
    fileprivate var label: String {
        let read = Schema(columns.map { relation.schema[$0] })
        let columns = read.names.joined(separator: ", ")
        let base = "Scan \(relation.source.rawValue) \(relation.name) [\(columns)]"
        if filters.isEmpty { return base }
        return "\(base), filters: [\(filters.map { $0.text(over: read) }.joined(separator: ", "))]"
    }
}

extension PhysicalAggregate {
    fileprivate var label: String {
        let below = input.schema
        let name =
            switch mode {
            case .complete: "HashAggregate"
            case .partial: "HashAggregate partial"
            case .final: "HashAggregate final"
            }
        let keys = groups.map { $0.text(over: below) }.joined(separator: ", ")
        let calls: [String]
        if mode == .final {
            calls = aggregates.map { $0.function }
        } else {
            calls = aggregates.map { $0.text(over: below) }
        }
        return "\(name) keys=[\(keys)], functions=[\(calls.joined(separator: ", "))]"
    }
}

extension AggregateCall {
    fileprivate func text(over schema: Schema) -> String {
        let inner = arguments.isEmpty ? "*" : arguments.map { $0.text(over: schema) }.joined(separator: ", ")
        let base = "\(function)(\(distinct ? "DISTINCT " : "")\(inner))"
        return filter.map { "\(base) FILTER (WHERE \($0.text(over: schema)))" } ?? base
    }
}

extension PhysicalHashJoin {
    fileprivate var label: String {
        let keys = zip(leftKeys, rightKeys).map {
            "\($0.text(over: left.schema)) = \($1.text(over: right.schema))"
        }.joined(separator: ", ")
        let conditions = ConditionText(residual, left.schema, right.schema)
        let extra = (conditions.ranges.map { ", ranges: [\($0)]" } ?? "") + conditions.residual
        let name = buildIsShared ? "BroadcastHashJoin" : "HashJoin"
        let asked = hint.map { ", hint \($0.rawValue)" } ?? ""
        return "\(name) \(kind.label) [\(keys)]\(extra), build \(build == .left ? "left" : "right")\(asked)"
    }
}

/// Writes a join's condition: what it searches by, and what it tests each pair for.
private struct ConditionText {
    let whole: String?
    let ranges: String?
    let residual: String

    init(_ condition: Expression?, _ left: Schema, _ right: Schema) {
        let both = Schema(left.fields + right.fields)
        let parts = JoinRanges(condition, leftCount: left.count)
        whole = condition?.text(over: both)
        let list = parts.ranges.map {
            "\($0.left.text(over: left)) \($0.order.symbol) \($0.right.text(over: right))"
        }
        ranges = list.isEmpty ? nil : list.joined(separator: ", ")
        residual = parts.rest.map { ", residual: \($0.text(over: both))" } ?? ""
    }
}

extension ShuffleRead.Mode {
    fileprivate var label: String {
        switch self {
        case .partition: "by partition"
        case .partitionRanges(let ranges): "\(ranges.filter { !$0.isEmpty }.count) partition ranges"
        case .slices(let slices): "\(slices.count) slices of partitions"
        case .sameTask(let partition): "partition \(partition) of the same task"
        case .all(let partition): "all of partition \(partition)"
        }
    }
}

extension Partitioning {
    /// Returns the partitioning's text with the columns of `schema` by their names.
    package func text(over schema: Schema) -> String {
        switch self {
        case .hash(let keys, let partitions):
            "hash(\(keys.map { $0.text(over: schema) }.joined(separator: ", "))), \(partitions) partitions"
        case .range(let keys, let partitions, _):
            "range(\(keys.map { $0.text(over: schema) }.joined(separator: ", "))), \(partitions) partitions"
        case .rowsAndSample(let keys):
            "rows and sample(\(keys.map { $0.text(over: schema) }.joined(separator: ", ")))"
        case .broadcast: "broadcast"
        case .single: "single"
        case .shared: "shared"
        case .roundRobin(let partitions): "round robin, \(partitions) partitions"
        }
    }
}
