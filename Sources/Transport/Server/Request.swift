import Vocabulary

/// Gives a handler one request, as soon as its fields are in.
package final class Request: Sendable {
    package let method: String
    /// Path with query, as sent.
    package let target: String
    package let authority: String
    /// Fields without the pseudo-fields; names in lower case.
    package let headers: [HeaderField]
    /// Who the client proved to be; nil without TLS or without a client certificate.
    package let peer: PeerIdentity?
    /// The client's address, for logs.
    package let peerAddress: String
    /// What the client sends after the fields.
    package let body: BodyStream

    init(head: [HeaderField], peer: PeerIdentity?, peerAddress: String, body: BodyStream) {
        method = head[":method"] ?? ""
        target = head[":path"] ?? ""
        authority = head[":authority"] ?? head["host"] ?? ""
        headers = head.withoutPseudoFields
        self.peer = peer
        self.peerAddress = peerAddress
        self.body = body
    }

    /// The path without the query.
    package var path: String { String(target.prefix { $0 != "?" }) }

    /// The query's names and values, percent-decoded, in order.
    package var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.percentDecoded(parts[0]), parts.count > 1 ? Self.percentDecoded(parts[1]) : "")
        }
    }

    /// Decodes `%41` and `+`; what is no escape stays as it is.
    package static func percentDecoded(_ text: some StringProtocol) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        var i = 0
        while i < source.count {
            if source[i] == UInt8(ascii: "%"), i + 2 < source.count,
                let value = UInt8(String(decoding: source[i + 1...i + 2], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                i += 3
                continue
            }
            bytes.append(source[i] == UInt8(ascii: "+") ? UInt8(ascii: " ") : source[i])
            i += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Answers one request: a head, then body chunks, then the end. The body's side is a `BodyWriter`.
package struct ResponseWriter: Sendable {
    /// Takes the body; write after `head` only.
    package let body: BodyWriter

    /// Sends the status and fields; with `isEnd` there is no body. Only the first head counts; false for
    /// others, as when the server has refused the request's body meanwhile: theirs must not follow.
    @discardableResult
    package func head(status: Int, headers: [HeaderField] = [], isEnd: Bool = false) -> Bool {
        body.sendHead([HeaderField(":status", String(status))] + headers, isEnd: isEnd)
    }

    /// Answers with a whole body at once.
    package func respond(status: Int, contentType: String, _ bytes: [UInt8], headers: [HeaderField] = []) {
        let fields = [
            HeaderField("content-type", contentType), HeaderField("content-length", String(bytes.count)),
        ]
        guard head(status: status, headers: fields + headers, isEnd: bytes.isEmpty), !bytes.isEmpty else {
            return
        }
        body.write(copying: bytes)
        body.end()
    }

    /// Whether a head was sent.
    package var hasHead: Bool { body.hasHead }

    /// Ends the response after what was written.
    package func end(trailers: [HeaderField] = []) { body.end(trailers: trailers) }

    /// Cancels the stream.
    package func reset(errorCode: UInt32 = StreamErrorCode.internalError) { body.reset(errorCode: errorCode) }

    /// Calls back once when the stream is over, with the error if it did not end well.
    package func onClose(_ listener: @escaping @Sendable (EngineError?) -> Void) { body.onClose(listener) }
}

/// Handles requests. Called on an event loop, so it must not block: start a task, or hand the work to a
/// thread. What concerns the body's bound (`request.body.allowUnbounded()`) is said before it returns.
package protocol RequestHandler: Sendable {
    func handle(_ request: Request, _ response: ResponseWriter)
}
