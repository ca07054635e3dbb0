import Columns
import Plans
import Vocabulary

/// Estimates how many rows plans give, from footers where there are any. Estimates choose join orders, build
/// sides
/// and partition counts; no result depends on them.
struct CardinalityEstimator {
    let facts: any RelationFacts

    /// Taken for a source that does not tell how many rows it has.
    private static let unknownRows = 100_000
    /// Taken for the levels of a recursion, and for the rows of each.
    private static let guessedLevels = 10.0
    private static let guessedWorkingRows = 1000.0

    func estimate(_ plan: LogicalPlan) -> PlanEstimate {
        switch plan {
        case .scan(let scan): return estimate(scan)
        case .values(let rows, let output):
            return unknownColumns(output, rows: Double(rows.count))
        case .range(let range, let output):
            var result = unknownColumns(output, rows: Double(range.count))
            for reference in output {
                result.columns[reference.id]?.distinct = max(1, result.rows)
                result.columns[reference.id]?.domain = max(1, result.rows)
            }
            return result
        case .recursion(let recursion):
            // A guess: some levels, each of as many rows as the first.
            let rows = estimate(recursion.anchor).rows * Self.guessedLevels
            return unknownColumns(recursion.output, rows: rows)
        case .kept(let plan): return estimate(plan)
        case .workingTable(_, let output):
            return unknownColumns(output, rows: Self.guessedWorkingRows)
        case .filter(let condition, let input):
            let below = estimate(input)
            return filtered(below, by: condition.conjuncts)
        case .project(let list, let input):
            let below = estimate(input)
            var columns: [ColumnID: ColumnEstimate] = [:]
            for item in list { columns[item.output.id] = column(item.expression, in: below) }
            return PlanEstimate(rows: below.rows, columns: columns)
        case .aggregate(let groups, let aggregates, let input):
            return aggregated(groups: groups, aggregates: aggregates.map(\.output), below: estimate(input))
        case .distinct(let input):
            let below = estimate(input)
            let groups = input.output.map { NamedExpression(.column($0), as: $0) }
            return aggregated(groups: groups, aggregates: [], below: below)
        case .join(let kind, let left, let right, let condition),
            .lateralJoin(let kind, let left, let right, let condition, _):
            return joined(kind, estimate(left), estimate(right), condition: condition)
        case .sort(_, let input), .repartition(_, let input), .hinted(_, let input): return estimate(input)
        case .singleRow(let input, _): return estimate(input).scaled(to: 1)
        case .generate(_, let output, let input):
            let below = estimate(input)
            // A guess: lists have four elements.
            var result = PlanEstimate(rows: below.rows * 4, columns: below.columns)
            for reference in output {
                result.columns[reference.id] = .unknown(reference.type, rows: result.rows)
            }
            return result
        case .window(let window):
            var result = estimate(window.input)
            for item in window.calls {
                result.columns[item.output.id] = .unknown(item.output.type, rows: result.rows)
            }
            return result
        case .limit(let count, _, let input):
            let below = estimate(input)
            return below.scaled(to: min(below.rows, count.map(Double.init) ?? below.rows))
        case .union(let inputs, let output): return united(inputs, output)
        case .expand(let lists, let output, let input):
            return unknownColumns(output, rows: estimate(input).rows * Double(lists.count))
        }
    }

    private func unknownColumns(_ output: [ColumnReference], rows: Double) -> PlanEstimate {
        var columns: [ColumnID: ColumnEstimate] = [:]
        for reference in output { columns[reference.id] = .unknown(reference.type, rows: rows) }
        return PlanEstimate(rows: rows, columns: columns)
    }

    private func united(_ inputs: [LogicalPlan], _ output: [ColumnReference]) -> PlanEstimate {
        let parts = inputs.map { (plan: $0, estimate: estimate($0)) }
        let rows = parts.reduce(0) { $0 + $1.estimate.rows }
        var result = unknownColumns(output, rows: rows)
        for (position, reference) in output.enumerated() {
            let distinct = parts.reduce(0) { total, part in
                total + (part.estimate.columns[part.plan.output[position].id]?.distinct ?? 1)
            }
            result.columns[reference.id]?.distinct = max(1, distinct)
            result.columns[reference.id]?.domain = max(1, distinct)
        }
        return result
    }

    private func estimate(_ scan: LogicalScan) -> PlanEstimate {
        let statistics: RelationStatistics
        switch scan.relation {
        case .files(let relation): statistics = facts.statistics(of: relation)
        case .external(let relation):
            statistics = RelationStatistics(rowCount: Double(relation.rowCount ?? Self.unknownRows))
        }
        let rows = max(1, statistics.rowCount)
        var columns: [ColumnID: ColumnEstimate] = [:]
        for (reference, position) in zip(scan.output, scan.columns) {
            columns[reference.id] = column(reference.type, statistics.columns[position], rows: rows)
        }
        return filtered(PlanEstimate(rows: rows, columns: columns), by: scan.filters)
    }

    private func column(_ type: DataType, _ known: ColumnFacts?, rows: Double) -> ColumnEstimate {
        var result = ColumnEstimate.unknown(type, rows: rows)
        guard let known else { return result }
        result.minimum = known.minimum.flatMap { ColumnEstimate.position($0, type) }
        result.maximum = known.maximum.flatMap { ColumnEstimate.position($0, type) }
        result.nullFraction = known.nullFraction ?? 0
        if let bytes = known.averageBytes { result.bytes = bytes }
        if let distinct = known.distinctCount {
            result.distinct = max(1, distinct)
            result.isCounted = true
        } else if type.isIntegral || type == .date, let low = result.minimum, let high = result.maximum {
            result.distinct = max(1, min(rows, high - low + 1))
        }
        result.domain = result.distinct
        return result
    }

    /// Returns the estimate of groups of rows, and of aggregates of these.
    func aggregated(
        groups: [NamedExpression], aggregates: [ColumnReference], below: PlanEstimate
    ) -> PlanEstimate {
        var rows = 1.0
        var columns: [ColumnID: ColumnEstimate] = [:]
        for group in groups {
            let estimate = column(group.expression, in: below)
            columns[group.output.id] = estimate
            rows = min(rows * max(1, estimate.distinct), below.rows)
        }
        for reference in aggregates { columns[reference.id] = .unknown(reference.type, rows: rows) }
        return PlanEstimate(rows: max(1, rows), columns: columns)
    }

    /// Returns the estimate of an expression's values.
    func column(_ expression: Expression, in below: PlanEstimate) -> ColumnEstimate {
        switch expression {
        case .column(let reference):
            return below.columns[reference.id] ?? .unknown(reference.type, rows: below.rows)
        case .literal(let literal):
            var result = ColumnEstimate.unknown(literal.type, rows: 10)
            result.distinct = 1
            result.domain = 1
            return result
        case .cast(let inner, let type, _, _):
            var result = column(inner, in: below)
            result.bytes = ColumnEstimate.defaultBytes(of: type)
            if !inner.type.isNumeric || !type.isNumeric {
                result.minimum = nil
                result.maximum = nil
            }
            return result
        default:
            var result = ColumnEstimate.unknown(expression.type, rows: below.rows)
            var distinct = 1.0
            var count = 0
            expression.forEach { part in
                if case .column(let reference) = part {
                    distinct *= below.columns[reference.id]?.distinct ?? below.rows
                    count += 1
                }
            }
            if count > 0 { result.distinct = max(1, min(distinct, below.rows)) }
            if case .call(let call) = expression, call.name == "year" {
                result.distinct = min(result.distinct, 100)
            }
            result.domain = result.distinct
            return result
        }
    }
}
