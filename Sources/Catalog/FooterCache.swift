import Formats
import Plans
import Synchronization
import Vocabulary

/// Keeps what files tell of themselves (the footers of Parquet and ORC files, the heads of Avro files) and a
/// job has read, by path and size, and none of the files open: a job may look at thousands, and an open one
/// that is deleted takes its room on the disk. Thread-safe.
final class FooterCache<Footer: Sendable>: Sendable {
    private let tree: any FileTree
    private let read: @Sendable (String, any ByteSource) throws(EngineError) -> Footer
    private let footers = Mutex<[String: Footer]>([:])
    /// Most footers kept; beyond, all are forgotten, which costs only time.
    private let limit = 20_000

    /// `read` makes a footer of a path and the open file there, and keeps nothing of that.
    init(
        tree: any FileTree, read: @escaping @Sendable (String, any ByteSource) throws(EngineError) -> Footer
    ) {
        self.tree = tree
        self.read = read
    }

    func footer(of file: FileEntry) throws(EngineError) -> Footer {
        let key = "\(file.byteCount) \(file.path)"
        if let known = footers.withLock({ $0[key] }) { return known }
        let footer = try read(file.path, try tree.open(file.path))
        footers.withLock { known in
            if known.count >= limit { known.removeAll() }
            known[key] = footer
        }
        return footer
    }

    /// Forgets everything: a statement wrote files, or the job has ended.
    func removeAll() { footers.withLock { $0.removeAll() } }
}
