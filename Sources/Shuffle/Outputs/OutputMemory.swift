import Memory
import Synchronization

/// Holds the memory of one task's output against the worker's budget, and gives it back with the last
/// reference.
///
/// Outputs leave a part of the budget to operators: they take nothing of its last quarter, and spill instead.
/// Thread-safe: the amount is atomic, but one owner makes it grow.
package final class OutputMemory: Sendable {
    private let budget: MemoryBudget
    private let taken = Atomic<Int>(0)

    package init(budget: MemoryBudget) { self.budget = budget }

    deinit { budget.giveBack(taken.load(ordering: .relaxed)) }

    package var bytes: Int { taken.load(ordering: .relaxed) }

    /// Takes `more` bytes where outputs may have them, and says whether it did.
    package func tryGrow(by more: Int) -> Bool {
        let limit = budget.limitBytes - budget.limitBytes / 4
        guard more <= limit, budget.usedBytes <= limit - more, budget.tryTake(more) else { return false }
        taken.add(more, ordering: .relaxed)
        return true
    }

    /// Gives `fewer` bytes back.
    package func shrink(by fewer: Int) {
        taken.subtract(fewer, ordering: .relaxed)
        budget.giveBack(fewer)
    }
}
