import Columns
import Plans
import Vocabulary

extension CardinalityEstimator {
    /// Returns the estimate of a join, equality conditions counted by distinct values and the rest as
    /// filters.
    func joined(
        _ kind: JoinKind, _ left: PlanEstimate, _ right: PlanEstimate, condition: Expression?
    ) -> PlanEstimate {
        var keys: [(left: ColumnEstimate, right: ColumnEstimate)] = []
        var rest: [Expression] = []
        let leftIDs = Set(left.columns.keys)
        let rightIDs = Set(right.columns.keys)
        for part in condition?.conjuncts ?? [] {
            if let pair = EquiKeys.pair(part, left: leftIDs, right: rightIDs)
                ?? EquiKeys.nullSafePair(part, left: leftIDs, right: rightIDs)
            {
                keys.append((column(pair.left, in: left), column(pair.right, in: right)))
            } else {
                rest.append(part)
            }
        }
        let matched = matchedRows(keys, left.rows, right.rows)
        let both = left.columns.merging(right.columns) { mine, _ in mine }
        let inner = filtered(PlanEstimate(rows: max(1, matched), columns: both), by: rest)
        switch kind {
        case .inner, .cross: return capped(inner)
        case .left:
            let padded = padded(right, by: semiShare(keys, rest: rest, left, right))
            let columns = left.columns.merging(padded) { mine, _ in mine }
            return capped(PlanEstimate(rows: max(inner.rows, left.rows), columns: columns))
        case .right:
            let swapped = keys.map { (left: $0.right, right: $0.left) }
            let padded = padded(left, by: semiShare(swapped, rest: rest, right, left))
            let columns = right.columns.merging(padded) { mine, _ in mine }
            return capped(PlanEstimate(rows: max(inner.rows, right.rows), columns: columns))
        case .full: return capped(PlanEstimate(rows: max(inner.rows, left.rows + right.rows), columns: both))
        case .leftSemi:
            return left.scaled(to: left.rows * semiShare(keys, rest: rest, left, right))
        case .leftAnti, .leftAntiNullAware:
            let share = semiShare(keys, rest: rest, left, right)
            return left.scaled(to: left.rows * max(Self.leastUnmatched, 1 - share))
        }
    }

    /// Share of rows that are taken to have no match, even where every key is thought to have one.
    private static let leastUnmatched = 0.1

    /// Returns the columns of an outer join's other side, null where a row has no match.
    private func padded(_ side: PlanEstimate, by matched: Double) -> [ColumnID: ColumnEstimate] {
        let unmatched = max(Self.leastUnmatched, 1 - matched)
        return side.columns.mapValues { column in
            var result = column
            result.nullFraction = unmatched + (1 - unmatched) * column.nullFraction
            return result
        }
    }

    /// A column has at most as many values as there are rows.
    private func capped(_ estimate: PlanEstimate) -> PlanEstimate {
        var result = estimate
        for (id, column) in estimate.columns where column.distinct > estimate.rows {
            result.columns[id]?.distinct = max(1, estimate.rows)
        }
        return result
    }

    /// Rows of an equality join: |L|·|R| over the size of the keys' common domain. Where distinct values were
    /// counted
    /// the domain is the larger count; where they are only bounded (by rows and value range) it is the
    /// smaller bound,
    /// since one side is then most likely the key of the other. Several keys cannot have more combinations
    /// than
    /// either side's relation has rows.
    private func matchedRows(
        _ keys: [(left: ColumnEstimate, right: ColumnEstimate)], _ left: Double, _ right: Double
    ) -> Double {
        if keys.isEmpty { return left * right }
        var domain = 1.0
        for key in keys {
            let counted = key.left.isCounted && key.right.isCounted
            domain *=
                counted ? max(key.left.domain, key.right.domain) : min(key.left.domain, key.right.domain)
        }
        var limit = Double.infinity
        if keys.count > 1 {
            let leftRows = keys.reduce(1) { max($0, $1.left.tableRows) }
            let rightRows = keys.reduce(1) { max($0, $1.right.tableRows) }
            limit = min(leftRows, rightRows)
        }
        return left * right / max(1, min(domain, limit))
    }

    private func semiShare(
        _ keys: [(left: ColumnEstimate, right: ColumnEstimate)], rest: [Expression], _ left: PlanEstimate,
        _ right: PlanEstimate
    ) -> Double {
        guard let key = keys.first else { return 0.5 }
        // Keys that the right side's filters left, of its own domain or of the left side's values: the
        // smaller share,
        // since counts that are only bounded from above hide the reduction.
        let ofDomain = key.right.distinct / max(1, key.right.domain)
        let share = min(1, key.right.distinct / max(1, key.left.distinct), ofDomain)
        return rest.isEmpty ? share : share * 0.5
    }
}
