import Columns
import Functions
import Memory
import Plans

/// Counts what an aggregate over frames holds: its states, and results that are as long as the frames
/// (lists, joined text). It takes what it needs from the budget or fails.
final class WindowMemory {
    private let reservation: Reservation
    /// Whether a result may hold more than its row of a fixed width.
    let countsResults: Bool
    private var results = HeldRows()
    private var stateBytes = 0

    /// Smaller states and results are not counted: they are taken however short memory is.
    private static let leastBytes = 4 << 20

    init(_ call: WindowCall, _ context: TaskContext) {
        reservation = context.reservation(
            for: "The window function \(call.function), over its frames,")
        countsResults = call.type.isNested || call.type.physical == .view
    }

    /// Takes memory for the states. Throws `OUT_OF_MEMORY`.
    func reserve(_ state: Accumulator) throws {
        stateBytes = state.memoryBytes
        try resize()
    }

    /// Takes memory for a further result. Throws `OUT_OF_MEMORY`.
    func add(_ result: Vector) throws {
        guard countsResults else { return }
        results.append(Batch(columns: [result], count: result.count))
        try resize()
    }

    /// Gives back what results took.
    func forgetResults() { results = HeldRows() }

    /// Gives back what states and results took.
    func forgetStates() {
        stateBytes = 0
        forgetResults()
        _ = reservation.tryResize(to: 0)
    }

    /// Gives back all but what one result takes.
    func keepOnly(_ result: Vector?) throws {
        stateBytes = 0
        results = HeldRows()
        if let result { try add(result) }
        try resize()
    }

    private func resize() throws {
        // Results are put together in one vector beside the single ones.
        let bytes = stateBytes + results.bytes + results.rowBytes
        try reservation.resize(to: bytes < WindowMemory.leastBytes ? 0 : bytes)
    }
}
