import Vocabulary

/// Reaches single files on web servers, for reading. Servers outside are called as `WebRules` say.
final class HTTPFileSystem: FileSystem {
    private let client: HTTPFileClient

    init(rules: WebRules, retry: RequestRetry = RequestRetry()) throws(EngineError) {
        client = try HTTPFileClient(rules: rules, retry: retry)
    }

    func status(_ path: String) throws(EngineError) -> FileStatus? {
        guard let file = try client.look(WebFileAddress.of(path)) else { return nil }
        return FileStatus(
            path: path, isDirectory: false, byteCount: file.byteCount, version: file.version.text)
    }

    func entries(_ directory: String) throws(EngineError) -> [FileStatus] {
        throw WebFileAddress.several(directory)
    }

    /// Opens a file under its address without the query: what its name ends with says how it is compressed.
    func open(_ path: String) throws(EngineError) -> any ByteSource {
        let address = try WebFileAddress.of(path)
        guard let file = try client.look(address) else {
            throw .user(
                "PATH_NOT_FOUND", "The server has no such file: \(address.shown)",
                remedy: EngineError.pathRemedy(path))
        }
        return RangedSource(
            name: AddressText.shown(path), byteCount: file.byteCount, version: file.version.text,
            fetcher: HTTPRangeFetcher(file, at: address, client: client))
    }

    func create(_ path: String, durable: Bool) throws(EngineError) -> any ByteSink {
        throw .cannotWrite(path)
    }

    func remove(_ path: String) throws(EngineError) { throw .cannotWrite(path) }
}
