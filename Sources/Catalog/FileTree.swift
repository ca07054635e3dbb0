import Vocabulary

/// Lists and opens files, wherever they are. What the catalog needs of `Storage`.
package protocol FileTree: Sendable {
    /// Returns the entry at a path, or nil when there is none. Object stores have a directory wherever a key
    /// begins so.
    func entry(at path: String) throws(EngineError) -> FileTreeEntry?
    /// Returns what is directly in a directory, in order of names.
    func entries(in directory: String) throws(EngineError) -> [FileTreeEntry]
    /// Returns all files at any depth below a directory, in order of paths, without hidden ones and what is
    /// in hidden directories; nil where going from directory to directory is as good.
    func files(below directory: String) throws(EngineError) -> [FileTreeEntry]?
    func open(_ path: String) throws(EngineError) -> any ByteSource
}

extension FileTree {
    /// Returns nil: directories are gone through one by one.
    package func files(below directory: String) throws(EngineError) -> [FileTreeEntry]? { nil }
}

/// Names a file or directory.
package struct FileTreeEntry: Hashable, Sendable {
    /// Full path, without a slash at the end.
    package var path: String
    package var isDirectory: Bool
    package var byteCount: Int

    package init(path: String, isDirectory: Bool, byteCount: Int) {
        self.path = path
        self.isDirectory = isDirectory
        self.byteCount = byteCount
    }

    /// The last part of the path.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    /// True for names that readers skip, as Spark does: `_SUCCESS`, `.crc` files, `_temporary`. A folder
    /// `_key=value` counts.
    package var isHidden: Bool {
        name.hasPrefix(".") || (name.hasPrefix("_") && !name.contains("="))
    }
}
