import CObjectStore
import Vocabulary

/// Reaches objects in Google's or Azure's store as files, for reading: a key's parts between slashes are its
/// directories.
final class ArrowFileSystem: FileSystem {
    private let files: ArrowFiles
    private let kind: ArrowStoreKind

    init(_ files: ArrowFiles, _ kind: ArrowStoreKind) {
        self.files = files
        self.kind = kind
    }

    /// Google lists all objects below a prefix at once; Arrow goes from directory to directory in Azure.
    var listsWholeTrees: Bool { kind == .google }

    func status(_ path: String) throws(EngineError) -> FileStatus? {
        let location = StoragePath(path)
        let shown = RemoteKeys.trimmed(path)
        // Whether there is such a bucket is told by listing it: asking for it takes another right.
        if RemoteKeys.trimmed(location.path).isEmpty {
            return FileStatus(path: shown, isDirectory: true, byteCount: 0)
        }
        guard let entry = try calling(path, { () throws(ArrowFailure) in try files.status(place(location)) })
        else { return nil }
        return FileStatus(
            path: entry.isDirectory ? shown : path, isDirectory: entry.isDirectory,
            byteCount: entry.byteCount, version: entry.version)
    }

    func entries(_ directory: String) throws(EngineError) -> [FileStatus] {
        let location = StoragePath(directory)
        let prefix = S3FileSystem.prefix(location)
        var found: [String: FileStatus] = [:]
        // Arrow shows no directories of Google's but those that have an object of their own: they are told
        // by what is in them.
        for entry in try list(directory, recursive: kind == .google) {
            guard let key = key(entry, location), key.hasPrefix(prefix) else { continue }
            let rest = key.dropFirst(prefix.count)
            guard let name = rest.split(separator: "/").first else { continue }
            let path = location.with(path: prefix + name)
            if entry.isDirectory || name.count < rest.count {
                found[path] = FileStatus(path: path, isDirectory: true, byteCount: 0)
            } else if found[path] == nil {
                found[path] = file(entry, path)
            }
        }
        return found.values.sorted { $0.path < $1.path }
    }

    func files(below directory: String) throws(EngineError) -> [FileStatus] {
        let location = StoragePath(directory)
        let prefix = S3FileSystem.prefix(location)
        var found: [FileStatus] = []
        for entry in try list(directory, recursive: true) where !entry.isDirectory {
            guard let key = key(entry, location), key.hasPrefix(prefix),
                RemoteKeys.isVisible(key.dropFirst(prefix.count))
            else { continue }
            found.append(file(entry, location.with(path: key)))
        }
        return found.sorted { $0.path < $1.path }
    }

    func open(_ path: String) throws(EngineError) -> any ByteSource {
        let location = StoragePath(path)
        let place = place(location)
        let entry = try calling(path) { () throws(ArrowFailure) in try files.status(place) }
        guard let entry, !entry.isDirectory else {
            throw .user(
                "PATH_NOT_FOUND", "There is no such object: \(path)", remedy: EngineError.pathRemedy(path))
        }
        let (file, byteCount) = try calling(path) { () throws(ArrowFailure) in try files.open(place) }
        let fetcher = ArrowRangeFetcher(
            name: path, place: place, entry: entry, file: file, byteCount: byteCount, files: files, kind: kind
        )
        return RangedSource(name: path, byteCount: byteCount, version: entry.version, fetcher: fetcher)
    }

    func create(_ path: String, durable: Bool) throws(EngineError) -> any ByteSink {
        throw .cannotWrite(path)
    }

    func remove(_ path: String) throws(EngineError) { throw .cannotWrite(path) }

    // MARK: - Arrow's names

    /// `bucket/key`, without a slash at its end.
    private func place(_ location: StoragePath) -> String {
        RemoteKeys.trimmed(kind.container(location) + "/" + location.path)
    }

    private func key(_ entry: ArrowEntry, _ location: StoragePath) -> String? {
        let start = kind.container(location) + "/"
        return entry.path.hasPrefix(start) ? String(entry.path.dropFirst(start.count)) : nil
    }

    private func file(_ entry: ArrowEntry, _ path: String) -> FileStatus {
        FileStatus(path: path, isDirectory: false, byteCount: entry.byteCount, version: entry.version)
    }

    private func list(_ directory: String, recursive: Bool) throws(EngineError) -> [ArrowEntry] {
        let location = StoragePath(directory)
        let isWhole = RemoteKeys.trimmed(location.path).isEmpty
        return try calling(directory) { () throws(ArrowFailure) in
            try files.list(place(location), recursive: recursive, isStrict: isWhole)
        }
    }

    private func calling<Result>(
        _ path: String, _ body: () throws(ArrowFailure) -> Result
    ) throws(EngineError) -> Result {
        do throws(ArrowFailure) { return try body() } catch { throw kind.error(error, path) }
    }
}

/// Fetches ranges of an object through Arrow.
///
/// `@unchecked Sendable`: the pointer leads to a file of Arrow's that is made for many threads.
final class ArrowRangeFetcher: RangeFetcher, @unchecked Sendable {
    private let name: String
    private let place: String
    private let entry: ArrowEntry
    private let file: OpaquePointer
    private let byteCount: Int
    private let files: ArrowFiles
    private let kind: ArrowStoreKind

    init(
        name: String, place: String, entry: ArrowEntry, file: OpaquePointer, byteCount: Int,
        files: ArrowFiles, kind: ArrowStoreKind
    ) {
        (self.name, self.place, self.entry, self.file) = (name, place, entry, file)
        (self.byteCount, self.files, self.kind) = (byteCount, files, kind)
    }

    deinit { files.close(file) }

    func fetch(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(EngineError) {
        guard byteCount == entry.byteCount, try isRead(at: offset, into: target) else {
            throw .data(
                "FILE_CHANGED", "The object was replaced or removed while it was read: \(name)",
                remedy: "Run the job again once it stays as it is.")
        }
    }

    /// Reads all of a range, and says whether it is of the object that was opened.
    private func isRead(
        at offset: Int, into target: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> Bool {
        do throws(ArrowFailure) {
            var done = 0
            while done < target.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
                let got = try files.read(file, at: offset + done, into: rest)
                if got == 0 { return false }
                done += got
            }
            // Google is asked for the very generation that was opened; Azure must be asked what it gave.
            if kind == .google || target.count == byteCount { return true }
            return try files.status(place)?.version == entry.version
        } catch {
            if error.failure == STORE_NOT_FOUND { return false }
            throw kind.error(error, name)
        }
    }
}
