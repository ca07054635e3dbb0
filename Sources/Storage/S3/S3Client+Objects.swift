import Vocabulary

/// Names an object that was listed.
struct S3Object: Hashable {
    var key: String
    var byteCount: Int
    /// The digest that the store keeps of its bytes.
    var tag: String?
}

/// Holds one page of a listing.
struct S3Page {
    var objects: [S3Object]
    /// Prefixes that end with the delimiter, each standing for all below it.
    var folders: [String]
    /// Continues the listing; nil at its end.
    var continuation: String?
}

// Objects: looked at, listed, put and deleted.
extension S3Client {
    /// Returns the headers of an object, or nil when there is none.
    func head(bucket: String, key: String) throws(EngineError) -> [String: String]? {
        let request = S3Request(method: "HEAD", bucket: bucket, key: key)
        let answer = try send(request)
        if answer.status == 404 { return nil }
        if !answer.isSuccess { throw failure(answer, of: request) }
        return answer.headers
    }

    /// Lists the objects whose keys begin with `prefix`, in order of keys, a page at a time.
    func list(
        bucket: String, prefix: String, delimiter: String = "", limit: Int = 1000, after: String? = nil
    ) throws(EngineError) -> S3Page {
        var request = S3Request(method: "GET", bucket: bucket)
        request.query = [("list-type", "2"), ("prefix", prefix), ("max-keys", String(limit))]
        if !delimiter.isEmpty { request.query.append(("delimiter", delimiter)) }
        if let after { request.query.append(("continuation-token", after)) }
        let body = try sendExpectingSuccess(request).body
        var objects: [S3Object] = []
        for entry in XMLText.elements("Contents", in: body[...]) {
            guard let key = XMLText.text("Key", in: entry) else { continue }
            let size = XMLText.text("Size", in: entry).flatMap { Int($0) } ?? 0
            objects.append(S3Object(key: key, byteCount: size, tag: XMLText.text("ETag", in: entry)))
        }
        let folders = XMLText.elements("CommonPrefixes", in: body[...]).compactMap {
            XMLText.text("Prefix", in: $0)
        }
        let isCut = XMLText.text("IsTruncated", in: body[...]) == "true"
        return S3Page(
            objects: objects, folders: folders,
            continuation: isCut ? XMLText.text("NextContinuationToken", in: body[...]) : nil)
    }

    /// Calls `body` with each page of a listing.
    func forEachPage(
        bucket: String, prefix: String, delimiter: String = "",
        _ body: (S3Page) throws(EngineError) -> Void
    ) throws(EngineError) {
        var after: String?
        repeat {
            let page = try list(bucket: bucket, prefix: prefix, delimiter: delimiter, after: after)
            try body(page)
            after = page.continuation
        } while after != nil
    }

    /// Creates or replaces an object, visible at once.
    func put(
        bucket: String, key: String, body: UnsafeRawBufferPointer,
        metadata: [(name: String, value: String)] = []
    ) throws(EngineError) {
        var request = S3Request(method: "PUT", bucket: bucket, key: key)
        request.headers = metadata.map { ("x-amz-meta-" + $0.name, $0.value) }
        request.body = body
        _ = try sendExpectingSuccess(request)
    }

    /// Most keys of one request to delete.
    static let deleteLimit = 1000

    /// Deletes objects; those that are not there count as deleted.
    func delete(bucket: String, keys: [String]) throws(EngineError) {
        var from = 0
        while from < keys.count {
            let some = keys[from..<min(from + S3Client.deleteLimit, keys.count)]
            try deleteSome(bucket: bucket, keys: some)
            from += some.count
        }
    }

    private func deleteSome(bucket: String, keys: ArraySlice<String>) throws(EngineError) {
        let list = keys.map { "<Object><Key>\(XMLText.escape($0))</Key></Object>" }.joined()
        let xml = Array(
            ("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(list)"
                + "<Quiet>true</Quiet></Delete>").utf8)
        var request = S3Request(method: "POST", bucket: bucket, query: [("delete", "")])
        request.headers = [
            ("content-md5", Base64.text(library.md5(xml))), ("content-type", "application/xml"),
        ]
        // Each key may fail by itself, in an answer that says 200.
        let answer = try sendWithBody(&request, xml)
        if answer.isSuccess, answer.code == nil { return }
        throw failure(answer, of: request)
    }

    /// Sends a request with a body that is an array.
    func sendWithBody(_ request: inout S3Request, _ body: [UInt8]) throws(EngineError) -> HTTPAnswer {
        let call = request
        let result = body.withUnsafeBytes { bytes in
            var call = call
            call.body = bytes
            return Result { () throws(EngineError) in try send(call) }
        }
        return try result.get()
    }
}
