import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Gathers a join's build side into a table, alone or for all tasks of the stage on this worker; one that
/// does not fit in memory is dealt out to partitions on disk.
final class JoinBuild {
    enum Progress {
        case ready(SharedBuild)
        case blocked(Wakeup)
    }

    /// Bytes that are held however short memory is: smaller tables are not worth dealing out.
    static let leastBytes = 1 << 20
    /// Rows that are dealt out at once.
    private static let dealtRows = 65_536

    private let input: any Operator
    private let keys: Evaluator
    private let schema: Schema
    private let sharedKey: SharedBuilds.Key?
    private let context: TaskContext
    private var isBuilder: Bool
    /// What the other tasks wait for while this one builds for them.
    private var awaited: Wakeup?
    private var held = HeldRows()
    /// How often the rows were dealt out already; nil where they must be in one table.
    private let level: Int?
    private let spiller: RowSpiller
    private var dealt: SpilledPartitions?
    /// Whether a row that was dealt out has a null key.
    private var hasNullKey = false
    /// What `held` takes, until the table's own reservation stands for it.
    private let reservation: Reservation
    private let meter: MemoryMeter?
    /// What the table takes. Other tasks may hold it longer: this one has it as long as there is the join.
    private var tableBytes = 0
    private let ranges: RangeMatcher?

    init(
        input: any Operator, keys: [Expression], ranges: RangeMatcher?, schema: Schema,
        sharedAs sharedKey: SharedBuilds.Key?, level: Int, context: TaskContext
    ) throws {
        self.ranges = ranges
        self.level = level <= SpilledPartitions.deepest ? level : nil
        spiller = RowSpiller(schema: schema, context: context)
        self.input = input
        self.keys = try Evaluator(keys, settings: context.settings)
        self.schema = schema
        self.sharedKey = sharedKey
        self.context = context
        isBuilder = sharedKey == nil
        reservation = context.reservation(for: "The build side of a join")
        meter = context.meters?.current.memory
    }

    deinit {
        meter?.add(-tableBytes)
        // A builder that ends without a result (failed or cancelled) lets another task build.
        if let awaited, let sharedKey { context.resources.sharedBuilds.giveUp(sharedKey, awaited) }
    }

    /// Goes on building and returns the table or the partitions when they are made.
    func result() throws -> Progress {
        if !isBuilder, let sharedKey {
            switch context.resources.sharedBuilds.claim(sharedKey) {
            case .ready(let build): return .ready(build)
            case .wait(let wakeup): return .blocked(wakeup)
            case .build(let wakeup):
                isBuilder = true
                awaited = wakeup
            }
        }
        while true {
            try context.checkCancelled()
            switch try input.next() {
            case .blocked(let wakeup): return .blocked(wakeup)
            case .batch(let batch): try hold(batch)
            case .finished:
                let made = SharedBuild(try make())
                if let sharedKey, let wakeup = awaited {
                    awaited = nil
                    context.resources.sharedBuilds.finish(sharedKey, wakeup, made)
                }
                return .ready(made)
            }
        }
    }

    private func hold(_ batch: Batch) throws {
        if let level, let dealt { return try deal(batch, level, dealt) }
        held.append(batch)
        // The rows are put together in one batch beside those that are held.
        let wanted = held.bytes + held.rowBytes
        guard let level else { return try reservation.resize(to: wanted) }
        if reservation.tryResize(to: wanted) || held.bytes < JoinBuild.leastBytes { return }
        try deal(held.takeAll(), level, nil)
    }

    /// Deals rows out to partitions, which are made when there are none yet.
    private func deal(_ rows: Batch, _ level: Int, _ known: SpilledPartitions?) throws {
        let partitions = try known ?? SpilledPartitions(level: level, spiller: spiller)
        dealt = partitions
        _ = reservation.tryResize(to: 0)
        var from = 0
        while from < rows.count {
            let count = min(JoinBuild.dealtRows, rows.count - from)
            let piece = count == rows.count ? rows : rows.sliced(from: from, count: count)
            let values = try keys.evaluate(piece)
            hasNullKey = hasNullKey || values.contains { $0.nullCount > 0 }
            try partitions.append(piece, keys: values)
            from += count
        }
    }

    /// Returns the table or, when there is no memory for it, the partitions that the rows are dealt out to.
    private func make() throws -> SharedBuild.Form {
        if let dealt { return .spilled(try finished(dealt)) }
        let rows =
            held.count == 0 ? Batch(columns: schema.types.map { .empty($0) }, count: 0) : held.takeAll()
        try reservation.resize(to: 0)
        do {
            let table = try JoinTable(
                rows: rows, keys: try keys.evaluate(rows), budget: context.resources.budget,
                unreservedBytes: level == nil ? 0 : JoinBuild.leastBytes)
            if let ranges { table.addRanges(ranges) }
            tableBytes = table.reservedBytes
            meter?.add(tableBytes)
            return .table(table)
        } catch let error as EngineError where error.code == "OUT_OF_MEMORY" {
            guard let level, rows.count > 1 else { throw error }
            try deal(rows, level, nil)
            guard let dealt else { throw error }
            return .spilled(try finished(dealt))
        }
    }

    private func finished(_ dealt: SpilledPartitions) throws -> SpilledBuild {
        try dealt.finish()
        return SpilledBuild(parts: dealt.parts, level: dealt.level, hasNullKey: hasNullKey)
    }
}
