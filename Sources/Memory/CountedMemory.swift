import Vocabulary

/// Gives what a file declares its memory out of a budget, before any of it is touched: a few bytes may
/// inflate to a gigabyte. Small amounts, which every reader needs a few of, are not counted. Thread-safe.
package struct CountedMemory: Sendable {
    private let budget: MemoryBudget?
    private let owner: String

    /// Amounts up to this one are not counted, bytes: each slot needs about so much beside its budget.
    package static let uncountedBytes = 16 << 20

    /// Counts nothing: for files of whoever runs this process.
    package static let unlimited = CountedMemory(nil, owner: "")

    /// `owner`: who needs the memory, for the message where there is none.
    package init(_ budget: MemoryBudget?, owner: String) {
        self.budget = budget
        self.owner = owner
    }

    /// Allocates bytes, not initialised, which are given back with the buffer. Throws `OUT_OF_MEMORY`.
    package func buffer(byteCount: Int) throws(EngineError) -> Buffer {
        guard let budget, byteCount > CountedMemory.uncountedBytes else {
            return Buffer(byteCount: byteCount)
        }
        let reservation = Reservation(budget, owner: owner)
        try reservation.resize(to: byteCount)
        return CountedBuffer.holding(Buffer(byteCount: byteCount), reservation)
    }

    /// Does `body`, which needs so many bytes beside what it returns. Throws `OUT_OF_MEMORY`.
    package func beside<Value>(
        _ bytes: Int, _ body: () throws(EngineError) -> Value
    ) throws(EngineError) -> Value {
        let counted = count()
        try counted.hold(bytes)
        defer { withExtendedLifetime(counted) {} }
        return try body()
    }

    /// Begins to count what grows in other places.
    package func count() -> CountedBytes { CountedBytes(budget, owner: owner) }
}

/// Keeps bytes of a file beside those that were asked for, which are counted by whoever reads it.
package protocol CountedSource: AnyObject {
    /// Takes what is kept from now on out of `memory`, where it has some: else less is kept.
    func count(in memory: CountedMemory)
}

/// Counts an amount that grows, given back when freed. Not thread-safe: one owner.
package final class CountedBytes {
    private let reservation: Reservation?

    fileprivate init(_ budget: MemoryBudget?, owner: String) {
        reservation = budget.map { Reservation($0, owner: owner) }
    }

    /// Says how many bytes are held from now on; call it before they are. Throws `OUT_OF_MEMORY`.
    package func hold(_ bytes: Int) throws(EngineError) {
        guard let reservation, bytes > CountedMemory.uncountedBytes || reservation.bytes > 0 else { return }
        try reservation.resize(to: bytes > CountedMemory.uncountedBytes ? bytes : 0)
    }
}
