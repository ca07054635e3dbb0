import Vocabulary

/// Names a part that was uploaded.
struct UploadedPart: Sendable, Hashable {
    /// From 1.
    var number: Int
    /// What the server answered, quotes and all.
    var tag: String
}

/// Names a multipart upload that is neither completed nor aborted.
struct OpenUpload: Sendable, Hashable {
    var key: String
    var id: String
}

// Multipart uploads: begun, filled part by part, then completed, which makes the object visible, or aborted.
extension S3Client {
    /// The metadata that says which attempt wrote an object.
    static let attemptMetadata = "millrace-attempt"

    /// Begins an upload and returns its id. The object will say that `attempt` wrote it.
    func beginUpload(bucket: String, key: String, attempt: String) throws(EngineError) -> String {
        var request = S3Request(method: "POST", bucket: bucket, key: key, query: [("uploads", "")])
        request.headers = [("x-amz-meta-" + S3Client.attemptMetadata, attempt)]
        let answer = try sendExpectingSuccess(request)
        guard let id = XMLText.text("UploadId", in: answer.body[...]), !id.isEmpty else {
            throw .system("S3_ERROR", "The server began an upload without an id: \(request.url)")
        }
        return id
    }

    /// Uploads one part and returns its tag.
    func uploadPart(
        bucket: String, key: String, id: String, number: Int, body: UnsafeRawBufferPointer
    ) throws(EngineError) -> UploadedPart {
        var request = S3Request(method: "PUT", bucket: bucket, key: key)
        request.query = [("partNumber", String(number)), ("uploadId", id)]
        request.body = body
        let answer = try sendExpectingSuccess(request)
        guard let tag = answer.headers["etag"] else {
            throw .system("S3_ERROR", "The server took a part without a tag: \(request.url)")
        }
        return UploadedPart(number: number, tag: tag)
    }

    /// Completes an upload; the object becomes visible. Fine when that is done already: then an object of
    /// this size by this attempt is there, as after an answer that was lost.
    func completeUpload(
        bucket: String, key: String, id: String, parts: [UploadedPart], byteCount: Int, attempt: String
    ) throws(EngineError) {
        let list = parts.sorted { $0.number < $1.number }.map {
            "<Part><PartNumber>\($0.number)</PartNumber><ETag>\(XMLText.escape($0.tag))</ETag></Part>"
        }
        let xml = Array(
            ("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + list.joined() + "</CompleteMultipartUpload>").utf8)
        var request = S3Request(method: "POST", bucket: bucket, key: key, query: [("uploadId", id)])
        request.headers = [("content-type", "application/xml")]
        let answer = try sendWithBody(&request, xml)
        if answer.isSuccess, answer.code == nil { return }
        if answer.code == "NoSuchUpload" || (answer.status == 404 && answer.code == nil) {
            guard let found = try head(bucket: bucket, key: key) else {
                throw .system(
                    "STAGED_FILE_LOST", "The upload of an output file has gone: \(request.url)",
                    remedy: "Do not abort a job's uploads while it runs; let lifecycle rules keep them for a "
                        + "day at least.")
            }
            let isOurs = found["x-amz-meta-" + S3Client.attemptMetadata] == attempt
            if isOurs, found["content-length"] == String(byteCount) { return }
            throw .system(
                "STAGED_FILE_LOST",
                "The upload of an output file has gone, and another object is in its place: \(request.url)")
        }
        throw failure(answer, of: request)
    }

    /// Aborts an upload; fine when it is completed or aborted already.
    func abortUpload(bucket: String, key: String, id: String) throws(EngineError) {
        let request = S3Request(method: "DELETE", bucket: bucket, key: key, query: [("uploadId", id)])
        let answer = try send(request)
        if answer.isSuccess || answer.status == 404 { return }
        throw failure(answer, of: request)
    }

    /// Returns the uploads that are open below a prefix.
    func openUploads(bucket: String, prefix: String) throws(EngineError) -> [OpenUpload] {
        var found: [OpenUpload] = []
        var markers: [(name: String, value: String)] = []
        while true {
            var request = S3Request(method: "GET", bucket: bucket)
            request.query = [("uploads", ""), ("prefix", prefix)] + markers
            let body = try sendExpectingSuccess(request).body
            for entry in XMLText.elements("Upload", in: body[...]) {
                if let key = XMLText.text("Key", in: entry), let id = XMLText.text("UploadId", in: entry) {
                    found.append(OpenUpload(key: key, id: id))
                }
            }
            guard XMLText.text("IsTruncated", in: body[...]) == "true",
                let key = XMLText.text("NextKeyMarker", in: body[...]),
                let id = XMLText.text("NextUploadIdMarker", in: body[...])
            else { return found }
            markers = [("key-marker", key), ("upload-id-marker", id)]
        }
    }
}
