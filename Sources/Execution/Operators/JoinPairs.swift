import Columns
import Functions
import Kernels
import Memory
import Plans
import Vocabulary

/// Turns pairs of row numbers into batches of a join's output.
final class JoinPairs {
    /// Probe and build row of each pair.
    let probeRows = Buffer(byteCount: Limits.batchRows * 4)
    let buildRows = Buffer(byteCount: Limits.batchRows * 4)
    private let leftCount: Int
    private let probeIsLeft: Bool
    private let output: [Int]
    private let whole: ResidualCondition?
    /// Without what `rangesAreMet` says.
    private let rest: ResidualCondition?
    /// Whether the pairs that come were found by the join's ranges, so that these need no test.
    var rangesAreMet = false

    /// `leftCount`: number of the left side's columns; `output`: which of left, then right columns are given;
    /// `rest`: what is left of the residual condition once the ranges are met.
    init(
        leftCount: Int, probeIsLeft: Bool, output: [Int], residual: Expression?, rest: Expression?,
        settings: SessionSettings
    ) throws {
        self.leftCount = leftCount
        self.probeIsLeft = probeIsLeft
        self.output = output
        whole = try residual.map { try ResidualCondition($0, settings: settings) }
        self.rest = try rest.map { try ResidualCondition($0, settings: settings) }
    }

    private var residual: ResidualCondition? { rangesAreMet ? rest : whole }
    var hasResidual: Bool { residual != nil }

    /// The probe side's column that an output column is, or nil for the build side's.
    func probePosition(ofOutput position: Int) -> Int? {
        isProbeColumn(output[position]) ? sidePosition(output[position]) : nil
    }

    private func isProbeColumn(_ column: Int) -> Bool { (column < leftCount) == probeIsLeft }

    private func sidePosition(_ column: Int) -> Int { column < leftCount ? column : column - leftCount }

    /// Keeps the pairs that meet the residual condition, in place, and returns their number.
    func applyResidual(probe: Batch, build: Batch, count: Int) throws -> Int {
        guard let residual, count > 0 else { return count }
        let rightCount = probeIsLeft ? build.columns.count : probe.columns.count
        let columns = (0..<(leftCount + rightCount)).map { column -> Vector in
            guard residual.columns.contains(column) else { return .nulls(.null, count: count) }
            return gather(column, probe: probe, build: build, count: count)
        }
        let kept = try residual.predicate.select(Batch(columns: columns, count: count))
        if kept.count == count { return count }
        let (probes, builds) = (probeRows.pointer(as: UInt32.self), buildRows.pointer(as: UInt32.self))
        var i = 0
        while i < kept.count {
            probes[i] = probes[Int(kept.rows[i])]
            builds[i] = builds[Int(kept.rows[i])]
            i &+= 1
        }
        return kept.count
    }

    private func gather(_ column: Int, probe: Batch, build: Batch, count: Int) -> Vector {
        let isProbe = isProbeColumn(column)
        let source = isProbe ? probe : build
        let rows = isProbe ? probeRows : buildRows
        return source.columns[sidePosition(column)].gathered(rows.pointer(as: UInt32.self), count: count)
    }

    /// Gives the output columns of the pairs. `probeIsWhole`: pair i is probe row i, for all rows of the
    /// probe batch.
    func batch(probe: Batch, build: Batch, count: Int, probeIsWhole: Bool) -> Batch {
        let columns = output.map { column in
            probeIsWhole && isProbeColumn(column)
                ? probe.columns[sidePosition(column)]
                : gather(column, probe: probe, build: build, count: count)
        }
        return Batch(columns: columns, count: count)
    }

    /// Gives rows of one side with nulls for the other side's columns. `otherTypes` are all its columns'
    /// types.
    func padded(
        _ side: Batch, isProbe: Bool, rows: UnsafePointer<UInt32>, count: Int, otherTypes: [DataType]
    ) -> Batch {
        let columns = output.map { column in
            isProbeColumn(column) == isProbe
                ? side.columns[sidePosition(column)].gathered(rows, count: count)
                : Vector.nulls(otherTypes[sidePosition(column)], count: count)
        }
        return Batch(columns: columns, count: count)
    }
}

/// Holds a condition over left, then right columns.
private struct ResidualCondition {
    let predicate: Predicate
    /// Positions that it reads.
    let columns: Set<Int>

    init(_ condition: Expression, settings: SessionSettings) throws {
        predicate = try Predicate([condition], settings: settings)
        var needed = Set<Int>()
        condition.forEach { if case .input(let at, _) = $0 { needed.insert(at) } }
        columns = needed
    }
}
