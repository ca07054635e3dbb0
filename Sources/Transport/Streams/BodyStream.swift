import Memory
import Synchronization
import Vocabulary

/// Delivers a body in chunks as they arrive. The peer may send only as much ahead as the stream's window
/// says; the window opens as chunks are taken. Either pull (`next`) or have chunks pushed
/// (`receive`).
///
/// Thread-safe; one consumer at a time.
package final class BodyStream: Sendable {
    /// Takes pushed chunks, on the connection's loop: it must return soon and open the window by `grant`.
    private struct Sink {
        let onData: @Sendable (UnsafeRawBufferPointer) -> Void
        let onEnd: @Sendable (EngineError?) -> Void
    }

    private struct State {
        var chunks: [Buffer] = []
        var first = 0
        var isEnded = false
        var failure: EngineError?
        var trailers: [HeaderField] = []
        var waiter: (@Sendable () -> Void)?
        var sink: Sink?
        var limitBytes: Int?
        var receivedBytes = 0

        mutating func pop() -> Buffer? {
            guard first < chunks.count else { return nil }
            let chunk = chunks[first]
            first += 1
            if first == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                first = 0
            }
            return chunk
        }
    }

    private enum Step {
        case chunk(Buffer)
        case end
        case failed(EngineError)
        case wait
    }

    private let link: StreamLink
    private let state: Mutex<State>

    init(link: StreamLink, limitBytes: Int?) {
        self.link = link
        state = Mutex(State(limitBytes: limitBytes))
    }

    /// Lifts the bound on the body's size. A server's handler calls this before it returns, on routes that
    /// take bulk data or stay open.
    package func allowUnbounded() { state.withLock { $0.limitBytes = nil } }

    /// The fields after the body; empty before the end.
    package var trailers: [HeaderField] { state.withLock { $0.trailers } }

    /// Bytes received so far.
    package var receivedBytes: Int { state.withLock { $0.receivedBytes } }

    // MARK: pull

    /// Returns the next chunk, or nil at the end; suspends while there is none. Throws the typed error of a
    /// lost connection or a reset stream, and `CancellationError` when the task is cancelled.
    package func next() async throws -> Buffer? {
        while true {
            switch step() {
            case .chunk(let buffer): return buffer
            case .end: return nil
            case .failed(let error): throw error
            case .wait:
                try Task.checkCancellation()
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in waitOnce { continuation.resume() } }
                } onCancel: {
                    wakeConsumer()
                }
            }
        }
    }

    /// Returns the whole body. Throws a `user` error `BODY_TOO_LARGE` past `limitBytes`.
    package func collect(limitBytes: Int = Limits.requestBodyBytes) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            if bytes.count + chunk.byteCount > limitBytes { throw EngineError.bodyTooLarge(limitBytes) }
            bytes.append(contentsOf: chunk.bytes)
        }
        return bytes
    }

    private func step() -> Step {
        let step: Step = state.withLock { state in
            if let chunk = state.pop() { return .chunk(chunk) }
            if let failure = state.failure { return .failed(failure) }
            return state.isEnded ? .end : .wait
        }
        if case .chunk(let buffer) = step { grant(buffer.byteCount) }
        return step
    }

    private func waitOnce(_ wake: @escaping @Sendable () -> Void) {
        let isReady = state.withLock { state in
            if state.first < state.chunks.count || state.isEnded || state.failure != nil { return true }
            state.waiter = wake
            return false
        }
        if isReady { wake() }
        if Task.isCancelled { wakeConsumer() }
    }

    private func wakeConsumer() {
        let waiter = state.withLock { state in
            let waiter = state.waiter
            state.waiter = nil
            return waiter
        }
        waiter?()
    }

    // MARK: push

    /// Has chunks pushed to `onData` on the connection's loop, without a copy; the memory is valid during the
    /// call. The window opens only by `grant`. `onEnd` is called once, with the error if the body did not end
    /// well.
    package func receive(
        onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable (EngineError?) -> Void
    ) {
        let sink = Sink(onData: onData, onEnd: onEnd)
        if link.loop.isCurrent { return attach(sink) }
        link.loop.execute { [self] in attach(sink) }
    }

    private func attach(_ sink: Sink) {
        while let chunk = state.withLock({ $0.pop() }) { sink.onData(chunk.bytes) }
        let end: EngineError?? = state.withLock { state in
            if let failure = state.failure { return .some(failure) }
            if state.isEnded { return .some(nil) }
            state.sink = sink
            return nil
        }
        if let end { sink.onEnd(end) }
    }

    /// Lets the peer send `byteCount` more bytes. Safe from any thread.
    package func grant(_ byteCount: Int) {
        if byteCount == 0 { return }
        link.withConnection { connection, id in
            connection.session.consume(id, byteCount)
            connection.schedulePump()
        }
    }

    // MARK: the connection's side, on its loop

    /// Takes bytes from the connection and says whether the body is still within its bound.
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (sink, isOver) = state.withLock { state in
            state.receivedBytes += bytes.count
            return (state.sink, state.limitBytes.map { state.receivedBytes > $0 } ?? false)
        }
        if isOver { return false }
        if let sink {
            sink.onData(bytes)
            return true
        }
        let copy = Buffer.copying(bytes)
        state.withLock { $0.chunks.append(copy) }
        wakeConsumer()
        return true
    }

    /// Ends the body well, or with `failure`. Only the first call counts.
    func finish(trailers: [HeaderField] = [], failure: EngineError? = nil) {
        let sink: Sink? = state.withLock { state in
            if state.isEnded || state.failure != nil { return nil }
            state.isEnded = failure == nil
            state.failure = failure
            state.trailers = trailers
            let sink = state.sink
            state.sink = nil
            return sink
        }
        sink?.onEnd(failure)
        wakeConsumer()
    }

    /// Whether the peer ended the body.
    var isFinished: Bool { state.withLock { $0.isEnded || $0.failure != nil } }

    /// Whether a bound on the size, and with it a least speed, is in force.
    var isBounded: Bool { state.withLock { $0.limitBytes != nil } }

    /// Whether chunks wait for the consumer: then it is not the peer that is slow.
    var hasWaitingChunks: Bool { state.withLock { $0.first < $0.chunks.count } }
}

extension EngineError {
    static func bodyTooLarge(_ limitBytes: Int) -> EngineError {
        .user("BODY_TOO_LARGE", "The body is longer than the \(ByteSize.format(limitBytes)) allowed here")
    }
}
