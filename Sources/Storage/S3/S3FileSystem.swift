import Vocabulary

/// Reaches objects in S3 as files: a key's parts between slashes are its directories. Paths are
/// `s3://bucket/key`; `s3a://` and `s3n://` mean the same.
final class S3FileSystem: FileSystem {
    let client: S3Client
    let uploads = AttemptUploads()

    init(settings: S3Settings) throws(EngineError) {
        client = try S3Client(settings: settings)
    }

    /// The prefix of all keys below a directory: empty for a bucket, else with a slash at the end.
    static func prefix(_ location: StoragePath) -> String {
        let key = RemoteKeys.trimmed(location.path)
        return key.isEmpty ? "" : key + "/"
    }

    func status(_ path: String) throws(EngineError) -> FileStatus? {
        let location = StoragePath(path)
        let key = RemoteKeys.trimmed(location.path)
        if !key.isEmpty, !location.path.hasSuffix("/") {
            let request = S3Request(method: "HEAD", bucket: location.authority, key: key)
            let answer = try client.send(request)
            if answer.isSuccess {
                let size = answer.headers["content-length"].flatMap { Int($0) } ?? 0
                return FileStatus(
                    path: path, isDirectory: false, byteCount: size, version: answer.headers["etag"])
            }
            // 403 stands for a missing object where listing is not allowed; listing tells, with a reason.
            if answer.status != 404, answer.status != 403 { throw client.failure(answer, of: request) }
        }
        let page = try client.list(
            bucket: location.authority, prefix: S3FileSystem.prefix(location), limit: 1)
        if page.objects.isEmpty, page.folders.isEmpty, !key.isEmpty { return nil }
        return FileStatus(path: RemoteKeys.trimmed(path), isDirectory: true, byteCount: 0)
    }

    func entries(_ directory: String) throws(EngineError) -> [FileStatus] {
        let location = StoragePath(directory)
        let prefix = S3FileSystem.prefix(location)
        var found: [FileStatus] = []
        try client.forEachPage(bucket: location.authority, prefix: prefix, delimiter: "/") {
            (page: S3Page) throws(EngineError) in
            for object in page.objects where object.key != prefix {
                found.append(
                    FileStatus(
                        path: location.with(path: object.key), isDirectory: false,
                        byteCount: object.byteCount, version: object.tag))
            }
            for folder in page.folders where folder != prefix + "/" {
                let path = location.with(path: RemoteKeys.trimmed(folder))
                found.append(FileStatus(path: path, isDirectory: true, byteCount: 0))
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    var listsWholeTrees: Bool { true }

    /// Lists everything in one go: a request for each thousand objects, not for each directory.
    func files(below directory: String) throws(EngineError) -> [FileStatus] {
        let location = StoragePath(directory)
        let prefix = S3FileSystem.prefix(location)
        var found: [FileStatus] = []
        try client.forEachPage(bucket: location.authority, prefix: prefix) {
            (page: S3Page) throws(EngineError) in
            for object in page.objects where RemoteKeys.isVisible(object.key.dropFirst(prefix.count)) {
                found.append(
                    FileStatus(
                        path: location.with(path: object.key), isDirectory: false,
                        byteCount: object.byteCount, version: object.tag))
            }
        }
        return found
    }

    func open(_ path: String) throws(EngineError) -> any ByteSource {
        let location = StoragePath(path)
        guard !location.path.isEmpty,
            let headers = try client.head(bucket: location.authority, key: location.path)
        else {
            throw .user(
                "PATH_NOT_FOUND", "There is no such object: \(path)", remedy: "Check the bucket and the key.")
        }
        let size = headers["content-length"].flatMap { Int($0) } ?? 0
        let fetcher = try S3RangeFetcher(name: path, location: location, byteCount: size, client: client)
        return RangedSource(name: path, byteCount: size, version: headers["etag"], fetcher: fetcher)
    }

    func create(_ path: String, durable: Bool) throws(EngineError) -> any ByteSink {
        S3FileSink(path: path, attempt: "", completesAtFinish: true, files: self)
    }

    func remove(_ path: String) throws(EngineError) {
        let location = StoragePath(path)
        if !location.path.isEmpty, !location.path.hasSuffix("/") {
            try client.delete(bucket: location.authority, keys: [location.path])
        }
        try removeObjects(location, below: S3FileSystem.prefix(location)) { _ in true }
    }

    /// Deletes the objects below a prefix that are chosen.
    func removeObjects(
        _ location: StoragePath, below prefix: String, where isChosen: (String) -> Bool
    ) throws(EngineError) {
        try client.delete(
            bucket: location.authority, keys: try keys(location, below: prefix, where: isChosen))
    }

    /// Lists the keys below a prefix that are chosen.
    func keys(
        _ location: StoragePath, below prefix: String, where isChosen: (String) -> Bool
    ) throws(EngineError) -> [String] {
        var keys: [String] = []
        try client.forEachPage(bucket: location.authority, prefix: prefix) {
            (page: S3Page) throws(EngineError) in
            keys += page.objects.map(\.key).filter(isChosen)
        }
        return keys
    }
}
