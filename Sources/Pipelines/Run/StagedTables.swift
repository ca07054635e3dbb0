import Protocol
import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Gives an extract step the tables of its run, and what was written down about them.
struct StagedTables {
    let tables: TableFolder
    let run: String

    func staged(_ name: String) -> String { tables.staged(name, run: run) }
    func table(_ name: String) -> String { tables.table(name) }
    func hasTable(_ name: String) -> Bool { tables.hasTable(name) }
    func discard(_ name: String) { tables.discard(name, run: run) }
    func tableState(_ name: String) -> TableState? { tables.tableState(name) }

    /// Writes down what becomes valid when the staged table is published.
    func stage(_ tableState: TableState, of name: String) throws {
        try TableFolder.write(
            tableState.text, to: try tables.renamable(staged(name)) + "/" + TableState.fileName)
    }

    /// Puts the data files of the published table beside those of a staged one; as links, nothing is copied.
    func addPublishedFiles(of name: String, to staged: String) throws {
        let (old, new) = (try tables.renamable(table(name)), try tables.renamable(staged))
        TableFolder.makeFolder(new)
        for entry in try FileSystems.local.entries(old) where !entry.name.hasPrefix("_") {
            if entry.name.hasPrefix(".") { continue }
            let target = new + "/" + entry.name
            guard link(entry.path, target) == 0 || errno == EEXIST else {
                throw TableFolder.error("Cannot link", target)
            }
        }
    }

    /// Moves the data files of one staged folder into another.
    func moveFiles(from: String, to: String) throws {
        let (old, new) = (try tables.renamable(from), try tables.renamable(to))
        TableFolder.makeFolder(new)
        for entry in try FileSystems.local.entries(old) where !entry.name.hasPrefix(".") {
            guard rename(entry.path, new + "/" + entry.name) == 0 else {
                throw TableFolder.error("Cannot move", entry.path)
            }
        }
        try FileSystems.local.remove(old)
    }
}

extension TableFolder {
    /// Returns where a table's path in SQL is on this machine. Throws `UNSUPPORTED_FEATURE` where tables are
    /// in an object store: files cannot be moved there.
    func renamable(_ path: String) throws -> String {
        guard publishesByRename, path.hasPrefix(place) else {
            throw EngineError.user(
                "UNSUPPORTED_FEATURE",
                "Extract steps that append, merge or read what is new need tables in a directory, not in: "
                    + root,
                remedy: "Give the coordinator a directory as --storage, or use write_disposition: replace.")
        }
        return StoragePath(root).path + path.dropFirst(place.count)
    }

    /// Returns what a published table's step wrote down; nil when it did not.
    func tableState(_ name: String) -> TableState? {
        guard let path = try? renamable(table(name)),
            let stream = fopen(path + "/" + TableState.fileName, "r")
        else { return nil }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, stream)
        return TableState.parse(String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// Changes a published table's cursor.
    func set(_ tableState: TableState, of name: String) throws {
        let path = try renamable(table(name)) + "/" + TableState.fileName
        try TableFolder.write(tableState.text, to: path + ".new")
        guard rename(path + ".new", path) == 0 else { throw TableFolder.error("Cannot write", path) }
    }

    /// Forgets a table with its cursor.
    func reset(_ name: String) {
        if let path = try? renamable(table(name)) { try? FileSystems.local.remove(path) }
    }

    /// Names of published tables, sorted.
    var names: [String] {
        guard let path = try? renamable("\(place)/tables"),
            let entries = try? FileSystems.local.entries(path)
        else { return [] }
        return entries.map(\.name)
    }

    /// Names this making of a published table: another one has another name. Nil where that cannot be told:
    /// in object stores.
    func generation(of name: String) -> String? {
        var information = stat()
        guard let path = try? renamable(table(name)), stat(path, &information) == 0 else { return nil }
        return "\(information.st_ino)-\(information.st_mtim.tv_sec)-\(information.st_mtim.tv_nsec)"
    }

    static func write(_ text: String, to path: String) throws {
        guard let stream = fopen(path, "w") else { throw error("Cannot write", path) }
        let isWhole = fputs(text, stream) >= 0
        guard fclose(stream) == 0, isWhole else { throw error("Cannot write", path) }
    }
}

/// Runs the jobs of one try of an extract step, each with an id of its own that follows from their order.
final class ExtractJobs {
    /// More jobs than any try has; ids that no job has are passed over.
    private static let limit = 16

    private let job: StepJob
    private let id: [String]
    private let deadline: ContinuousClock.Instant?
    private var count = 0

    init(_ job: StepJob, id: [String], deadline: ContinuousClock.Instant?) {
        self.job = job
        self.id = id
        self.deadline = deadline
    }

    func run(
        prelude: [String], sql: String, file: String, conf: [String: String]
    ) async throws -> StepJob.Outcome {
        count += 1
        return try await job.run(
            StepJob.Order(
                id: id + ["extract", "\(count)"], prelude: prelude, sql: sql, file: file, deadline: deadline,
                conf: conf))
    }

    /// Ends the jobs of a try that a restart cut off: the step is read again from its begin.
    static func cancel(_ id: [String], _ service: any JobService) async {
        for place in 1...limit {
            _ = try? await service.cancel(RunIdentity.derived(id + ["extract", "\(place)"]))
        }
    }
}
