import Transport
import Vocabulary

/// Holds one request to the web or REST handlers, whichever server took it.
package struct WebRequest: Sendable {
    package var method: String
    /// Path without the query, as sent.
    package var path: String
    package var query: [String: String]
    /// Names in lower case.
    package var headers: [HeaderField]
    /// The host that the client asked for.
    package var authority: String
    package var body: [UInt8]
    /// Whether it came by TLS.
    package var isSecure: Bool

    package init(
        method: String, path: String, query: [String: String] = [:], headers: [HeaderField] = [],
        authority: String = "", body: [UInt8] = [], isSecure: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.authority = authority
        self.body = body
        self.isSecure = isSecure
    }

    /// Takes a target as sent (`/path?name=value`) apart; the last value of a name counts.
    package static func split(target: String) -> (path: String, query: [String: String]) {
        guard let mark = target.firstIndex(of: "?") else { return (target, [:]) }
        var query: [String: String] = [:]
        for item in target[target.index(after: mark)...].split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[Request.percentDecoded(parts[0])] = parts.count > 1 ? Request.percentDecoded(parts[1]) : ""
        }
        return (String(target[..<mark]), query)
    }
}

/// Holds the answer to a request.
package struct WebResponse: Sendable {
    /// Holds what is sent back.
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Pieces as they come; a thrown error cuts the response off.
        case stream(AsyncThrowingStream<[UInt8], any Error>)
    }

    package var status: Int
    package var headers: [HeaderField]
    package var body: Body

    package init(status: Int, headers: [HeaderField] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Answers with text.
    package static func text(
        _ text: String, type: String = "text/plain; charset=utf-8", status: Int = 200
    ) -> WebResponse {
        WebResponse(
            status: status, headers: [HeaderField("content-type", type)], body: .bytes(Array(text.utf8)))
    }
}

/// Answers requests; served on the cluster port and on the web port alike.
package protocol WebHandler: Sendable {
    func handle(_ request: WebRequest) async -> WebResponse
    /// Most bytes that the body of a request to `path` may have; longer ones are answered with 413.
    func bodyLimit(method: String, path: String) -> Int
    /// Answers a request by its head alone, without its body, where that decides it: nobody without a token
    /// has long bodies read. Nil: `handle` answers it.
    func refusal(of head: WebRequest) async -> WebResponse?
}

extension WebHandler {
    package func bodyLimit(method: String, path: String) -> Int { Limits.requestBodyBytes }

    package func refusal(of head: WebRequest) async -> WebResponse? { nil }
}

/// Serves a `WebHandler` on Transport's HTTP/2 server.
package struct WebTransportAdapter: RequestHandler {
    private let handler: any WebHandler
    private let isSecure: Bool
    private let longBodies: LongBodies

    /// Tells of what the server refuses before a handler has it, as handlers tell of errors: a problem
    /// document.
    package static func refusal(_ status: Int, _ error: EngineError) -> (contentType: String, body: [UInt8]) {
        Problems.document(error, status: status)
    }

    /// `longBodies`: shared with the program's other ports.
    package init(_ handler: any WebHandler, isSecure: Bool, longBodies: LongBodies = LongBodies()) {
        self.handler = handler
        self.isSecure = isSecure
        self.longBodies = longBodies
    }

    package func handle(_ request: Request, _ response: ResponseWriter) {
        Task { await answer(request, response) }
    }

    /// Answers one request; for servers whose own handler picks the routes.
    package func answer(_ request: Request, _ response: ResponseWriter) async {
        let (path, query) = WebRequest.split(target: request.target)
        var taken = WebRequest(
            method: request.method, path: path, query: query, headers: request.headers,
            authority: request.authority, isSecure: isSecure)
        if let refusal = await handler.refusal(of: taken) {
            await send(refusal, response)
            return await drain(request.body)
        }
        do {
            taken.body = try await collect(
                request.body, upTo: handler.bodyLimit(method: request.method, path: path))
        } catch {
            await send(Problems.response(error, status: LongBodies.status(of: error)), response)
            return await drain(request.body)
        }
        await send(await handler.handle(taken), response)
    }

    private func collect(_ body: BodyStream, upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        var isLong = false
        defer { longBodies.leave(isLong) }
        while let chunk = try await body.next() {
            if bytes.count + chunk.byteCount > limit { throw WebResponder.tooLong(limit) }
            try longBodies.enter(bytes.count + chunk.byteCount, &isLong)
            bytes.append(contentsOf: chunk.bytes)
        }
        return bytes
    }

    /// Lets go of what still comes of a refused body, till the server ends the stream soon.
    private func drain(_ body: BodyStream) async {
        while (try? await body.next()) != nil {}
    }

    private func send(_ answer: WebResponse, _ response: ResponseWriter) async {
        switch answer.body {
        case .bytes(let bytes):
            let size = HeaderField("content-length", String(bytes.count))
            guard
                response.head(status: answer.status, headers: answer.headers + [size], isEnd: bytes.isEmpty),
                !bytes.isEmpty
            else { return }
            response.body.write(copying: bytes)
            response.body.end()
        case .stream(let pieces):
            guard response.head(status: answer.status, headers: answer.headers) else { return }
            let writing = Task {
                for try await piece in pieces {
                    try await response.body.send(piece.withUnsafeBytes { .copying($0) })
                }
            }
            // A client that goes away ends the wait for pieces.
            response.onClose { _ in writing.cancel() }
            do {
                try await writing.value
                response.end()
            } catch {
                response.reset()
            }
        }
    }
}
