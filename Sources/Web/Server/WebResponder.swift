import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import Synchronization
import Transport
import Vocabulary

/// Brings requests that Hummingbird took to a `WebHandler`, and its answers back.
struct WebResponder: Sendable {
    let handler: any WebHandler
    let hosts: ServedHosts
    let limits: WebLimits
    let isSecure: Bool
    /// Streams without end; the port's stop ends them.
    let streams: OpenStreams
    let longBodies: LongBodies

    /// Most bytes of a refused body that are read, so that its sender gets to see the refusal.
    private static let drainedBytes = 4 << 20

    /// Answers one request. What it throws closes the connection, or cancels the stream.
    func respond(
        to request: HummingbirdCore.Request, _ writer: consuming HummingbirdCore.ResponseWriter,
        on channel: any Channel
    ) async throws {
        if let refusal = refusal(of: request) {
            try await send(refusal, writer, on: channel)
            return try await drain(request)
        }
        let head = request.head
        let (path, query) = WebRequest.split(target: head.path ?? "/")
        var taken = WebRequest(
            method: head.method.rawValue, path: path, query: query,
            headers: request.headers.map { HeaderField($0.name.canonicalName, $0.value) },
            authority: WebResponder.authority(of: head), isSecure: isSecure)
        if let refusal = await handler.refusal(of: taken) {
            try await send(refusal, writer, on: channel)
            return try await drain(request)
        }
        if request.headers[.expect]?.lowercased() == "100-continue" {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        do throws(EngineError) {
            taken.body = try await collect(
                request.body, upTo: handler.bodyLimit(method: taken.method, path: path))
        } catch {
            let problem = Problems.response(error, status: LongBodies.status(of: error))
            try await send(problem, writer, on: channel)
            return try await drain(request)
        }
        try await send(await handler.handle(taken), writer, on: channel)
    }

    static func problem(_ status: Int, _ why: String, _ code: String = "INVALID_REQUEST") -> WebResponse {
        Problems.response(EngineError.user(code, why), status: status)
    }

    /// Returns the answer to a request that is refused by its head alone.
    private func refusal(of request: HummingbirdCore.Request) -> WebResponse? {
        let head = request.head
        guard let target = head.path, target.hasPrefix("/") else {
            return WebResponder.problem(400, "A request's target begins with a slash")
        }
        let authority = WebResponder.authority(of: head)
        guard hosts.serves(authority) else {
            return WebResponder.problem(
                421,
                "This port does not serve the host \(authority.prefix(200)); --web-host names further ones",
                "MISDIRECTED_REQUEST")
        }
        // HTTP/1.1 is counted while it is parsed.
        guard request.headers.count <= limits.headerFieldCount else {
            return WebResponder.problem(
                431, "The request has more than \(limits.headerFieldCount) header fields")
        }
        let limit = handler.bodyLimit(
            method: head.method.rawValue, path: WebRequest.split(target: target).path)
        if let text = request.headers[.contentLength], let count = Int(text), count > limit {
            return Problems.response(WebResponder.tooLong(limit), status: 413)
        }
        return nil
    }

    private static func authority(of head: HTTPRequest) -> String {
        head.authority ?? ""
    }

    static func tooLong(_ limit: Int) -> EngineError {
        .user("BODY_TOO_LARGE", "The body is longer than \(ByteSize.format(limit))")
    }

    // MARK: - Bodies of requests

    private func collect(_ body: RequestBody, upTo limit: Int) async throws(EngineError) -> [UInt8] {
        let begin = ContinuousClock.now
        var bytes: [UInt8] = []
        var isLong = false
        defer { longBodies.leave(isLong) }
        do {
            for try await chunk in body {
                bytes.append(contentsOf: chunk.readableBytesView)
                try longBodies.enter(bytes.count, &isLong)
                if bytes.count > limit { throw WebResponder.tooLong(limit) }
                let seconds = (ContinuousClock.now - begin) / .seconds(1)
                if seconds > limits.bodyGraceSeconds,
                    Double(bytes.count) < seconds * limits.bodyBytesPerSecond
                {
                    throw EngineError.user("BODY_TOO_SLOW", "The body comes too slowly")
                }
            }
        } catch {
            throw error as? EngineError ?? .user("INVALID_REQUEST", "The body broke off")
        }
        return bytes
    }

    /// Reads some of a refused body, then closes the connection by an error if there is still more.
    private func drain(_ request: HummingbirdCore.Request) async throws {
        var count = 0
        for try await chunk in request.body {
            count += chunk.readableBytes
            if count > WebResponder.drainedBytes { throw WebResponder.tooLong(count) }
        }
    }

    // MARK: - Answers

    /// Returns a status with its reason phrase, which HTTP/1.1 shows.
    static func status(_ code: Int) -> HTTPResponse.Status {
        .init(code: code, reasonPhrase: HTTPResponseStatus(statusCode: code).reasonPhrase)
    }

    static func fields(of answer: WebResponse) -> HTTPFields {
        var fields = HTTPFields()
        for field in answer.headers {
            if let name = HTTPField.Name(field.name) {
                fields.append(HTTPField(name: name, value: field.value))
            }
        }
        fields[.date] = DateField.now()
        return fields
    }

    private func send(
        _ answer: WebResponse, _ writer: consuming HummingbirdCore.ResponseWriter, on channel: any Channel
    ) async throws {
        var head = HTTPResponse(
            status: WebResponder.status(answer.status), headerFields: WebResponder.fields(of: answer))
        switch answer.body {
        case .bytes(let bytes):
            if answer.status != 204, head.headerFields[.contentLength] == nil {
                head.headerFields[.contentLength] = String(bytes.count)
            }
            if bytes.isEmpty { return try await writer.writeResponse(head) }
            try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let pieces):
            let body: any ResponseBodyWriter = try await writer.writeHead(head)
            let outlet = Outlet(body, loop: channel.eventLoop)
            let writing = Task {
                for try await piece in pieces where !piece.isEmpty {
                    try await outlet.write(piece)
                }
                try Task.checkCancellation()
            }
            let number = streams.add(
                writing, isEndless: answer.headers["content-type"] == "text/event-stream")
            ConnectionWatch.whenClientLeaves(channel) { writing.cancel() }
            defer { streams.remove(number) }
            try await withTaskCancellationHandler {
                try await writing.value
            } onCancel: {
                writing.cancel()
            }
            try await body.finish(nil)
        }
    }

    /// Carries the body's writer into the task that writes.
    ///
    /// `@unchecked Sendable`: one task writes, and its owner only after that task's end.
    private final class Outlet: @unchecked Sendable {
        private var body: any ResponseBodyWriter
        private let loop: any NIOCore.EventLoop

        init(_ body: any ResponseBodyWriter, loop: any NIOCore.EventLoop) {
            self.body = body
            self.loop = loop
        }

        /// Returns once the event loop has taken the piece. The writer alone only hands it over: while the
        /// loop's thread waits for a core, it would take any number of pieces from a fast source, since only
        /// the loop finds out that the client's socket is full.
        func write(_ piece: [UInt8]) async throws {
            try await body.write(ByteBuffer(bytes: piece))
            try await loop.submit {}.get()
        }
    }
}

/// Holds the streams that go on until their clients leave, so that they can be ended together.
final class OpenStreams: Sendable {
    private struct State {
        var endless: [Int: Task<Void, any Error>] = [:]
        var count = 0
        var isOver = false
    }

    private let state = Mutex(State())

    /// Returns the stream's number; `isEndless` for one that ends with its client alone.
    func add(_ task: Task<Void, any Error>, isEndless: Bool) -> Int {
        let (number, isOver) = state.withLock { state in
            state.count += 1
            if isEndless { state.endless[state.count] = task }
            return (state.count, state.isOver)
        }
        if isOver, isEndless { task.cancel() }
        return number
    }

    func remove(_ number: Int) { state.withLock { $0.endless[number] = nil } }

    /// Cancels all endless streams, and those that begin later.
    func end() {
        let tasks = state.withLock { state in
            state.isOver = true
            return Array(state.endless.values)
        }
        for task in tasks { task.cancel() }
    }
}
