import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reaches files of this machine; relative paths start at the process's directory.
package final class LocalFileSystem: FileSystem {
    package init() {}

    package func status(_ path: String) throws(EngineError) -> FileStatus? {
        var status = stat()
        guard stat(StoragePath(path).path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return nil }
            throw .fileSystem("examine", path)
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        return FileStatus(
            path: path, isDirectory: isDirectory, byteCount: isDirectory ? 0 : Int(status.st_size),
            version: "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)")
    }

    package func entries(_ directory: String) throws(EngineError) -> [FileStatus] {
        var found: [FileStatus] = []
        for name in try LocalDirectory.names(StoragePath(directory).path) ?? [] {
            let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
            if let entry = try status(path) { found.append(entry) }
        }
        return found
    }

    package func open(_ path: String) throws(EngineError) -> any ByteSource {
        try LocalFileSource(path: StoragePath(path).path, name: path)
    }

    package func create(_ path: String, durable: Bool) throws(EngineError) -> any ByteSink {
        try LocalFileSink(path: StoragePath(path).path, durable: durable, name: path)
    }

    package func remove(_ path: String) throws(EngineError) {
        try LocalDirectory.remove(StoragePath(path).path)
    }
}
