import Shuffle
import Synchronization
import Vocabulary

/// Makes the table of a broadcast join once per worker for all tasks of the stage.
///
/// The first task to ask builds; the others wait for its wake-up. When the builder fails or is cancelled, the
/// next one to ask builds anew. Thread-safe: one mutex.
package final class SharedBuilds: Sendable {
    /// Names a join of a stage.
    struct Key: Hashable {
        var stage: StageKey
        /// Position of the join in the stage's plan, counted in the order that operators are made.
        var join: Int
    }

    /// What a task that asks for a table is told.
    enum Claim {
        case ready(JoinTable)
        /// This task builds, and must call `finish` or `giveUp`.
        case build
        case wait(Wakeup)
    }

    private enum Entry {
        case building(Wakeup)
        case ready(JoinTable)
    }

    private let entries = Mutex<[Key: Entry]>([:])

    init() {}

    /// Returns the table, or who builds it.
    func claim(_ key: Key) -> Claim {
        entries.withLock { entries in
            switch entries[key] {
            case .ready(let table): return .ready(table)
            case .building(let wakeup): return .wait(wakeup)
            case nil:
                entries[key] = .building(Wakeup())
                return .build
            }
        }
    }

    /// Hands the table to all who wait.
    func finish(_ key: Key, _ table: JoinTable) {
        let waiting = entries.withLock { entries in
            defer { entries[key] = .ready(table) }
            return entries[key]
        }
        if case .building(let wakeup) = waiting { wakeup.signal() }
    }

    /// Lets another task build.
    func giveUp(_ key: Key) {
        let waiting = entries.withLock { $0.removeValue(forKey: key) }
        if case .building(let wakeup) = waiting { wakeup.signal() }
    }

    /// Forgets the tables of a stage whose last task on this worker is done, or of a whole job.
    package func drop(where matches: (StageKey) -> Bool) {
        entries.withLock { entries in entries = entries.filter { !matches($0.key.stage) } }
    }
}
