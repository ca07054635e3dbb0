import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reaches files of this machine; relative paths start at the process's directory. Only those of its tree are
/// opened, created and removed.
package final class LocalFileSystem: FileSystem {
    private let tree: LocalTree

    package init(tree: LocalTree = .whole) { self.tree = tree }

    package func status(_ path: String) throws(EngineError) -> FileStatus? {
        var status = stat()
        guard stat(StoragePath(path).path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return nil }
            throw .fileSystem("examine", path)
        }
        let kind = status.st_mode & S_IFMT
        if kind != S_IFREG, kind != S_IFDIR { throw .noFile(path, kind) }
        let isDirectory = kind == S_IFDIR
        var found = FileStatus(
            path: path, isDirectory: isDirectory, byteCount: isDirectory ? 0 : Int(status.st_size),
            version: "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)")
        found.modifiedMicroseconds = Int64(status.st_mtim.tv_sec * 1_000_000 + status.st_mtim.tv_nsec / 1000)
        return found
    }

    package func entries(_ directory: String) throws(EngineError) -> [FileStatus] {
        var found: [FileStatus] = []
        for name in try LocalDirectory.names(StoragePath(directory).path) ?? [] {
            let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
            // Pipes and sockets hold no rows; who names one is told so.
            if !isSpecial(path), let entry = try status(path) { found.append(entry) }
        }
        return found
    }

    private func isSpecial(_ path: String) -> Bool {
        var status = stat()
        guard stat(StoragePath(path).path, &status) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        return kind != S_IFREG && kind != S_IFDIR
    }

    package func open(_ path: String) throws(EngineError) -> any ByteSource {
        if tree != .whole { return try tree.source(StoragePath(path).path) }
        return try LocalFileSource(path: StoragePath(path).path, name: path)
    }

    package func create(_ path: String, durable: Bool) throws(EngineError) -> any ByteSink {
        try LocalFileSink(
            path: try tree.place(of: StoragePath(path).path), durable: durable, name: path, tree: tree)
    }

    package func remove(_ path: String) throws(EngineError) {
        try LocalDirectory.remove(try tree.name(of: StoragePath(path).path), in: tree)
    }
}

extension EngineError {
    /// Says that what lies at a path cannot be read as a file: it has no size and no places in it, and what
    /// was read once is gone.
    fileprivate static func noFile(_ path: String, _ kind: mode_t) -> EngineError {
        let name =
            switch kind {
            case S_IFIFO: "a pipe"
            case S_IFSOCK: "a socket"
            default: "a device"
            }
        return .user(
            "PATH_NOT_ACCESSIBLE", "This is \(name), not a file: \(path)",
            remedy:
                "Put what comes through it into a file first: tasks read several parts of a file at once, "
                + "and some of them again.")
    }
}
