import Columns
import Plans
import Vocabulary

/// Holds the expected size of a plan's result.
struct PlanEstimate {
    var rows: Double
    var columns: [ColumnID: ColumnEstimate]

    /// Bytes of the given columns' values in memory.
    func byteCount(of output: [ColumnReference]) -> Double {
        let width = output.reduce(0) {
            $0 + (columns[$1.id]?.bytes ?? ColumnEstimate.defaultBytes(of: $1.type))
        }
        return rows * max(1, width)
    }

    /// Returns the estimate for a share of the rows: distinct counts shrink as draws without replacement do.
    func scaled(to newRows: Double) -> PlanEstimate {
        let kept = max(1, newRows)
        if kept >= rows { return PlanEstimate(rows: kept, columns: columns) }
        var scaledColumns = columns
        for (id, column) in columns {
            var reduced = column
            reduced.distinct = Self.distinctAfterSampling(column.distinct, from: rows, to: kept)
            scaledColumns[id] = reduced
        }
        return PlanEstimate(rows: kept, columns: scaledColumns)
    }

    /// Expected distinct values among `kept` of `rows` rows with `distinct` values of equal frequency.
    /// Source: Yao, "Approximating block accesses in database organizations", in its exponential form.
    static func distinctAfterSampling(_ distinct: Double, from rows: Double, to kept: Double) -> Double {
        if distinct <= 1 || rows <= 0 { return min(distinct, kept) }
        let perValue = rows / distinct
        let share = kept / rows
        var remaining = 1.0
        if perValue <= 64 {
            // (1 − share)^perValue without a maths library: repeated squaring on the whole part.
            var exponent = Int(perValue.rounded())
            var base = 1 - share
            while exponent > 0 {
                if exponent & 1 == 1 { remaining *= base }
                base *= base
                exponent >>= 1
            }
        } else {
            remaining = share * perValue > 20 ? 0 : max(0, 1 - share * perValue)
        }
        return max(1, min(kept, distinct * (1 - remaining)))
    }
}

/// Holds the expected values of a column.
struct ColumnEstimate {
    /// Distinct values among the plan's rows.
    var distinct: Double
    /// Distinct values before any filter: the domain that join keys are drawn from.
    var domain: Double
    /// Rows of the relation that the column comes from, before any filter.
    var tableRows: Double
    /// True when `domain` was counted; otherwise it is an upper bound.
    var isCounted: Bool
    var minimum: Double?
    var maximum: Double?
    var nullFraction: Double
    /// Bytes of a value in memory.
    var bytes: Double

    static func defaultBytes(of type: DataType) -> Double {
        let width = type.physical.width
        switch type.physical {
        case .view: return 32
        case .list, .structure: return 64
        default: return Double(max(1, width))
        }
    }

    /// Returns the estimate of an unknown column among `rows` rows.
    static func unknown(_ type: DataType, rows: Double) -> ColumnEstimate {
        let distinct = max(1, type == .boolean ? 2 : rows / 10)
        return ColumnEstimate(
            distinct: distinct, domain: distinct, tableRows: rows, isCounted: false, minimum: nil,
            maximum: nil,
            nullFraction: 0, bytes: defaultBytes(of: type))
    }

    /// Places a value on a line, for ranges; nil for texts and nested values.
    static func position(_ value: Scalar, _ type: DataType) -> Double? {
        switch value {
        case .integer(let number): return Double(number)
        case .float(let number): return Double(number)
        case .double(let number): return number
        case .boolean(let flag): return flag ? 1 : 0
        case .decimal(let unscaled):
            guard case .decimal(_, let scale) = type else { return Double(unscaled) }
            var divisor = 1.0
            for _ in 0..<scale { divisor *= 10 }
            return Double(unscaled) / divisor
        default: return nil
        }
    }
}
