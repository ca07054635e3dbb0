import Synchronization
import Vocabulary

/// Holds a response's head.
package struct ResponseHead: Sendable {
    package var status: Int
    /// Fields without the pseudo-fields; names in lower case.
    package var headers: [HeaderField]

    /// Whether a status may be another one soon, for the same request: the server, or a proxy before it that
    /// does not reach it, has no time now.
    package static func isPassing(_ status: Int) -> Bool { [408, 429, 502, 503, 504].contains(status) }
}

/// Holds one request that is under way: its body goes out by `writer`, the response comes in by `head` and
/// `body`.
///
/// Thread-safe.
package final class ClientStream: Sendable {
    private struct State {
        var head: Result<ResponseHead, EngineError>?
        var waiters: [@Sendable (Result<ResponseHead, EngineError>) -> Void] = []
        var isCancelled = false
    }

    package let body: BodyStream
    package let writer: BodyWriter
    let link: StreamLink
    let fields: [HeaderField]
    let hasBody: Bool
    let windowBytes: Int?
    private let state = Mutex(State())

    init(link: StreamLink, fields: [HeaderField], hasBody: Bool, windowBytes: Int?) {
        self.link = link
        self.fields = fields
        self.hasBody = hasBody
        self.windowBytes = windowBytes
        body = BodyStream(link: link, limitBytes: nil)
        writer = BodyWriter(link: link)
    }

    /// Calls `listener` once with the response's head or the error that came instead.
    package func whenHead(_ listener: @escaping @Sendable (Result<ResponseHead, EngineError>) -> Void) {
        let known = state.withLock { state in
            if state.head == nil { state.waiters.append(listener) }
            return state.head
        }
        if let known { listener(known) }
    }

    /// Waits for the response's head. Throws the typed error that came instead; cancels the stream with the
    /// task.
    package func head() async throws(EngineError) -> ResponseHead {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in whenHead { continuation.resume(returning: $0) } }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Cancels the request; whoever waits gets a `CANCELLED` error.
    package func cancel() {
        fail(.system("CANCELLED", "The request was cancelled"))
    }

    /// Whether the request was cancelled before it was sent.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Ends the stream with `error` on both halves.
    func fail(_ error: EngineError) {
        state.withLock { $0.isCancelled = true }
        link.loop.execute { [self] in
            answer(.failure(error))
            body.finish(failure: error)
            if link.connection == nil { writer.close(error) }
        }
        writer.reset()
    }

    /// Ends a stream that was never opened.
    func close(_ error: EngineError) {
        answer(.failure(error))
        body.finish(failure: error)
        writer.close(error)
    }

    func answer(_ result: Result<ResponseHead, EngineError>) {
        let waiters: [@Sendable (Result<ResponseHead, EngineError>) -> Void] = state.withLock { state in
            if state.head != nil { return [] }
            state.head = result
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter(result) }
    }
}

/// Holds a response whose body still comes.
package struct Response: Sendable {
    package var status: Int
    package var headers: [HeaderField]
    package var body: BodyStream
}
