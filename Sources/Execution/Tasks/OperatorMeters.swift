import Glibc
import Memory

/// Measures what each operator of a task does: rows, time, memory, and what it writes to disk. A task has one
/// where somebody asked for it (`TaskFragment.measuresOperators`).
///
/// At any time one meter is current: the one of the operator that runs, without those that it pulls from, or
/// that of the task's output while none runs. The clock, and what is reserved and spilled, go to it.
///
///     step ──▶ output ──▶ Sort.next ──▶ Scan.next ──▶ Sort.next ──▶ output ──▶ …
///
/// `@unchecked Sendable`: whoever runs a step of the task owns it.
final class OperatorMeters: @unchecked Sendable {
    /// Counts for one operator.
    final class Meter {
        fileprivate(set) var rows = 0
        fileprivate(set) var nanoseconds: UInt64 = 0
        /// Whether its rows were asked for.
        fileprivate(set) var isPulled = false
        var spillBytes = 0
        let memory: MemoryMeter

        fileprivate init(_ whole: MemoryMeter) { memory = MemoryMeter(partOf: whole) }

        /// Hears that its rows were asked for, and of those that came.
        func pulled(rows count: Int) {
            isPulled = true
            rows += count
        }
    }

    /// The meters of the plan's operators, in pre-order.
    let operators: [Meter]
    let output: Meter
    private(set) var current: Meter
    private let whole: MemoryMeter
    private let clock: () -> UInt64
    /// When `current` became it.
    private var since: UInt64

    /// `operators`: how many the plan has; `clock` gives nanoseconds.
    init(operators count: Int, clock: @escaping () -> UInt64 = OperatorMeters.monotonicNanoseconds) {
        let whole = MemoryMeter()
        self.whole = whole
        operators = (0..<count).map { _ in Meter(whole) }
        output = Meter(whole)
        current = output
        self.clock = clock
        since = clock()
    }

    private static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Begins a step: the time since the one before is nobody's.
    func beginStep() { since = clock() }

    /// Ends a step.
    func endStep() { become(output) }

    /// Makes a meter the current one, and returns the one that was.
    @discardableResult
    func become(_ meter: Meter) -> Meter {
        let now = clock()
        current.nanoseconds += now - since
        since = now
        defer { current = meter }
        return current
    }

    /// Returns what was counted so far: of the operators in pre-order, of the output, and of the whole task.
    /// `rows`, `spillBytes`: of the whole task.
    func figures(rows: Int, spillBytes: Int) -> [OperatorFigures] {
        become(current)
        output.pulled(rows: rows - output.rows)
        output.spillBytes = spillBytes - operators.reduce(0) { $0 + $1.spillBytes }
        let parts = (operators + [output]).map {
            OperatorFigures(
                rows: $0.rows, nanoseconds: $0.nanoseconds, peakBytes: $0.memory.peakBytes,
                spillBytes: $0.spillBytes, isPulled: $0.isPulled)
        }
        let nanoseconds = parts.reduce(0) { $0 + $1.nanoseconds }
        return parts + [
            OperatorFigures(
                rows: rows, nanoseconds: nanoseconds, peakBytes: whole.peakBytes, spillBytes: spillBytes,
                isPulled: true)
        ]
    }
}

/// Says what one operator of a task did.
package struct OperatorFigures: Hashable, Sendable {
    /// Rows that it gave.
    package var rows: Int
    /// Time that it took, without that of the operators that it pulls from.
    package var nanoseconds: UInt64
    /// The most memory that it reserved at once.
    package var peakBytes: Int
    package var spillBytes: Int
    /// Whether its rows were asked for: of tasks that share a table, one asks for all.
    package var isPulled: Bool
}
