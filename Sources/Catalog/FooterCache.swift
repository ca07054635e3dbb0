import Formats
import Plans
import Synchronization
import Vocabulary

/// Keeps the footers of Parquet files that a job has read, by path and size, and none of the files open: a
/// job may look at thousands, and an open one that is deleted takes its room on the disk. Thread-safe.
final class FooterCache: Sendable {
    private let tree: any FileTree
    private let footers = Mutex<[String: ParquetFile]>([:])
    /// Most footers kept; beyond, all are forgotten, which costs only time.
    private static let limit = 20_000

    init(tree: any FileTree) {
        self.tree = tree
    }

    func footer(of file: FileEntry) throws(EngineError) -> ParquetFile {
        let key = "\(file.byteCount) \(file.path)"
        if let known = footers.withLock({ $0[key] }) { return known }
        let read = try ParquetFile(source: try tree.open(file.path)).withoutSource()
        footers.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[key] = read
        }
        return read
    }

    /// Forgets everything: a statement wrote files, or the job has ended.
    func removeAll() { footers.withLock { $0.removeAll() } }
}
