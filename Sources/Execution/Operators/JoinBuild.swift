import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Gathers a join's build side into a table, alone or for all tasks of the stage on this worker; a task's own
/// that does not fit in memory is dealt out to partitions on disk.
final class JoinBuild {
    enum Progress {
        case ready(JoinTable)
        case spilled(SpilledPartitions, RowSpiller)
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
    private var ownBytes = 0
    /// How often the rows were dealt out already; nil where they must be in one table.
    private let level: Int?
    private let spiller: RowSpiller
    private var dealt: SpilledPartitions?
    /// What `held` takes, until the table's own reservation stands for it.
    private let reservation: Reservation

    init(
        input: any Operator, keys: [Expression], schema: Schema, sharedAs sharedKey: SharedBuilds.Key?,
        level: Int?, context: TaskContext
    ) throws {
        let maySpill = sharedKey == nil && level ?? .max <= SpilledPartitions.deepest
        self.level = maySpill ? level : nil
        spiller = RowSpiller(schema: schema, context: context)
        self.input = input
        self.keys = try Evaluator(keys, settings: context.settings)
        self.schema = schema
        self.sharedKey = sharedKey
        self.context = context
        isBuilder = sharedKey == nil
        reservation = Reservation(context.resources.budget, owner: "The build side of a join")
    }

    deinit {
        // A builder that ends without a table (failed or cancelled) lets another task build.
        if let awaited, let sharedKey { context.resources.sharedBuilds.giveUp(sharedKey, awaited) }
    }

    /// Goes on building and returns the table when it is made.
    func table() throws -> Progress {
        if !isBuilder, let sharedKey {
            switch context.resources.sharedBuilds.claim(sharedKey) {
            case .ready(let table): return .ready(table)
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
                let made = dealt == nil ? try make() : nil
                if let dealt {
                    try dealt.finish()
                    return .spilled(dealt, spiller)
                }
                guard let made else { throw EngineError.internal("a join has neither table nor partitions") }
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
        ownBytes += batch.ownBytes
        guard let level else { return try reservation.resize(to: ownBytes) }
        if reservation.tryResize(to: held.bytes) || held.bytes < JoinBuild.leastBytes { return }
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
            try partitions.append(piece, keys: try keys.evaluate(piece))
            from += count
        }
    }

    /// Returns the table, or nil when there is no memory for it and the rows were dealt out instead.
    private func make() throws -> JoinTable? {
        let rows =
            held.count == 0 ? Batch(columns: schema.types.map { .empty($0) }, count: 0) : held.takeAll()
        try reservation.resize(to: 0)
        do {
            return try JoinTable(
                rows: rows, keys: try keys.evaluate(rows), budget: context.resources.budget,
                unreservedBytes: level == nil ? 0 : JoinBuild.leastBytes)
        } catch let error as EngineError where error.code == "OUT_OF_MEMORY" {
            guard let level, rows.count > 1 else { throw error }
            try deal(rows, level, nil)
            return nil
        }
    }
}
