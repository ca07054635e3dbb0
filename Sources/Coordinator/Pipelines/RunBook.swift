import Protocol
import Vocabulary

/// Keeps what is shown of a run beside its facts. Owned by the `PipelineHost`.
final class RunBook {
    let id: String
    var log: [LogLine] = []
    var version = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]

    /// Lines of a run's log that are kept.
    private static let logLimit = 5000

    init(id: String) { self.id = id }

    func note(_ level: String, _ text: String, at milliseconds: Int64) {
        if log.count >= RunBook.logLimit { return }
        log.append(LogLine(time: TimeText.rfc3339(milliseconds), level: level, message: text))
    }

    /// Tells all who wait that something changed.
    func changed() {
        version += 1
        let waiting = waiters
        waiters = [:]
        for waiter in waiting.values { waiter.resume() }
    }
}
