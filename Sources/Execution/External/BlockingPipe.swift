import Shuffle
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Hands values from one thread to another through a bounded queue; one side may block, the other never does.
///
/// ```
///   connector's thread ── put (waits) ─▶ ▢▢▢▢ ─▶ take (wake-up) ── task
///   task ── offer (wake-up) ─▶ ▢▢▢▢ ─▶ get (waits) ── connector's thread
/// ```
/// `@unchecked Sendable`: everything is behind the mutex.
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

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let capacity: Int
    private var values: [Value] = []
    private var end: End?
    private var isClosed = false
    private var wakeup: Wakeup?

    init(capacity: Int) {
        self.capacity = capacity
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        let result: Result
        let waiting: Wakeup?
        do {
            result = try body()
            waiting = wakeup
        } catch {
            pthread_mutex_unlock(mutex)
            throw error
        }
        // Whoever waits looks again; a needless look costs little.
        if waiting != nil { wakeup = nil }
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
        waiting?.signal()
        return result
    }

    // MARK: the side that may wait

    /// Puts a value, waiting for room; false when nobody wants it any more.
    func put(_ value: Value) -> Bool {
        locked {
            while values.count >= capacity, !isClosed { pthread_cond_wait(changed, mutex) }
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
            while values.isEmpty, end == nil, !isClosed { pthread_cond_wait(changed, mutex) }
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
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if !values.isEmpty {
            let value = values.removeFirst()
            pthread_cond_broadcast(changed)
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
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if values.count >= capacity, !isClosed {
            let next = wakeup ?? Wakeup()
            wakeup = next
            return next
        }
        if !isClosed { values.append(value) }
        pthread_cond_broadcast(changed)
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
