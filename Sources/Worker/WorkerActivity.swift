import Protocol
import Scheduling

/// Names how attempts on a worker end.
package enum AttemptOutcome: String, Sendable, Hashable, CaseIterable {
    case succeeded, failed
    /// Cancelled: with its job, or as another attempt was quicker.
    case stopped
}

/// Says what a worker does now and did since its start: what its metrics show.
package struct WorkerActivity: Sendable {
    /// `registering`, `active` or `draining`.
    package var state: String
    package var slots: Int
    /// Attempts that run now.
    package var running: Int
    package var memoryLimitBytes: Int
    package var memoryUsedBytes: Int
    /// Outputs that are held for readers, in memory and in files.
    package var shuffleBytes: Int
    /// Of all attempts, those that run now too. Only grows.
    package var counters: TaskCounters
    /// How long attempts took, by how they ended.
    package var durations: [AttemptOutcome: LatencyHistogram]
}

/// Adds up what attempts did that have ended.
struct AttemptTotals: Sendable {
    private(set) var counters = TaskCounters()
    private(set) var durations: [AttemptOutcome: LatencyHistogram] = [:]

    mutating func add(_ outcome: AttemptOutcome, _ own: TaskCounters) {
        counters.add(own)
        durations[outcome, default: LatencyHistogram()].observe(Double(own.milliseconds) / 1000)
    }
}
