import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Joins by comparing every pair of rows; the right side is held in memory.
final class NestedLoopJoinOperator: Operator {
    private enum Phase { case building, probing, unmatched(from: Int), finished }

    private let plan: PhysicalNestedLoopJoin
    private let left: any Operator
    private let right: any Operator
    private let context: TaskContext
    private let pairs: JoinPairs
    private let role: JoinRole
    private let reservation: Reservation
    private var held: [Batch] = []
    private var rightRows = Batch(columns: [], count: 0)
    private var matchedRight: Buffer?
    private var phase = Phase.building
    private var current: ProbeCursor?
    /// Number of the next pair of the current left batch: left row × right rows + right row.
    private var nextPair = 0

    init(_ plan: PhysicalNestedLoopJoin, left: any Operator, right: any Operator, context: TaskContext) throws
    {
        self.plan = plan
        self.left = left
        self.right = right
        self.context = context
        role = JoinRole(plan.kind, buildIsRight: true)
        pairs = try JoinPairs(
            leftCount: plan.left.schema.count, probeIsLeft: true, output: plan.output,
            residual: plan.condition,
            settings: context.settings)
        reservation = Reservation(context.resources.budget, owner: "Nested-loop join")
    }

    func next() throws -> Pull {
        while true {
            switch phase {
            case .finished: return .finished
            case .building:
                let pull = try right.next()
                switch pull {
                case .blocked: return pull
                case .batch(let batch):
                    held.append(batch)
                    try reservation.resize(to: reservation.bytes + batch.ownBytes)
                case .finished: finishBuilding()
                }
            case .probing:
                if let batch = try nextPairs() { return .batch(batch) }
                let pull = try left.next()
                switch pull {
                case .blocked: return pull
                case .finished: phase = role.givesBuildAtEnd ? .unmatched(from: 0) : .finished
                case .batch(let batch):
                    current = ProbeCursor(
                        batch: batch, heads: Buffer(byteCount: 0), tracksProbe: role.tracksProbe,
                        nullKeys: nil)
                    nextPair = 0
                }
            case .unmatched(let from):
                if let batch = unmatchedRight(from: from) { return .batch(batch) }
            }
        }
    }

    private func finishBuilding() {
        rightRows =
            held.isEmpty
            ? Batch(columns: plan.right.schema.types.map { .empty($0) }, count: 0) : Concat.batches(held)
        held = []
        if role.tracksBuild { matchedRight = Buffer.zeroed(byteCount: max(rightRows.count, 1)) }
        phase = rightRows.count == 0 && role.isEmptyWithoutBuild ? .finished : .probing
    }

    private func nextPairs() throws -> Batch? {
        guard let cursor = current else { return nil }
        if rightRows.count == 1, role == .inner, !pairs.hasResidual {
            current = nil
            return besideOneRow(cursor.batch)
        }
        let total = cursor.batch.count * rightRows.count
        while nextPair < total {
            try context.checkCancelled()
            let count = fill(total: total)
            let kept = try pairs.applyResidual(probe: cursor.batch, build: rightRows, count: count)
            if role.tracksProbe { cursor.markProbe(pairs.probeRows, count: kept) }
            markRight(count: kept)
            if kept > 0, role.givesPairs {
                return pairs.batch(probe: cursor.batch, build: rightRows, count: kept, probeIsWhole: false)
            }
        }
        current = nil
        guard role.tracksProbe else { return nil }
        let rows = cursor.rows(matched: role == .semi)
        guard rows.count > 0 else { return nil }
        return pairs.padded(
            cursor.batch, isProbe: true, rows: rows.rows, count: rows.count,
            otherTypes: plan.right.schema.types)
    }

    private func fill(total: Int) -> Int {
        let (probes, builds) = (
            pairs.probeRows.pointer(as: UInt32.self), pairs.buildRows.pointer(as: UInt32.self)
        )
        let count = min(Limits.batchRows, total - nextPair)
        let width = rightRows.count
        var leftRow = nextPair / width
        var rightRow = nextPair % width
        var i = 0
        while i < count {
            probes[i] = UInt32(truncatingIfNeeded: leftRow)
            builds[i] = UInt32(truncatingIfNeeded: rightRow)
            rightRow &+= 1
            if rightRow == width {
                rightRow = 0
                leftRow &+= 1
            }
            i &+= 1
        }
        nextPair += count
        return count
    }

    /// The frequent case of a scalar subquery's row: its values beside every left row, as constants.
    private func besideOneRow(_ batch: Batch) -> Batch {
        let leftCount = plan.left.schema.count
        let columns = plan.output.map { column in
            column < leftCount
                ? batch.columns[column]
                : Vector.constant(rightRows.columns[column - leftCount].flattened(), count: batch.count)
        }
        return Batch(columns: columns, count: batch.count)
    }

    private func markRight(count: Int) {
        guard let marks = matchedRight?.pointer(as: UInt8.self) else { return }
        let rows = pairs.buildRows.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            marks[Int(rows[i])] = 1
            i &+= 1
        }
    }

    private func unmatchedRight(from: Int) -> Batch? {
        guard let marks = matchedRight?.pointer(as: UInt8.self) else {
            phase = .finished
            return nil
        }
        let picked = Buffer(byteCount: Limits.batchRows * 4)
        let rows = picked.pointer(as: UInt32.self)
        var count = 0
        var row = from
        while row < rightRows.count, count < Limits.batchRows {
            if marks[row] == 0 {
                rows[count] = UInt32(truncatingIfNeeded: row)
                count &+= 1
            }
            row &+= 1
        }
        phase = row >= rightRows.count ? .finished : .unmatched(from: row)
        guard count > 0 else { return nil }
        return pairs.padded(
            rightRows, isProbe: false, rows: rows, count: count, otherTypes: plan.left.schema.types)
    }
}
