import Shuffle
import Synchronization
import Vocabulary

/// Holds the build side of a broadcast join: a table, or rows on disk where there was no memory for one.
final class SharedBuild: Sendable {
    /// Names the forms that it takes.
    enum Form: Sendable {
        case table(JoinTable)
        case spilled(SpilledBuild)
    }

    let form: Form

    init(_ form: Form) { self.form = form }
}

/// Makes the build side of a broadcast join once per worker for all tasks of the stage.
///
/// The first task to ask builds; the others wait for its wake-up. When the builder fails or is cancelled, the
/// next one to ask builds anew; so it is with a build side that was forgotten for lack of memory while no
/// task used it. Thread-safe: one mutex.
package final class SharedBuilds: Sendable {
    /// Names a join of a stage.
    struct Key: Hashable {
        var stage: StageKey
        /// Of the attempt: a coordinator that lost its state gives the stages of other jobs the same numbers.
        var epoch: UInt32
        /// Position of the join in the stage's plan, counted in the order that operators are made.
        var join: Int
    }

    /// What a task that asks for a build side is told.
    enum Claim {
        case ready(SharedBuild)
        /// This task builds, and must call `finish` or `giveUp` with what the others wait for.
        case build(Wakeup)
        case wait(Wakeup)
    }

    private enum Entry {
        case building(Wakeup)
        case ready(SharedBuild)
    }

    private let entries = Mutex<[Key: Entry]>([:])

    init() {}

    /// Returns the build side, or who builds it.
    func claim(_ key: Key) -> Claim {
        entries.withLock { entries in
            switch entries[key] {
            case .ready(let build): return .ready(build)
            case .building(let wakeup): return .wait(wakeup)
            case nil:
                let wakeup = Wakeup()
                entries[key] = .building(wakeup)
                return .build(wakeup)
            }
        }
    }

    /// Hands the build side to all who wait, and keeps it for those who will ask; not when the join was
    /// dropped meanwhile, since nobody would drop it again.
    func finish(_ key: Key, _ wakeup: Wakeup, _ build: SharedBuild) {
        replace(key, wakeup, by: .ready(build))
        wakeup.signal()
    }

    /// Lets another task build.
    func giveUp(_ key: Key, _ wakeup: Wakeup) {
        replace(key, wakeup, by: nil)
        wakeup.signal()
    }

    /// Puts an entry in the place of the one with this wake-up, if that is still there.
    private func replace(_ key: Key, _ wakeup: Wakeup, by entry: Entry?) {
        entries.withLock { entries in
            if case .building(let current) = entries[key], current === wakeup { entries[key] = entry }
        }
    }

    /// Forgets the tables of a stage whose last task on this worker is done, or of a whole job. Who waits for
    /// one is woken.
    package func drop(where matches: (StageKey) -> Bool) {
        let dropped = entries.withLock { entries in
            let dropped = entries.filter { matches($0.key.stage) }
            for key in dropped.keys { entries[key] = nil }
            return dropped.values
        }
        for case .building(let wakeup) in dropped { wakeup.signal() }
    }

    /// Forgets what no task uses now, and says whether there was any: memory is short.
    func dropUnused() -> Bool {
        let dropped = entries.withLock { entries in
            var dropped: [SharedBuild] = []
            for key in Array(entries.keys) {
                guard case .ready? = entries[key] else { continue }
                // Taken out first: the entry's reference would count as well.
                guard case .ready(var build)? = entries.removeValue(forKey: key) else { continue }
                if isKnownUniquelyReferenced(&build) {
                    dropped.append(build)
                } else {
                    entries[key] = .ready(build)
                }
            }
            return dropped
        }
        return !dropped.isEmpty
    }
}
