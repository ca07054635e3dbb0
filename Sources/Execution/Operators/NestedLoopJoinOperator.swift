import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Joins without equal keys: by comparing every pair of rows or, where the condition has ranges, by searching
/// the right side's rows that are put in their order (`RangeIndex`). The left side comes by batches while the
/// right side is in memory; while that is on disk, by stretches as long as memory allows, since each reads
/// the whole right side, which is put in order block by block.
///
///     building ──right side finished──▶ probing ──left side finished──▶ unmatched right rows ──▶ finished
final class NestedLoopJoinOperator: Operator {
    private enum Phase { case building, probing, unmatched(from: Int), finished }

    private let plan: PhysicalNestedLoopJoin
    private let left: any Operator
    private let right: any Operator
    private let context: TaskContext
    private let pairs: JoinPairs
    private let role: JoinRole
    private let rightRows: NestedLoopRight
    private let leftReservation: Reservation
    private let matchReservation: Reservation
    private var matchedRight: Buffer?
    private var phase = Phase.building
    private var heldLeft = HeldRows()
    private var isLeftFinished = false
    private var current: ProbeCursor?
    private var block = 0
    private let ranges: RangeMatcher?
    /// Order of the rows of the block that was looked at last; without one they are compared one by one.
    private var order: (block: Int, index: RangeIndex?)?
    /// Whether the search in the block was begun.
    private var isBegun = false
    private var search: RangeCursor?
    /// Number of the next pair of the current left rows and the block: left row × block's rows + right row.
    private var nextPair = 0
    /// Left rows that are given after their pairs: `givenRest` of them were.
    private var rest: (left: Batch, rows: Selection)?
    private var givenRest = 0

    /// Bytes of left rows that are held however short memory is, and at most.
    static let leastLeftBytes = 1 << 20
    static let mostLeftBytes = 64 << 20

    init(_ plan: PhysicalNestedLoopJoin, left: any Operator, right: any Operator, context: TaskContext) throws
    {
        self.plan = plan
        self.left = left
        self.right = right
        self.context = context
        role = JoinRole(plan.kind, buildIsRight: true)
        let conditions = JoinRanges(plan.condition, leftCount: plan.left.schema.count)
        ranges = try RangeMatcher(conditions.ranges, buildIsRight: true, settings: context.settings)
        pairs = try JoinPairs(
            leftCount: plan.left.schema.count, probeIsLeft: true, output: plan.output,
            residual: plan.condition, rest: conditions.rest,
            settings: context.settings)
        rightRows = NestedLoopRight(
            plan.right.schema, extraBytes: ranges == nil ? 0 : RangeIndex.bytesPerRow, context)
        leftReservation = context.reservation(for: "The left side of a nested-loop join")
        matchReservation = context.reservation(for: "The marks of a nested-loop join's right rows")
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
                    try context.checkCancelled()
                    try rightRows.append(batch)
                case .finished: try finishBuilding()
                }
            case .probing:
                if let batch = try nextPairs() ?? nextRest() { return .batch(batch) }
                if isLeftFinished, heldLeft.count == 0 {
                    phase = role.givesBuildAtEnd ? .unmatched(from: 0) : .finished
                } else if let wakeup = try gatherLeft() {
                    return .blocked(wakeup)
                }
            case .unmatched(let from):
                if let batch = try unmatchedRight(from: from) { return .batch(batch) }
            }
        }
    }

    private func finishBuilding() throws {
        try rightRows.finish()
        let count = rightRows.count
        if role.tracksBuild {
            try matchReservation.resize(to: count)
            matchedRight = Buffer.zeroed(byteCount: max(count, 1))
        }
        phase = count == 0 && role.isEmptyWithoutBuild ? .finished : .probing
    }

    /// Takes the next left rows, a batch or, for a right side on disk, as many as memory allows.
    private func gatherLeft() throws -> Wakeup? {
        var isEnough = false
        while !isLeftFinished, !isEnough {
            switch try left.next() {
            case .blocked(let wakeup): return wakeup
            case .finished: isLeftFinished = true
            case .batch(let batch):
                heldLeft.append(batch)
                isEnough = !rightRows.isOnDisk || !mayGatherMore()
            }
        }
        if heldLeft.count > 0 { begin(heldLeft.takeAll()) }
        return nil
    }

    private func mayGatherMore() -> Bool {
        // The rows are put together in one batch beside those that are held.
        let searchBytes = ranges == nil ? 0 : heldLeft.count * RangeCursor.bytesPerRow
        let isGranted = leftReservation.tryResize(to: heldLeft.bytes + heldLeft.rowBytes + searchBytes)
        if heldLeft.bytes < NestedLoopJoinOperator.leastLeftBytes { return true }
        return isGranted && heldLeft.bytes < NestedLoopJoinOperator.mostLeftBytes
    }

    private func begin(_ batch: Batch) {
        current = ProbeCursor(
            batch: batch, heads: Buffer(byteCount: 0), tracksProbe: role.tracksProbe, nullKeys: nil)
        block = 0
        nextPair = 0
        isBegun = false
    }

    private func nextPairs() throws -> Batch? {
        guard let cursor = current else { return nil }
        if rightRows.count == 1, role == .inner, !pairs.hasResidual {
            current = nil
            return besideOneRow(cursor.batch, try rightRows.rows(ofBlock: 0))
        }
        while block < rightRows.blockCount {
            let right = try rightRows.rows(ofBlock: block)
            if !isBegun { beginBlock(cursor, right) }
            while true {
                try context.checkCancelled()
                let count = fill(cursor, width: right.count)
                if count == 0 { break }
                let kept = try pairs.applyResidual(probe: cursor.batch, build: right, count: count)
                if role.tracksProbe { cursor.markProbe(pairs.probeRows, count: kept) }
                markRight(count: kept)
                if kept > 0, role.givesPairs {
                    return pairs.batch(probe: cursor.batch, build: right, count: kept, probeIsWhole: false)
                }
            }
            block += 1
            nextPair = 0
            isBegun = false
        }
        search = nil
        current = nil
        if role.tracksProbe {
            rest = (cursor.batch, cursor.rows(matched: role == .semi))
            givenRest = 0
        }
        return nil
    }

    /// Searches the block's rows in order, where they are, for the left rows.
    private func beginBlock(_ cursor: ProbeCursor, _ right: Batch) {
        isBegun = true
        search = nil
        if let ranges {
            if order?.block != block { order = (block, ranges.index(of: right)) }
            search = (order?.index).flatMap { ranges.cursor($0, cursor.batch, heads: nil) }
        }
        pairs.rangesAreMet = search != nil
        guard let search, let marks = cursor.marks, role.needsNoPairs, !pairs.hasResidual else { return }
        search.mark(marks)
        self.search = nil
        nextPair = cursor.batch.count * right.count
    }

    private func fill(_ cursor: ProbeCursor, width: Int) -> Int {
        if let search {
            return search.fill(pairs, skipping: role.needsNoPairs ? cursor.marks : nil)
        }
        let total = cursor.batch.count * width
        if nextPair >= total { return 0 }
        let (probes, builds) = (
            pairs.probeRows.pointer(as: UInt32.self), pairs.buildRows.pointer(as: UInt32.self)
        )
        let count = min(Limits.batchRows, total - nextPair)
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

    /// Left rows after all their pairs: the matched ones (semi), or the unmatched ones (anti, outer).
    private func nextRest() -> Batch? {
        guard let rest else { return nil }
        let count = min(Limits.batchRows, rest.rows.count - givenRest)
        guard count > 0 else {
            self.rest = nil
            return nil
        }
        givenRest += count
        return pairs.padded(
            rest.left, isProbe: true, rows: rest.rows.rows + (givenRest - count), count: count,
            otherTypes: plan.right.schema.types)
    }

    /// The frequent case of a scalar subquery's row: its values beside every left row, as constants.
    private func besideOneRow(_ batch: Batch, _ row: Batch) -> Batch {
        let leftCount = plan.left.schema.count
        let columns = plan.output.map { column in
            column < leftCount
                ? batch.columns[column]
                : Vector.constant(row.columns[column - leftCount].flattened(), count: batch.count)
        }
        return Batch(columns: columns, count: batch.count)
    }

    private func markRight(count: Int) {
        guard let matchedRight else { return }
        let marks = matchedRight.pointer(as: UInt8.self) + rightRows.firstRow(ofBlock: block)
        let rows = pairs.buildRows.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            marks[Int(rows[i])] = 1
            i &+= 1
        }
    }

    /// At the end: right rows of one block that no left row matched.
    private func unmatchedRight(from: Int) throws -> Batch? {
        guard let matchedRight, from < rightRows.count else {
            phase = .finished
            return nil
        }
        let block = rightRows.block(of: from)
        let right = try rightRows.rows(ofBlock: block)
        let first = rightRows.firstRow(ofBlock: block)
        let marks = matchedRight.pointer(as: UInt8.self) + first
        let picked = Buffer(byteCount: Limits.batchRows * 4)
        let rows = picked.pointer(as: UInt32.self)
        var count = 0
        var row = from - first
        while row < right.count, count < Limits.batchRows {
            if marks[row] == 0 {
                rows[count] = UInt32(truncatingIfNeeded: row)
                count &+= 1
            }
            row &+= 1
        }
        phase = .unmatched(from: first + row)
        guard count > 0 else { return nil }
        return pairs.padded(
            right, isProbe: false, rows: rows, count: count, otherTypes: plan.left.schema.types)
    }
}
