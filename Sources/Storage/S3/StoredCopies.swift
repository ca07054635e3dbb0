import Vocabulary

/// Copies objects within S3 by requests of its own, so that no byte comes here. Calls block.
package enum StoredCopies {
    /// Copies the files that readers see below a directory to the same names below another, and returns how
    /// many there are. Each appears whole; done again it gives the same.
    @discardableResult
    package static func copyFiles(below source: String, to target: String) throws(EngineError) -> Int {
        try copyFiles(below: source, to: target, in: FileSystems.s3())
    }

    static func copyFiles(
        below source: String, to target: String, in store: S3FileSystem, sizes: CopySizes = CopySizes()
    ) throws(EngineError) -> Int {
        let (from, to) = (StoragePath(source), StoragePath(target))
        let prefixes = (S3FileSystem.prefix(from), S3FileSystem.prefix(to))
        let requests = RequestsUnderWay<Bool>()
        for file in try store.files(below: source) {
            let key = StoragePath(file.path).path
            let copy = S3Copy(
                source: (from.authority, key), byteCount: file.byteCount,
                target: (to.authority, prefixes.1 + key.dropFirst(prefixes.0.count)))
            try requests.start(limit: copiesUnderWay) { () throws(EngineError) in
                try store.client.copy(copy, sizes)
                return true
            }
        }
        return try requests.finish().count
    }

    private static let copiesUnderWay = 16
}

/// Says how large objects are copied.
struct CopySizes: Sendable {
    /// Largest object that one request copies; S3 allows 5 GB.
    var wholeBytes = 4 << 30
    /// What a request copies of a larger one.
    var partBytes = 1 << 30
}

/// Names an object and the place of its copy.
struct S3Copy: Sendable {
    var source: (bucket: String, key: String)
    var byteCount: Int
    var target: (bucket: String, key: String)

    fileprivate var sourceHeader: (name: String, value: String) {
        ("x-amz-copy-source", "/" + source.bucket + "/" + URLText.encode(source.key, keepingSlashes: true))
    }
}

extension S3Client {
    /// What copies of large objects say of who made them.
    private static let copyAttempt = "copy"

    /// Makes a copy visible, as a whole and over what is there.
    func copy(_ copy: S3Copy, _ sizes: CopySizes) throws(EngineError) {
        if copy.byteCount > sizes.wholeBytes { return try copyInParts(copy, sizes.partBytes) }
        var request = S3Request(method: "PUT", bucket: copy.target.bucket, key: copy.target.key)
        request.headers = [copy.sourceHeader]
        _ = try sendExpectingSuccess(request)
    }

    private func copyInParts(_ copy: S3Copy, _ partBytes: Int) throws(EngineError) {
        let (bucket, key) = copy.target
        let id = try beginUpload(bucket: bucket, key: key, attempt: S3Client.copyAttempt)
        do throws(EngineError) {
            var parts: [UploadedPart] = []
            var at = 0
            while at < copy.byteCount {
                let end = min(at + partBytes, copy.byteCount)
                var request = S3Request(method: "PUT", bucket: bucket, key: key)
                request.query = [("partNumber", String(parts.count + 1)), ("uploadId", id)]
                request.headers = [copy.sourceHeader, ("x-amz-copy-source-range", "bytes=\(at)-\(end - 1)")]
                let answer = try sendExpectingSuccess(request)
                guard let tag = XMLText.text("ETag", in: answer.body[...]) else {
                    throw .system("S3_ERROR", "The server copied a part without a tag: \(request.url)")
                }
                parts.append(UploadedPart(number: parts.count + 1, tag: tag))
                at = end
            }
            try completeUpload(
                bucket: bucket, key: key, id: id, parts: parts, byteCount: copy.byteCount,
                attempt: S3Client.copyAttempt)
        } catch {
            try? abortUpload(bucket: bucket, key: key, id: id)
            throw error
        }
    }
}
