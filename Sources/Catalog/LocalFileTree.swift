import Storage
import Vocabulary

#if canImport(Glibc)
import Glibc
#endif

/// Lists and opens files of the local file system; relative paths are below `base`.
package struct LocalFileTree: FileTree {
    private let base: String

    /// Makes a tree whose relative paths are below `base`, or below the process's directory when it is empty.
    package init(base: String = "") {
        self.base = base
    }

    private func resolved(_ path: String) -> String {
        var local = path
        if local.hasPrefix("file://") { local = String(local.dropFirst("file://".count)) }
        if local.hasPrefix("file:/") { local = String(local.dropFirst("file:".count)) }
        return local.hasPrefix("/") || base.isEmpty ? local : base + "/" + local
    }

    package func entry(at path: String) throws(EngineError) -> FileTreeEntry? {
        var status = stat()
        guard stat(resolved(path), &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return nil }
            throw Self.failed("examine", path)
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        return FileTreeEntry(path: path, isDirectory: isDirectory, byteCount: isDirectory ? 0 : Int(status.st_size))
    }

    package func entries(in directory: String) throws(EngineError) -> [FileTreeEntry] {
        guard let handle = opendir(resolved(directory)) else { throw Self.failed("list", directory) }
        defer { closedir(handle) }
        var names: [String] = []
        while let item = readdir(handle) {
            let name = withUnsafePointer(to: &item.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        var found: [FileTreeEntry] = []
        for name in names.sorted() {
            let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
            if let entry = try entry(at: path) { found.append(entry) }
        }
        return found
    }

    package func open(_ path: String) throws(EngineError) -> any ByteSource {
        try LocalFileSource(path: resolved(path), name: path)
    }

    private static func failed(_ action: String, _ path: String) -> EngineError {
        let reason = String(cString: strerror(errno))
        return .user("PATH_NOT_READABLE", "Cannot \(action) this path (\(reason)): \(path)", remedy: "Check its permissions.")
    }
}
