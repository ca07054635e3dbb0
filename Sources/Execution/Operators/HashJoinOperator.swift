import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Joins by a hash table of the build side's rows.
///
///     building ──table ready──▶ probing ──probe finished──▶ unmatched build rows ──▶ finished
///        └──does not fit──▶ dealing the probe side out ──▶ joining pairs of partitions ──▶ finished
///
/// The table is this task's own (partitioned join) or one for all tasks of the stage on this worker
/// (broadcast); so are the partitions that the build side is dealt out to where it does not fit.
final class HashJoinOperator: Operator {
    private enum Phase {
        case building, probing, unmatched(from: Int), finished
        case dealing(SpilledJoin), joining(SpilledJoin, HashJoinOperator?)
    }

    private let plan: PhysicalHashJoin
    private let probe: any Operator
    private let build: JoinBuild
    private let probeKeys: Evaluator
    private let ranges: RangeMatcher?
    /// Probe columns that the keys are; nil for a key that is computed.
    private let probePositions: [Int?]
    private let pairs: JoinPairs
    private let role: JoinRole
    private let context: TaskContext
    private var table: JoinTable?
    /// What the table is part of: held so that it is known to be in use.
    private var built: SharedBuild?
    private var phase = Phase.building
    private let scratch = JoinScratch()
    private var cursor: ProbeCursor?
    /// Build rows that were in some pair; only where the build side's rows must all appear or be told apart.
    private var matchedBuild: Buffer?
    /// How often the rows of both sides were dealt out to partitions before they came here.
    private let level: Int

    init(
        _ plan: PhysicalHashJoin, left: any Operator, right: any Operator, joinIndex: Int, level: Int = 0,
        context: TaskContext
    ) throws {
        self.level = level
        self.plan = plan
        self.context = context
        let buildIsRight = plan.build == .right
        probe = buildIsRight ? left : right
        role = JoinRole(plan.kind, buildIsRight: buildIsRight)
        let conditions = JoinRanges(plan.residual, leftCount: plan.left.schema.count)
        ranges = try RangeMatcher(
            conditions.ranges, buildIsRight: buildIsRight, settings: context.settings)
        build = try JoinBuild(
            input: buildIsRight ? right : left, keys: buildIsRight ? plan.rightKeys : plan.leftKeys,
            ranges: ranges,
            schema: buildIsRight ? plan.right.schema : plan.left.schema,
            // A pair of partitions is this task's own.
            sharedAs: plan.buildIsShared && level == 0
                ? SharedBuilds.Key(
                    stage: context.attempt.task.stage, epoch: context.attempt.epoch, join: joinIndex) : nil,
            level: level, context: context)
        let keys = buildIsRight ? plan.leftKeys : plan.rightKeys
        probeKeys = try Evaluator(keys, settings: context.settings)
        probePositions = keys.map(\.inputPosition)
        pairs = try JoinPairs(
            leftCount: plan.left.schema.count, probeIsLeft: buildIsRight, output: plan.output,
            residual: plan.residual, rest: conditions.rest, settings: context.settings)
    }

    private var buildTypes: [DataType] { (plan.build == .right ? plan.right : plan.left).schema.types }
    private var probeTypes: [DataType] { (plan.build == .right ? plan.left : plan.right).schema.types }

    func next() throws -> Pull {
        while true {
            switch phase {
            case .finished: return .finished
            case .building:
                if let wakeup = try prepare() { return .blocked(wakeup) }
            case .dealing(let spilled):
                let pull = try probe.next()
                switch pull {
                case .blocked: return pull
                case .finished:
                    try spilled.finish()
                    phase = .joining(spilled, nil)
                case .batch(let batch): try spilled.append(batch, keys: try probeKeys.evaluate(batch))
                }
            case .joining(let spilled, let pair):
                if case .batch(let batch)? = try pair?.next() { return .batch(batch) }
                try beginPair(of: spilled)
            case .unmatched(let from):
                if let batch = unmatchedBuildRows(from: from) { return .batch(batch) }
            case .probing:
                if let batch = try nextFromCursor() { return .batch(batch) }
                let pull = try probe.next()
                switch pull {
                case .blocked: return pull
                case .finished: phase = role.givesBuildAtEnd ? .unmatched(from: 0) : .finished
                case .batch(let batch): try begin(batch)
                }
            }
        }
    }

    /// Probe rows may be dropped early but where the lack of one would change which build rows are given.
    func offer(_ filter: JoinKeyFilter, columns: [Int]) {
        if role.tracksBuild { return }
        let below = columns.compactMap { pairs.probePosition(ofOutput: $0) }
        if below.count == columns.count { probe.offer(filter, columns: below) }
    }

    /// Lets the probe side drop rows that have no match in the table, where such rows are dropped here.
    private func offerKeys(of made: JoinTable) {
        let isDropping = role.isEmptyWithoutBuild || role == .buildAnti
        guard isDropping else { return }
        if probePositions.count > 1 {
            for (key, position) in probePositions.enumerated() {
                if let position { probe.offer(JoinKeyFilter(made, key: key), columns: [position]) }
            }
        }
        let whole = probePositions.compactMap { $0 }
        if whole.count == probePositions.count { probe.offer(JoinKeyFilter(made), columns: whole) }
    }

    private func prepare() throws -> Wakeup? {
        switch try build.result() {
        case .blocked(let wakeup): return wakeup
        case .ready(let made):
            built = made
            switch made.form {
            case .table(let table): begin(table)
            case .spilled(let partitions): try begin(partitions)
            }
            return nil
        }
    }

    private func begin(_ made: JoinTable) {
        table = made
        phase = .probing
        if made.rows.count == 0, role.isEmptyWithoutBuild { phase = .finished }
        offerKeys(of: made)
        if role == .antiNullAware, made.hasNullKey { phase = .finished }
        if role.tracksBuild { matchedBuild = Buffer.zeroed(byteCount: max(made.rows.count, 1)) }
    }

    private func begin(_ partitions: SpilledBuild) throws {
        if role == .antiNullAware, partitions.hasNullKey {
            phase = .finished
            return
        }
        let (buildSide, probeSide) = plan.build == .right ? (plan.right, plan.left) : (plan.left, plan.right)
        phase = .dealing(
            try SpilledJoin(
                partitions, schema: buildSide.schema, probe: probeSide.schema, context: context))
    }

    /// Goes on to the next pair of partitions, a join of its own.
    private func beginPair(of spilled: SpilledJoin) throws {
        guard let sides = spilled.takePair(role) else {
            phase = .finished
            return
        }
        let buildIsRight = plan.build == .right
        phase = .joining(
            spilled,
            try HashJoinOperator(
                plan, left: buildIsRight ? sides.probe : sides.build,
                right: buildIsRight ? sides.build : sides.probe, joinIndex: 0, level: level + 1,
                context: context))
    }

    private func begin(_ batch: Batch) throws {
        try context.checkCancelled()
        guard let table else { return }
        let heads = Buffer(byteCount: batch.count * 4)
        let keys = try probeKeys.evaluate(batch)
        table.findHeads(keys, count: batch.count, scratch: scratch, into: heads.pointer(as: UInt32.self))
        cursor = ProbeCursor(
            batch: batch, heads: heads, tracksProbe: role.tracksProbe,
            // A partition may be empty where the build side is not.
            nullKeys: role == .antiNullAware && (table.rows.count > 0 || level > 0)
                ? JoinTable.validity(keys, count: batch.count) : nil,
            ranges: table.ranges.flatMap {
                ranges?.cursor($0, batch, heads: heads.pointer(as: UInt32.self))
            })
        pairs.rangesAreMet = cursor?.ranges != nil
    }

    private func nextFromCursor() throws -> Batch? {
        guard let cursor, let table else { return nil }
        if role.needsNoPairs, !pairs.hasResidual {
            self.cursor = nil
            return semiRows(cursor)
        }
        while !cursor.isExhausted {
            try context.checkCancelled()
            let count = cursor.fill(pairs, table: table, oneIsEnough: role.needsNoPairs)
            let kept = try pairs.applyResidual(probe: cursor.batch, build: table.rows, count: count)
            if role.tracksProbe { cursor.markProbe(pairs.probeRows, count: kept) }
            markBuild(count: kept)
            if kept > 0, role.givesPairs {
                let isWhole = kept == cursor.batch.count && table.keysAreUnique && cursor.isExhausted
                return pairs.batch(probe: cursor.batch, build: table.rows, count: kept, probeIsWhole: isWhole)
            }
        }
        self.cursor = nil
        return role.tracksProbe ? rowsAfterPairs(cursor) : nil
    }

    private func markBuild(count: Int) {
        guard let matchedBuild else { return }
        let marks = matchedBuild.pointer(as: UInt8.self)
        let rows = pairs.buildRows.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            marks[Int(rows[i])] = 1
            i &+= 1
        }
    }

    /// Semi and anti joins on equality alone: the rows with, or without, a match.
    private func semiRows(_ cursor: ProbeCursor) -> Batch? {
        cursor.markFromHeads()
        return rowsAfterPairs(cursor)
    }

    /// After all pairs of a probe batch: its matched rows (semi), or its unmatched ones (anti, outer).
    private func rowsAfterPairs(_ cursor: ProbeCursor) -> Batch? {
        let rows = cursor.rows(matched: role == .semi)
        guard rows.count > 0 else { return nil }
        if rows.count == cursor.batch.count, role != .probeOuter, role != .fullOuter {
            return cursor.batch.projected(plan.output)
        }
        return pairs.padded(
            cursor.batch, isProbe: true, rows: rows.rows, count: rows.count, otherTypes: buildTypes)
    }

    /// At the end: build rows that no probe row matched (outer, anti), or that some did (semi).
    private func unmatchedBuildRows(from: Int) -> Batch? {
        guard let table, let matchedBuild else {
            phase = .finished
            return nil
        }
        let marks = matchedBuild.pointer(as: UInt8.self)
        let wanted: UInt8 = role == .buildSemi ? 1 : 0
        let picked = Buffer(byteCount: Limits.batchRows * 4)
        let rows = picked.pointer(as: UInt32.self)
        var count = 0
        var row = from
        while row < table.rows.count, count < Limits.batchRows {
            if marks[row] == wanted {
                rows[count] = UInt32(truncatingIfNeeded: row)
                count &+= 1
            }
            row &+= 1
        }
        phase = row >= table.rows.count ? .finished : .unmatched(from: row)
        guard count > 0 else { return nil }
        return pairs.padded(table.rows, isProbe: false, rows: rows, count: count, otherTypes: probeTypes)
    }
}

/// Says what a hash join gives, in terms of its probe and build side.
enum JoinRole: Equatable {
    case inner
    /// Pairs, and probe rows without a match.
    case probeOuter
    /// Pairs, and at the end build rows without a match.
    case buildOuter
    case fullOuter
    /// Probe rows with a match, or without one.
    case semi, anti, antiNullAware
    /// At the end build rows with a match, or without one.
    case buildSemi, buildAnti

    init(_ kind: JoinKind, buildIsRight: Bool) {
        self =
            switch kind {
            case .inner, .cross: .inner
            case .left: buildIsRight ? .probeOuter : .buildOuter
            case .right: buildIsRight ? .buildOuter : .probeOuter
            case .full: .fullOuter
            case .leftSemi: buildIsRight ? .semi : .buildSemi
            case .leftAnti: buildIsRight ? .anti : .buildAnti
            case .leftAntiNullAware: buildIsRight ? .antiNullAware : .buildAnti
            }
    }

    var givesPairs: Bool {
        self == .inner || self == .probeOuter || self == .buildOuter || self == .fullOuter
    }
    var needsNoPairs: Bool { self == .semi || self == .anti || self == .antiNullAware }
    var tracksProbe: Bool { needsNoPairs || self == .probeOuter || self == .fullOuter }
    var tracksBuild: Bool {
        self == .buildOuter || self == .fullOuter || self == .buildSemi || self == .buildAnti
    }
    var givesBuildAtEnd: Bool { tracksBuild }
    var isEmptyWithoutBuild: Bool {
        self == .inner || self == .buildOuter || self == .semi || self == .buildSemi || self == .buildAnti
    }
}
