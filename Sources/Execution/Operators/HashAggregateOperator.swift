import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Synchronization
import Vocabulary

/// Groups rows by hash and computes aggregates per group.
///
///     reading ──input finished──▶ emitting ──all groups given──▶ finished
///        │ ▲                          │
///        │ └──(partial only: flush)───┘
///        └──(partial only: keys nearly all distinct)──▶ passing: each row a group of its own
///
/// A partial aggregation holds a bounded amount: when it is full it gives what it has and begins anew; the
/// final one merges. A final or complete one that does not fit writes its groups' states to disk, dealt out
/// by the hash of their keys, and begins anew; at the end it merges them, one partition after the other:
///
///     reading ──memory short──▶ states to partitions ──▶ reading … ──finished──▶ loading a partition
///     loading ──merged──▶ emitting ──▶ loading the next … ──▶ finished
///        └──memory short──▶ states to partitions of the partition
final class HashAggregateOperator: Operator {
    private enum Phase { case reading, emitting(from: Int, then: After), passing, loading, finished }
    private enum After { case read, pass, load, finish }

    /// Bytes that a partial aggregation may hold before it gives what it has.
    static let partialBytes = 64 << 20
    /// Rows after which a partial aggregation judges whether grouping pays, and the share of distinct keys
    /// above which it does not.
    static let judgedRows = 262_144
    static let distinctShare = 0.75
    /// Bytes that are held however short memory is: less would be written too often.
    static let leastBytes = 1 << 20
    /// Bytes of groups that are copied at once to be given or written, about.
    static let copiedBytes = 4 << 20

    private let mode: AggregateMode
    /// Whether the input's rows are states.
    private let isMerging: Bool
    private let input: PiecewiseInput
    private let context: TaskContext
    private let evaluator: Evaluator?
    private let groupTypes: [DataType]
    /// Input columns that the groups are; nil for groups that are computed.
    private let groupPositions: [Int?]
    private let calls: [AggregateArguments]
    private var table: GroupTable?
    private var accumulators: [Accumulator]
    /// For each call the first one whose partial states serve for it too; only that one is fed.
    private let stateOwners: [Int]
    private let reservation: Reservation
    /// Bytes of all groups when they were last counted.
    private var heldBytes = 0
    private var phase = Phase.reading
    private var rowsRead = 0
    private var groupCount = 0
    private var groups = Buffer.zeroed(byteCount: Limits.batchRows * 4)
    private let spill: GroupSpill

    /// `ofStates`: whether the input's rows are groups and states, as they always are in a final aggregation.
    init(
        _ plan: PhysicalAggregate, ofStates: Bool = false, input: any Operator, context: TaskContext
    ) throws {
        self.context = context
        mode = plan.mode
        let merges = plan.mode == .final || ofStates
        isMerging = merges
        groupTypes = plan.groups.map(\.type)
        groupPositions = plan.groups.enumerated().map {
            merges ? $0.offset : $0.element.inputPosition
        }
        guard KeyLayout.supports(groupTypes) else {
            throw EngineError.user(
                "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE", "Arrays, structs and maps cannot be grouped by",
                remedy: "Group by their members, or by to_json() of them.")
        }
        var expressions = merges ? [] : plan.groups
        var calls: [AggregateArguments] = []
        var stateStart = plan.groups.count
        for call in plan.aggregates {
            calls.append(try AggregateArguments(call, expressions: &expressions, stateStart: &stateStart))
        }
        self.calls = calls
        self.input = PiecewiseInput(input, computing: expressions)
        evaluator = merges ? nil : try Evaluator(expressions, settings: context.settings)
        table = plan.groups.isEmpty ? nil : GroupTable(types: groupTypes)
        let made = try calls.map { try $0.makeAccumulator() }
        accumulators = made
        stateOwners = calls.indices.map { call in
            guard plan.mode == .partial else { return call }
            return (0..<call).first {
                calls[$0].hasSameRows(as: calls[call]) && made[$0].hasSameStates(as: made[call])
            } ?? call
        }
        reservation = context.reservation(for: "Aggregation")
        spill = GroupSpill(types: groupTypes + made.flatMap(\.stateTypes), keys: groupTypes.count, context)
        if plan.groups.isEmpty { setGroupCount(1) }
    }

    /// Rows whose group is dropped afterwards need no grouping.
    func offer(_ filter: JoinKeyFilter, columns: [Int]) {
        let below = columns.compactMap { $0 < groupPositions.count ? groupPositions[$0] : nil }
        if below.count == columns.count { input.offer(filter, columns: below) }
    }

    func next() throws -> Pull {
        while true {
            switch phase {
            case .finished: return .finished
            case .emitting(let from, let after):
                if let batch = try emit(from: from, then: after) { return .batch(batch) }
            case .passing:
                let pull = try input.next()
                guard case .batch(let batch) = pull else { return pull }
                if let states = try passThrough(batch) { return .batch(states) }
            case .reading:
                let pull = try input.next()
                switch pull {
                case .blocked: return pull
                case .finished: try endReading()
                case .batch(let batch): try read(batch)
                }
            case .loading:
                guard let part = spill.takePart() else {
                    phase = .finished
                    continue
                }
                try load(part)
            }
        }
    }

    private func setGroupCount(_ count: Int) {
        groupCount = count
        for (call, owner) in stateOwners.enumerated() where call == owner {
            accumulators[call].resize(groups: count)
        }
    }

    // MARK: - Reading

    private func read(_ batch: Batch) throws {
        try context.checkCancelled()
        guard let columns = try computed(batch) else { return }
        try readGroups(columns, count: batch.count, merging: isMerging)
        rowsRead += batch.count
        try account()
    }

    /// The groups' and the calls' columns of a batch; nil where the batch comes again in smaller ones.
    private func computed(_ batch: Batch) throws -> [Vector]? {
        guard let evaluator else { return batch.columns }
        return try input.values(of: batch, by: evaluator)
    }

    /// Finds or makes the groups of rows and adds the rows to them.
    private func readGroups(_ columns: [Vector], count: Int, merging: Bool) throws {
        guard let table else { return try accumulate(columns, groups: nil, count: count, merging: merging) }
        if groups.byteCount < count * 4 { groups = Buffer(byteCount: count * 4) }
        let numbers = groups.pointer(as: UInt32.self)
        table.assignGroups(Array(columns[0..<groupTypes.count]), count: count, into: numbers)
        if table.groupCount > groupCount { setGroupCount(table.groupCount) }
        try accumulate(columns, groups: numbers, count: count, merging: merging)
    }

    /// Adds rows to the groups; rows of states when `merging`.
    private func accumulate(
        _ columns: [Vector], groups: UnsafePointer<UInt32>?, count: Int, merging: Bool
    ) throws {
        for (call, accumulator) in zip(calls.indices, accumulators) where stateOwners[call] == call {
            if merging {
                let numbers = groups ?? UnsafePointer(zeroGroups(count))
                let states = Array(columns[calls[call].states])
                try calls[call].origin.placing {
                    try accumulator.merge(groups: numbers, states: states, count: count)
                }
            } else {
                try calls[call].origin.placing {
                    try calls[call].update(accumulator, columns: columns, groups: groups, count: count)
                }
            }
        }
    }

    // MARK: - Beyond memory

    /// Writes what the groups have come to, and begins anew.
    private func writeGroups() throws {
        var from = 0
        while from < groupCount {
            let count = min(groupsAtOnce(GroupSpill.groupsAtOnce), groupCount - from)
            let keys = table?.keyColumns(from: from, count: count) ?? []
            try spill.append(keys + states(from: from, count: count), count: count)
            from += count
        }
        try clear()
    }

    private func endReading() throws {
        guard spill.hasRows else {
            phase = .emitting(from: 0, then: .finish)
            return
        }
        try writeGroups()
        try spill.endLevel()
        phase = .loading
    }

    /// Merges the states of a partition; when they do not fit either they are dealt out anew.
    private func load(_ part: GroupSpill.Part) throws {
        spill.beginLevel(part.level + 1)
        for block in part.rows.ranges.indices {
            let batch = try spill.read(part, block: block)
            try readGroups(batch.columns, count: batch.count, merging: true)
            try account()
        }
        if spill.hasRows {
            try writeGroups()
            try spill.endLevel()
        } else {
            phase = .emitting(from: 0, then: .load)
        }
    }

    /// The partial states of all calls.
    private func states(from: Int, count: Int) -> [Vector] {
        var made: [[Vector]] = []
        for (call, owner) in stateOwners.enumerated() {
            made.append(call == owner ? accumulators[call].states(from: from, count: count) : made[owner])
        }
        return made.flatMap(\.self)
    }

    /// Group numbers of rows that all belong to group 0; only used without group keys, so nothing else is in
    /// there.
    private func zeroGroups(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        if groups.byteCount < count * 4 { groups = Buffer.zeroed(byteCount: count * 4) }
        return groups.pointer(as: UInt32.self)
    }

    /// How many groups are given or written together: fewer than `most` where they are wide, since they are
    /// copied beside those that are held.
    private func groupsAtOnce(_ most: Int) -> Int {
        min(most, max(64, HashAggregateOperator.copiedBytes * groupCount / max(heldBytes, 1)))
    }

    private func account() throws {
        let bytes = (table?.memoryBytes ?? 0) + accumulators.reduce(0) { $0 + $1.memoryBytes }
        heldBytes = bytes
        if mode == .partial, table != nil {
            if rowsRead >= HashAggregateOperator.judgedRows,
                Double(groupCount) > HashAggregateOperator.distinctShare * Double(rowsRead)
            {
                phase = .emitting(from: 0, then: .pass)
            } else if bytes > HashAggregateOperator.partialBytes || !reservation.tryResize(to: bytes) {
                phase = .emitting(from: 0, then: .read)
            }
        } else if !reservation.tryResize(to: bytes), bytes >= HashAggregateOperator.leastBytes {
            // One group cannot be dealt out, nor can those whose hashes are all alike.
            guard table != nil, groupCount > 1, spill.level <= SpilledPartitions.deepest else {
                return try reservation.resize(to: bytes)
            }
            try writeGroups()
        }
    }

    /// Makes each row of the batch a group of its own.
    private func passThrough(_ batch: Batch) throws -> Batch? {
        try context.checkCancelled()
        guard let columns = try computed(batch) else { return nil }
        accumulators = try calls.map { try $0.makeAccumulator() }
        setGroupCount(batch.count)
        if groups.byteCount < batch.count * 4 { groups = Buffer(byteCount: batch.count * 4) }
        let numbers = groups.pointer(as: UInt32.self)
        var row = 0
        while row < batch.count {
            numbers[row] = UInt32(truncatingIfNeeded: row)
            row &+= 1
        }
        try accumulate(columns, groups: numbers, count: batch.count, merging: isMerging)
        return Batch(
            columns: columns[0..<groupTypes.count] + states(from: 0, count: batch.count), count: batch.count)
    }

    // MARK: - Giving

    private func emit(from: Int, then after: After) throws -> Batch? {
        let count = min(groupsAtOnce(Limits.batchRows), groupCount - from)
        guard count > 0 else {
            try beginAnew(after)
            return nil
        }
        phase = .emitting(from: from + count, then: after)
        var columns = table?.keyColumns(from: from, count: count) ?? []
        if mode == .partial {
            columns += states(from: from, count: count)
        } else {
            for (call, accumulator) in zip(calls, accumulators) {
                columns += try call.origin.placing { try accumulator.results(from: from, count: count) }
            }
        }
        return Batch(columns: columns, count: count)
    }

    private func beginAnew(_ after: After) throws {
        switch after {
        case .finish: phase = .finished
        case .pass: phase = .passing
        case .load: phase = .loading
        case .read: phase = .reading
        }
        table = nil
        accumulators = []
        groupCount = 0
        _ = reservation.tryResize(to: 0)
        if case .read = after { try clear() }
        if case .load = after { try clear() }
    }

    /// Forgets all groups.
    private func clear() throws {
        groupCount = 0
        rowsRead = 0
        table = GroupTable(types: groupTypes)
        accumulators = try calls.map { try $0.makeAccumulator() }
        _ = reservation.tryResize(to: 0)
    }
}
