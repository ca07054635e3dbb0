import Memory
import Storage
import Vocabulary

/// Lists and opens files by the paths of a job, wherever they are. What the catalog needs of `Storage`; the
/// coordinator implements it over the paths that are allowed.
package protocol FileTree: Sendable {
    /// What long records take their memory from while columns are looked for.
    var memory: CountedMemory { get }
    /// Returns the entry at a path, or nil when there is none. Object stores have a directory wherever a key
    /// begins so.
    func entry(at path: String) throws(EngineError) -> FileStatus?
    /// Returns what is directly in a directory, in order of names.
    func entries(in directory: String) throws(EngineError) -> [FileStatus]
    /// Returns all files at any depth below a directory, in order of paths, without hidden ones and what is
    /// in hidden directories; nil where going from directory to directory is as good.
    func files(below directory: String) throws(EngineError) -> [FileStatus]?
    func open(_ path: String) throws(EngineError) -> any ByteSource
    /// Tells whether the directory that the job works in lies at or below a path.
    func holdsWorkingDirectory(_ path: String) throws(EngineError) -> Bool
}

extension FileTree {
    /// As much as they need.
    package var memory: CountedMemory { .unlimited }

    /// Returns nil: directories are gone through one by one.
    package func files(below directory: String) throws(EngineError) -> [FileStatus]? { nil }

    /// Returns false: jobs work in no directory of such a tree.
    package func holdsWorkingDirectory(_ path: String) throws(EngineError) -> Bool { false }
}
