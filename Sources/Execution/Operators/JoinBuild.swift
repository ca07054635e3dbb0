import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Gathers a join's build side into a table, alone or for all tasks of the stage on this worker.
final class JoinBuild {
    enum Progress { case ready(JoinTable), blocked(Wakeup) }

    private let input: any Operator
    private let keys: Evaluator
    private let schema: Schema
    private let sharedKey: SharedBuilds.Key?
    private let context: TaskContext
    private var isBuilder: Bool
    /// What the other tasks wait for while this one builds for them.
    private var awaited: Wakeup?
    private var held: [Batch] = []
    /// What `held` takes, until the table's own reservation stands for it.
    private let reservation: Reservation

    init(
        input: any Operator, keys: [Expression], schema: Schema, sharedAs sharedKey: SharedBuilds.Key?,
        context: TaskContext
    ) throws {
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
            case .batch(let batch):
                try reservation.resize(to: reservation.bytes + batch.ownBytes)
                held.append(batch)
            case .finished:
                let made = try make()
                if let sharedKey, let wakeup = awaited {
                    awaited = nil
                    context.resources.sharedBuilds.finish(sharedKey, wakeup, made)
                }
                return .ready(made)
            }
        }
    }

    private func make() throws -> JoinTable {
        let rows =
            held.isEmpty ? Batch(columns: schema.types.map { .empty($0) }, count: 0) : Concat.batches(held)
        held = []
        try reservation.resize(to: 0)
        return try JoinTable(rows: rows, keys: try keys.evaluate(rows), budget: context.resources.budget)
    }
}
