import Memory
import Synchronization
import Vocabulary

/// Sends one side of a stream. Chunks are queued by reference and never copied; what waits is bounded by
/// whoever writes: `send` suspends, and `write` says when to stop, at `highWaterBytes`.
///
/// Thread-safe.
package final class BodyWriter: Sendable {
    private enum Operation {
        case head([HeaderField], isEnd: Bool)
        case chunk(Buffer, offset: Int, count: Int)
        case end([HeaderField])
        case reset(UInt32)
    }

    private struct State {
        var operations: [Operation] = []
        var isFlushScheduled = false
        var queuedBytes = 0
        var hasHead = false
        var isEnded = false
        /// Set when the stream is over: nothing more can be sent.
        var closing: Closing?
        var waiters: [@Sendable () -> Void] = []
        var onClose: [@Sendable (EngineError?) -> Void] = []
    }

    private enum Closing {
        case well
        case failed(EngineError)
    }

    /// Bytes queued on one stream from which on a writer should wait.
    package static let highWaterBytes = 4 << 20

    private let link: StreamLink
    private let state = Mutex(State())

    init(link: StreamLink) { self.link = link }

    // MARK: writing

    /// Queues part of a buffer and says whether more is welcome now; if not, ask `whenWritable`.
    @discardableResult
    package func write(_ buffer: Buffer, offset: Int = 0, count: Int? = nil) -> Bool {
        let count = count ?? (buffer.byteCount - offset)
        let isWelcome = enqueue(.chunk(buffer, offset: offset, count: count), bytes: count)
        return isWelcome
    }

    /// Queues a copy of bytes; as `write` otherwise.
    @discardableResult
    package func write(copying bytes: [UInt8]) -> Bool {
        write(bytes.withUnsafeBytes { Buffer.copying($0) })
    }

    /// Sends part of a buffer and suspends until more is welcome. Throws the stream's error once it is
    /// closed.
    package func send(_ buffer: Buffer, offset: Int = 0, count: Int? = nil) async throws(EngineError) {
        if !write(buffer, offset: offset, count: count) {
            await withCheckedContinuation { continuation in whenWritable { continuation.resume() } }
        }
        try throwIfClosed()
    }

    /// Calls `body` once, when less than the high-water mark is queued or the stream is closed; at once if so
    /// now.
    package func whenWritable(_ body: @escaping @Sendable () -> Void) {
        let isNow = state.withLock { state in
            if state.closing != nil || state.queuedBytes < Self.highWaterBytes { return true }
            state.waiters.append(body)
            return false
        }
        if isNow { body() }
    }

    /// Ends this side, after what is queued. Only the first call counts.
    package func end(trailers: [HeaderField] = []) {
        enqueue(.end(trailers), bytes: 0)
        state.withLock { $0.isEnded = true }
    }

    /// Cancels the stream at once in both directions.
    package func reset(errorCode: UInt32 = StreamErrorCode.cancel) {
        enqueue(.reset(errorCode), bytes: 0)
    }

    /// Calls `body` once when the stream is over, with the error if it did not end well; at once if it is
    /// over now.
    package func onClose(_ body: @escaping @Sendable (EngineError?) -> Void) {
        let closing = state.withLock { state in
            if state.closing == nil { state.onClose.append(body) }
            return state.closing
        }
        switch closing {
        case nil: return
        case .well: body(nil)
        case .failed(let error): body(error)
        }
    }

    /// Whether the stream is over.
    package var isClosed: Bool { state.withLock { $0.closing != nil } }

    /// Bytes queued and not yet on their way.
    package var queuedBytes: Int { state.withLock { $0.queuedBytes } }

    private func throwIfClosed() throws(EngineError) {
        switch state.withLock({ $0.closing }) {
        case nil: return
        case .failed(let error): throw error
        case .well: throw .system("STREAM_CLOSED", "The stream is closed; no more can be sent")
        }
    }

    /// Queues the response's head, once; false when there was one.
    func sendHead(_ fields: [HeaderField], isEnd: Bool) -> Bool {
        let isFirst = state.withLock { state in
            let isFirst = !state.hasHead
            state.hasHead = true
            return isFirst
        }
        if isFirst { enqueue(.head(fields, isEnd: isEnd), bytes: 0) }
        return isFirst
    }

    var hasHead: Bool { state.withLock { $0.hasHead } }

    @discardableResult
    private func enqueue(_ operation: Operation, bytes: Int) -> Bool {
        let (isWelcome, mustFlush) = state.withLock { state in
            if state.closing != nil { return (false, false) }
            if case .reset = operation {} else if state.isEnded { return (true, false) }
            state.operations.append(operation)
            state.queuedBytes += bytes
            let mustFlush = !state.isFlushScheduled
            state.isFlushScheduled = true
            return (state.queuedBytes < Self.highWaterBytes, mustFlush)
        }
        if mustFlush { link.loop.execute { [self] in flush() } }
        return isWelcome
    }

    // MARK: the connection's side, on its loop

    /// Hands what was queued to the session; waits while the stream is not open yet.
    func flush() {
        guard let connection = link.connection else {
            state.withLock { $0.isFlushScheduled = false }
            return
        }
        let operations = state.withLock { state in
            let operations = state.operations
            state.operations = []
            state.isFlushScheduled = false
            return operations
        }
        let id = link.streamID
        for operation in operations {
            switch operation {
            case .head(let fields, let isEnd): connection.session.submitResponse(id, fields, isEnd: isEnd)
            case .chunk(let buffer, let offset, let count):
                connection.session.write(id, buffer, offset: offset, count: count)
            case .end(let trailers): connection.session.end(id, trailers: trailers)
            case .reset(let errorCode): connection.session.reset(id, errorCode: errorCode)
            }
        }
        if !operations.isEmpty { connection.schedulePump() }
    }

    /// Notes that bytes went on their way, and wakes writers at half the high-water mark.
    func sent(_ byteCount: Int) {
        let waiters: [@Sendable () -> Void] = state.withLock { state in
            state.queuedBytes -= byteCount
            if state.queuedBytes > Self.highWaterBytes / 2 { return [] }
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter() }
    }

    /// Closes with the stream. Only the first call counts.
    func close(_ error: EngineError?) {
        let (waiters, listeners) = state.withLock { state in
            if state.closing != nil {
                return ([@Sendable () -> Void](), [@Sendable (EngineError?) -> Void]())
            }
            state.closing = error.map { .failed($0) } ?? .well
            let taken = (state.waiters, state.onClose)
            state.waiters = []
            state.onClose = []
            state.operations = []
            return taken
        }
        for waiter in waiters { waiter() }
        for listener in listeners { listener(error) }
    }
}
