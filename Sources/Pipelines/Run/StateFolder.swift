import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds what a pipeline leaves between runs in one process: its tables, what became of its runs, a lock. One
/// run at a time holds it.
package final class StateFolder: Sendable {
    package let path: String
    package let tables: TableFolder
    private let lock: Int32

    /// Opens the folder, makes it where it is missing, and takes its lock. Throws `PIPELINE_STATE` when
    /// another run has it or it cannot be written.
    package init(_ path: String) throws {
        self.path = path
        tables = StateFolder.tables(in: path)
        for folder in [path, path + "/tables", path + "/runs"] {
            if mkdir(folder, 0o755) != 0, errno != EEXIST { throw StateFolder.error("Cannot make", folder) }
        }
        lock = open(path + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        if lock < 0 { throw StateFolder.error("Cannot open", path + "/lock") }
        if flock(lock, LOCK_EX | LOCK_NB) != 0 {
            close(lock)
            throw EngineError.user(
                "PIPELINE_STATE", "Another run of this pipeline is at work: \(path)",
                remedy: "Wait for its end.")
        }
        tables.recover()
        tables.discardAll()
        mkdir(path + "/staging", 0o755)
    }

    deinit { close(lock) }

    /// Says whether a table is published in the folder at a path; without opening it.
    package static func hasTable(_ name: String, in path: String) -> Bool {
        access("\(path)/tables/\(name)", F_OK) == 0
    }

    /// Returns the tables of the folder at a path, to be looked at: nothing is made, locked or brought back.
    package static func tables(in path: String) -> TableFolder {
        TableFolder(place: path, root: path, durable: false)
    }

    static func error(_ what: String, _ path: String) -> EngineError {
        .user(
            "PIPELINE_STATE", "\(what) the pipeline's state: \(path): \(String(cString: strerror(errno)))",
            remedy: "Make the directory writable, or move the state with --state.")
    }
}
