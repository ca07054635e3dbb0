import Synchronization
import Vocabulary

/// Holds the one amount of memory that a worker may use for data; whoever holds data takes from it and gives
/// back.
///
/// Thread-safe: one atomic counter, and a mutex where memory is short. Taking never blocks; who does not get
/// memory spills or fails with a clear error.
package final class MemoryBudget: Sendable {
    /// Bytes that may be in use at once.
    package let limitBytes: Int
    private let used = Atomic<Int>(0)
    private let reclaim = Mutex<(@Sendable () -> Bool)?>(nil)

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Sets what is called when memory is refused: it gives back what nobody uses, and says whether there
    /// was any. It must not take memory itself.
    package func whenShort(_ reclaim: @escaping @Sendable () -> Bool) {
        self.reclaim.withLock { $0 = reclaim }
    }

    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Takes `bytes` if they fit and says whether they did.
    package func tryTake(_ bytes: Int) -> Bool {
        FreedMemory.giveBackBeyondBound()
        if tryTakeOnce(bytes) { return true }
        guard let reclaim = reclaim.withLock({ $0 }), reclaim() else { return false }
        return tryTakeOnce(bytes)
    }

    private func tryTakeOnce(_ bytes: Int) -> Bool {
        let now = used.add(bytes, ordering: .relaxed).newValue
        if now > limitBytes {
            used.subtract(bytes, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Takes `bytes` or throws `OUT_OF_MEMORY`, naming `owner` and what to change.
    package func take(_ bytes: Int, for owner: String) throws(EngineError) {
        if tryTake(bytes) { return }
        throw .system(
            "OUT_OF_MEMORY",
            "\(owner) needs \(ByteSize.format(bytes)) more, but \(ByteSize.format(usedBytes)) of "
                + "\(ByteSize.format(limitBytes)) are in use",
            remedy: "Give the worker more memory (--memory), or fewer slots (--slots).")
    }

    package func giveBack(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
}

/// Holds an amount taken from a budget that grows and shrinks with an operator's state; given back when
/// freed. Not thread-safe: one owner.
package final class Reservation {
    private let budget: MemoryBudget
    private let owner: String
    private let meter: MemoryMeter?
    package private(set) var bytes = 0 {
        didSet { meter?.add(bytes - oldValue) }
    }

    /// `meter` hears of what is held. It is no more thread-safe than the reservation.
    package init(_ budget: MemoryBudget, owner: String, meter: MemoryMeter? = nil) {
        self.budget = budget
        self.owner = owner
        self.meter = meter
    }

    /// Sets the reserved amount. Throws `OUT_OF_MEMORY` when growing past the budget; the old amount then
    /// stays.
    package func resize(to newBytes: Int) throws(EngineError) {
        if newBytes > bytes {
            try budget.take(newBytes - bytes, for: owner)
        } else {
            budget.giveBack(bytes - newBytes)
        }
        bytes = newBytes
    }

    /// Tries to set the reserved amount and says whether it could; the old amount stays when it could not.
    package func tryResize(to newBytes: Int) -> Bool {
        if newBytes > bytes, !budget.tryTake(newBytes - bytes) { return false }
        if newBytes < bytes { budget.giveBack(bytes - newBytes) }
        bytes = newBytes
        return true
    }

    deinit {
        budget.giveBack(bytes)
        meter?.add(-bytes)
    }
}
