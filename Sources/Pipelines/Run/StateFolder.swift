import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps what a pipeline leaves between runs: `tables/NAME/` with what is published, `staging/` with what is
/// not yet, a lock. One run at a time holds it.
package final class StateFolder: Sendable {
    package let path: String
    private let lock: Int32

    /// Opens the folder, makes it where it is missing, and takes its lock. Throws `PIPELINE_STATE` when
    /// another run has it or it cannot be written.
    package init(_ path: String) throws {
        self.path = path
        for folder in [path, path + "/tables", path + "/staging", path + "/replaced"] {
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
        // What a killed run has left: a table between its two names goes back.
        for name in StateFolder.names(in: path + "/replaced") {
            let old = path + "/replaced/" + name
            if rename(old, table(name)) != 0 { StateFolder.remove(old) }
        }
        StateFolder.remove(path + "/staging")
        mkdir(path + "/staging", 0o755)
    }

    deinit { close(lock) }

    static func error(_ what: String, _ path: String) -> EngineError {
        .user(
            "PIPELINE_STATE", "\(what) the pipeline's state: \(path): \(String(cString: strerror(errno)))",
            remedy: "Make the directory writable, or move the state with --state.")
    }

    /// Where a step's published table is.
    func table(_ name: String) -> String { "\(path)/tables/\(name)" }
    /// Where a step's table is until its tests have passed.
    func staged(_ name: String) -> String { "\(path)/staging/\(name)" }

    func hasTable(_ name: String) -> Bool { access(table(name), F_OK) == 0 }

    /// Makes the staged table the published one. The earlier one steps aside first and comes back when the
    /// second step fails, or with the next run after a crash between the two.
    func publish(_ name: String) throws {
        let (from, to, old) = (staged(name), table(name), path + "/replaced/" + name)
        if rename(to, old) != 0, errno != ENOENT { throw StateFolder.error("Cannot replace", to) }
        guard rename(from, to) == 0 else {
            let error = StateFolder.error("Cannot publish to", to)
            _ = rename(old, to)
            throw error
        }
        StateFolder.remove(old)
    }

    /// Takes back what a failed step has staged.
    func discard(_ name: String) { StateFolder.remove(staged(name)) }

    /// Names in a folder, without those of itself and its parent.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a folder with all in it; links are not followed.
    static func remove(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for name in names(in: path) { remove(path + "/" + name) }
        rmdir(path)
    }
}
