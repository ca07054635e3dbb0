import Shuffle
import Vocabulary

/// Hands values from one thread to another through a bounded queue; one side may block, the other never does.
///
/// ```
///   connector's thread ── put (waits) ─▶ ▢▢▢▢ ─▶ take (wake-up) ── task
///   task ── offer (wake-up) ─▶ ▢▢▢▢ ─▶ get (waits) ── connector's thread
/// ```
/// `@unchecked Sendable`: everything is behind the monitor's lock.
final class BlockingPipe<Value: Sendable>: @unchecked Sendable {
    private enum End {
        case finished
        case failed(any Error)
    }

    /// What a side that never blocks meets.
    enum Answer {
        case value(Value)
        case blocked(Wakeup)
        case finished
    }

    private let monitor = Monitor()
    private let capacity: Int
    private var values: [Value] = []
    private var end: End?
    private var isClosed = false
    private var wakeup: Wakeup?

    init(capacity: Int) { self.capacity = capacity }

    private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        monitor.lock()
        let result: Result
        let waiting: Wakeup?
        do {
            result = try body()
            waiting = wakeup
        } catch {
            monitor.unlock()
            throw error
        }
        // Whoever waits looks again; a needless look costs little.
        if waiting != nil { wakeup = nil }
        monitor.broadcast()
        monitor.unlock()
        waiting?.signal()
        return result
    }

    // MARK: the side that may wait

    /// Puts a value, waiting for room; false when nobody wants it any more.
    func put(_ value: Value) -> Bool {
        locked {
            while values.count >= capacity, !isClosed { monitor.wait() }
            if !isClosed { values.append(value) }
            return !isClosed
        }
    }

    /// Ends what is put: with an error, if there is one.
    func finish(_ error: (any Error)? = nil) {
        locked { if end == nil { end = error.map { .failed($0) } ?? .finished } }
    }

    /// Takes the next value, waiting for it; nil at the end and when the other side gave up.
    func get() throws -> Value? {
        try locked {
            while values.isEmpty, end == nil, !isClosed { monitor.wait() }
            if isClosed { return nil }
            if !values.isEmpty { return values.removeFirst() }
            if case .failed(let error) = end { throw error }
            return nil
        }
    }

    /// Whether a side gave up.
    var wasClosed: Bool { locked { isClosed } }

    // MARK: the side that never waits

    /// Takes the next value, or says when to look again. Throws what `finish` was given.
    func take() throws -> Answer {
        monitor.lock()
        defer { monitor.unlock() }
        if !values.isEmpty {
            let value = values.removeFirst()
            monitor.broadcast()
            return .value(value)
        }
        switch end {
        case .finished: return .finished
        case .failed(let error): throw error
        case nil:
            let next = wakeup ?? Wakeup()
            wakeup = next
            return .blocked(next)
        }
    }

    /// Offers a value; returns when to offer it again where there is no room.
    func offer(_ value: Value) -> Wakeup? {
        monitor.lock()
        defer { monitor.unlock() }
        if values.count >= capacity, !isClosed {
            let next = wakeup ?? Wakeup()
            wakeup = next
            return next
        }
        if !isClosed { values.append(value) }
        monitor.broadcast()
        return nil
    }

    /// Gives up: waiting calls of the other side return.
    func close() {
        locked {
            isClosed = true
            values = []
        }
    }
}
