import Foundation
import Synchronization
import Transport
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Speaks HTTP/1.1 on one connection, on a thread of its own.
struct PlainConnection {
    private static let headLimitBytes = 32 * 1024
    private static let fieldLimit = 100
    /// Waits for a request or its next bytes so long, seconds; and for the client to take bytes.
    private static let patienceSeconds = 30

    private let descriptor: Int32
    private let handler: any WebHandler

    init(_ descriptor: Int32, handler: any WebHandler) {
        self.descriptor = descriptor
        self.handler = handler
    }

    /// Answers requests until the client closes or breaks the rules.
    func serve() {
        var patience = timeval(tv_sec: PlainConnection.patienceSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var pending: [UInt8] = []
        while let head = readHead(&pending) {
            guard let parsed = PlainRequestHead(head, fieldLimit: PlainConnection.fieldLimit) else {
                return refuse(400, "This is no HTTP/1.1 request")
            }
            if let status = parsed.refusal { return refuse(status, "The request's body is refused") }
            if parsed.expectsContinue, parsed.bodyBytes > pending.count {
                guard write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return }
            }
            while pending.count < parsed.bodyBytes { guard readMore(&pending) else { return } }
            let request = parsed.request(body: Array(pending.prefix(parsed.bodyBytes)))
            pending.removeFirst(parsed.bodyBytes)
            guard answer(request, keepsAlive: parsed.keepsAlive), parsed.keepsAlive else { return }
        }
    }

    private func readMore(_ pending: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        let got = recv(descriptor, &chunk, chunk.count, 0)
        if got <= 0 { return false }
        pending.append(contentsOf: chunk[..<got])
        return true
    }

    /// Returns the next request's head without its last empty line, or nil when there is none.
    private func readHead(_ pending: inout [UInt8]) -> String? {
        var searched = 0
        while true {
            var i = max(3, searched)
            while i < pending.count {
                if pending[i] == 10, pending[i - 1] == 13, pending[i - 2] == 10, pending[i - 3] == 13 {
                    if i > PlainConnection.headLimitBytes { return tooLong() }
                    let head = String(decoding: pending[..<(i - 3)], as: UTF8.self)
                    pending.removeFirst(i + 1)
                    return head
                }
                i += 1
            }
            searched = pending.count
            if pending.count > PlainConnection.headLimitBytes + (1 << 16) { return tooLong() }
            guard readMore(&pending) else { return nil }
        }
    }

    private func tooLong() -> String? {
        refuse(431, "The request's head is longer than \(ByteSize.format(PlainConnection.headLimitBytes))")
        return nil
    }

    // MARK: - Answers

    private func answer(_ request: WebRequest, keepsAlive: Bool) -> Bool {
        let handler = handler
        guard case .success(let answer) = Blocking.run({ await handler.handle(request) }) else {
            return false
        }
        var head = "HTTP/1.1 \(answer.status) \(PlainConnection.reason(answer.status))\r\n"
        for field in answer.headers { head += "\(field.name): \(field.value)\r\n" }
        if !keepsAlive { head += "connection: close\r\n" }
        switch answer.body {
        case .bytes(let bytes):
            if answer.status != 204 { head += "content-length: \(bytes.count)\r\n" }
            return write(Array((head + "\r\n").utf8) + bytes)
        case .stream(let pieces):
            head += "transfer-encoding: chunked\r\n\r\n"
            guard write(Array(head.utf8)) else { return false }
            return send(PieceReader(pieces))
        }
    }

    private func send(_ pieces: PieceReader) -> Bool {
        while true {
            guard case .success(let piece) = Blocking.run({ try await pieces.next() }) else { return false }
            guard let piece else { return write(Array("0\r\n\r\n".utf8)) }
            if piece.isEmpty { continue }
            guard write(Array((String(piece.count, radix: 16) + "\r\n").utf8) + piece + [13, 10]) else {
                return false
            }
        }
    }

    private func refuse(_ status: Int, _ why: String) {
        let answer = Problems.response(EngineError.user("INVALID_REQUEST", why), status: status)
        guard case .bytes(let body) = answer.body else { return }
        let head =
            "HTTP/1.1 \(status) \(PlainConnection.reason(status))\r\n"
            + "content-type: application/problem+json\r\n"
            + "content-length: \(body.count)\r\nconnection: close\r\n\r\n"
        _ = write(Array(head.utf8) + body)
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { raw in
            var done = 0
            while done < raw.count, let base = raw.baseAddress {
                let sent = Glibc.send(descriptor, base + done, raw.count - done, Int32(MSG_NOSIGNAL))
                if sent < 0, errno == EINTR { continue }
                if sent <= 0 { return false }
                done += sent
            }
            return true
        }
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}

/// Holds the head of an HTTP/1.1 request.
struct PlainRequestHead {
    private let method: String
    private let target: String
    private let headers: [HeaderField]
    let bodyBytes: Int
    let keepsAlive: Bool
    /// Status with which the request is refused for its body, or nil.
    let refusal: Int?

    var expectsContinue: Bool { headers["expect"]?.lowercased() == "100-continue" }

    /// Parses request line and fields; nil for what breaks RFC 9112.
    init?(_ head: String, fieldLimit: Int) {
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0", words[1].hasPrefix("/"),
            lines.count - 1 <= fieldLimit
        else { return nil }
        var headers: [HeaderField] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "\r" && $0 != "\n" })
            else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers.append(HeaderField(line[..<colon].lowercased(), value))
        }
        let lengths = Set(headers.filter { $0.name == "content-length" }.map(\.value))
        guard lengths.count <= 1, headers.count(where: { $0.name == "host" }) <= 1 else { return nil }
        if let text = lengths.first {
            guard let count = Int(text), count >= 0, !text.hasPrefix("+") else { return nil }
            bodyBytes = count
        } else {
            bodyBytes = 0
        }
        let isChunked = headers["transfer-encoding"] != nil
        refusal = isChunked ? 411 : bodyBytes > Limits.requestBodyBytes ? 413 : nil
        let connection = headers["connection"]?.lowercased() ?? ""
        keepsAlive =
            words[2] == "HTTP/1.1" ? !connection.contains("close") : connection.contains("keep-alive")
        method = String(words[0])
        target = String(words[1])
        self.headers = headers
    }

    /// Returns the request with its body.
    func request(body: [UInt8]) -> WebRequest {
        let (path, query) = WebRequest.split(target: target)
        return WebRequest(
            method: method, path: path, query: query, headers: headers, authority: headers["host"] ?? "",
            body: body)
    }
}

/// Gives the pieces of a response one by one.
///
/// `@unchecked Sendable`: the connection's thread owns it; its calls do not overlap.
private final class PieceReader: @unchecked Sendable {
    private var iterator: AsyncThrowingStream<[UInt8], any Error>.Iterator

    init(_ pieces: AsyncThrowingStream<[UInt8], any Error>) { iterator = pieces.makeAsyncIterator() }

    func next() async throws -> [UInt8]? { try await iterator.next(isolation: nil) }
}

/// Runs asynchronous work from a thread that may block.
private enum Blocking {
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) -> Result<Value, any Error> {
        let box = Box<Value>()
        let done = DispatchSemaphore(value: 0)
        Task {
            let result: Result<Value, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            box.value.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return box.value.withLock { $0 } ?? .failure(CancellationError())
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Result<Value, any Error>?>(nil)
    }
}
