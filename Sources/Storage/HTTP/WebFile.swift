import Vocabulary

/// Holds what a server says of a file.
struct WebFile {
    /// Where it is, after redirects.
    var address: WebAddress
    var byteCount: Int
    var version: Version

    /// Tells a file from one that is put in its place.
    struct Version: Sendable, Hashable {
        var tag: String?
        var time: String?

        init(_ answer: HTTPAnswer) {
            tag = answer.headers["etag"]
            time = answer.headers["last-modified"]
        }

        /// What both say must be the same; a server need not say everything each time.
        func fits(_ other: Version) -> Bool {
            if let tag, let otherTag = other.tag { return tag == otherTag }
            if let time, let otherTime = other.time { return time == otherTime }
            return true
        }

        /// The version as one text; nil where the server says nothing.
        var text: String? { tag ?? time }
    }
}

extension HTTPAnswer {
    /// What `Content-Range: bytes 0-9/100` says: the first byte that was sent, and the whole file's size
    /// where the server knows it; nil where there is no such header.
    var contentRange: (start: Int?, total: Int?)? {
        guard let text = headers["content-range"], text.lowercased().hasPrefix("bytes") else { return nil }
        let parts = text.dropFirst(5).drop { $0 == " " || $0 == "=" }.split(separator: "/")
        guard parts.count == 2 else { return nil }
        let start = parts[0].split(separator: "-").first.flatMap { Int($0) }
        return (start, Int(parts[1]))
    }

    /// The size that `Content-Length` gives.
    var contentLength: Int? {
        headers["content-length"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Whether the body is compressed, although nobody asked for it.
    var isEncoded: Bool { !["", "identity"].contains(headers["content-encoding"]?.lowercased() ?? "") }
}

extension HTTPFileClient {
    /// Longest file that is read whole, from a server that sends no parts, bytes.
    static let wholeLimit = 128 << 20
    /// Bytes that are read of an answer whose body does not matter.
    private static let probeLimit = 64 << 10

    /// Asks for a file's size and version: by `HEAD`, or by its first byte where the server refuses that or
    /// does not say the size. Returns nil where there is no file.
    func look(_ address: WebAddress) throws(EngineError) -> WebFile? {
        let (head, place) = try send(address, method: "HEAD", limit: HTTPFileClient.probeLimit)
        // A size of 0 is what servers say of an answer that they would have to make first.
        if head.isSuccess, let size = head.contentLength, size > 0, !head.isEncoded {
            return WebFile(address: place, byteCount: size, version: .init(head))
        }
        // One that is busy for so long is not asked again in another way.
        if RequestRetry.passingStatuses.contains(head.status) { throw HTTPFileClient.failure(head, place) }
        let (answer, at) = try send(address, range: 0..<1, limit: HTTPFileClient.probeLimit)
        var size: Int?
        switch answer.status {
        case 404, 410: return nil
        case 206: size = answer.contentRange?.total
        // No first byte: the file is empty.
        case 416: size = answer.contentRange?.total ?? 0
        case 200:
            try HTTPFileClient.checkPlain(answer, at)
            size = answer.contentLength
            if size == nil, answer.body.count < HTTPFileClient.probeLimit { size = answer.body.count }
        default: throw HTTPFileClient.failure(answer, at)
        }
        if size == nil { size = try counted(at) }
        return WebFile(address: at, byteCount: size ?? 0, version: .init(answer))
    }

    /// Reads a file whole to know its size: the server makes it while it is sent.
    private func counted(_ address: WebAddress) throws(EngineError) -> Int {
        let (answer, at) = try send(address, limit: HTTPFileClient.wholeLimit + 1)
        guard answer.status == 200 else { throw HTTPFileClient.failure(answer, at) }
        if answer.body.count > HTTPFileClient.wholeLimit { throw HTTPFileClient.tooLong(address) }
        return answer.body.count
    }

    /// Throws for a body that is compressed on its way.
    static func checkPlain(_ answer: HTTPAnswer, _ address: WebAddress) throws(EngineError) {
        guard answer.isEncoded, !address.shown.hasSuffix(".gz") else { return }
        throw .data(
            "HTTP_ENCODED",
            "The server compresses the file on its way, although it was asked not to: \(address.shown)",
            remedy: "Have the server send it as it is, or under a name that ends with .gz.")
    }

    /// Makes the error of a file that must be read whole and is too long for it.
    static func tooLong(_ address: WebAddress) -> EngineError {
        .user(
            "HTTP_NO_RANGES",
            "The server sends no parts of files, and the file is longer than "
                + "\(ByteSize.format(wholeLimit)): \(address.shown)",
            remedy: "Use a server that answers Range requests, or copy the file first.")
    }
}
