import Vocabulary

/// Keeps small texts in S3, each written only where the one that was read is there still: by `If-Match` and
/// `If-None-Match`, as table formats commit there (Delta Lake's log, Iceberg's catalogs). A store that knows
/// no conditions is written to without. Calls block.
package enum StoredNote {
    /// Longest text, bytes: it is sent by one request, and read by one.
    package static let limitBytes = 60 << 20

    /// Returns a note's text with the tag of this version of it, or nil where there is none.
    package static func read(_ path: String) throws(EngineError) -> (text: String, tag: String)? {
        let location = StoragePath(path)
        let found = try FileSystems.s3().client.get(bucket: location.authority, key: location.path)
        return found.map { (String(decoding: $0.body, as: UTF8.self), $0.tag) }
    }

    /// Writes a note in place of the version with `tag`, or where there is none, for nil. Returns false, and
    /// changes nothing, where another version is there by now.
    package static func replace(
        _ path: String, with text: String, over tag: String?
    ) throws(EngineError) -> Bool {
        let location = StoragePath(path)
        return try FileSystems.s3().client.put(
            bucket: location.authority, key: location.path, body: Array(text.utf8), over: tag)
    }
}

// Objects that are read and written whole.
extension S3Client {
    /// Returns an object's bytes and its tag, or nil when there is none.
    func get(bucket: String, key: String) throws(EngineError) -> (body: [UInt8], tag: String)? {
        let request = S3Request(method: "GET", bucket: bucket, key: key)
        let answer = try send(request)
        if answer.status == 404, answer.code == "NoSuchKey" { return nil }
        if !answer.isSuccess { throw failure(answer, of: request) }
        // `*` is whatever is there.
        return (answer.body, answer.headers["etag"] ?? "*")
    }

    /// Deletes the version of an object with `tag`. Returns false where another one is there, and true where
    /// none is. A store that knows no conditions is asked without.
    @discardableResult
    func delete(bucket: String, key: String, version tag: String) throws(EngineError) -> Bool {
        var request = S3Request(method: "DELETE", bucket: bucket, key: key, headers: [("if-match", tag)])
        var answer = try send(request)
        if answer.status == 501 {
            request.headers = []
            answer = try send(request)
        }
        if answer.isSuccess || answer.status == 404 { return true }
        if [409, 412].contains(answer.status) { return false }
        throw failure(answer, of: request)
    }

    /// Creates an object where there is none, or replaces the version with `tag`. Returns false where neither
    /// holds. Of two callers at the same time one alone gets true.
    func put(bucket: String, key: String, body: [UInt8], over tag: String?) throws(EngineError) -> Bool {
        var request = S3Request(method: "PUT", bucket: bucket, key: key)
        request.headers = [tag.map { ("if-match", $0) } ?? ("if-none-match", "*")]
        var attempt = 1
        while true {
            var answer = try sendWithBody(&request, body)
            if answer.status == 501 {
                request.headers = []
                answer = try sendWithBody(&request, body)
            }
            if answer.isSuccess, answer.code == nil { return true }
            let isRefused = answer.status == 412 || (answer.code == "NoSuchKey" && tag != nil)
            guard isRefused || answer.status == 409 else { throw failure(answer, of: request) }
            // What is there may be of an earlier try of ours, whose answer was lost.
            if try get(bucket: bucket, key: key)?.body == body { return true }
            // 409: another request for the same key is under way.
            if isRefused || attempt >= settings.retry.attempts { return false }
            settings.retry.pause(after: attempt)
            attempt += 1
        }
    }
}
