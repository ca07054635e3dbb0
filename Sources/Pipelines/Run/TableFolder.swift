import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps the tables of a pipeline's steps, as directories of Parquet below one place:
///
///     tables/NAME                 what is published, with the id of its making in _millrace_made; a dbt
///                                 model with `alias` or `schema` has that name here, SCHEMA.ALIAS
///     staging/RUN/NAME            what is not yet tested
///     staging/RUN/NAME.new        new rows that are to come into it, or in an object store after the table's
///     staging/RUN/NAME.once       those of them that the table does not have
///     replaced/NAME               the table before, for the moment of publication
///     failures/TEST               rows that a test with store_failures found
///     notes/NAME                  in an object store: the id, the cursor, what is being published
package final class TableFolder: Sendable {
    /// The place as SQL names it.
    let place: String
    /// The place as this process reaches it.
    let root: String
    let isDurable: Bool
    /// What of this machine may be changed; links that lead out of it are refused, whenever they are made.
    let tree: LocalTree

    /// Folders of the steps whose tables have other names.
    private let folders: [String: String]

    /// `durable`: a table that was published stays so after a loss of power.
    package convenience init(place: String, root: String, durable: Bool, in tree: LocalTree = .whole) {
        self.init(place: place, root: root, durable: durable, in: tree, folders: [:])
    }

    private init(place: String, root: String, durable: Bool, in tree: LocalTree, folders: [String: String]) {
        self.place = place
        self.root = root
        self.tree = tree
        isDurable = durable
        self.folders = folders
    }

    /// Returns the same folder, that knows the names of a pipeline's tables.
    func naming(_ steps: [PipelineStep]) -> TableFolder {
        let named = steps.filter { $0.folder != $0.name }.map { ($0.name, $0.folder) }
        return TableFolder(
            place: place, root: root, durable: isDurable, in: tree, folders: Dictionary(named) { $1 })
    }

    /// Returns the name of the folder of a step's table.
    func folder(_ name: String) -> String { folders[name] ?? name }

    /// Whether directories can be renamed; elsewhere the engine copies.
    package var publishesByRename: Bool { StoragePath(root).scheme == .local }

    /// Where a step's published table is, for SQL.
    package func table(_ name: String) -> String { "\(place)/tables/\(folder(name))" }
    /// Where a step's table is until its tests have passed, for SQL.
    package func staged(_ name: String, run: String) -> String { "\(place)/staging/\(run)/\(name)" }
    /// Where a test's wrong rows are kept, for SQL.
    package func failures(_ test: String) -> String { "\(place)/failures/\(test)" }

    /// Whether a step's table is published.
    package func hasTable(_ name: String) -> Bool {
        let path = "\(root)/tables/\(folder(name))"
        if publishesByRename { return (try? tree.has(local(path))) == true }
        return (try? FileSystems.of(path).status(path)) != nil
    }

    /// Makes the staged table the published one; the earlier one steps aside first. Only where
    /// `publishesByRename`. Each step of it is found done when it is done again after a crash. Throws
    /// `PIPELINE_STATE`.
    package func publish(_ name: String, run: String) throws {
        let from = local("\(root)/staging/\(run)/\(name)")
        let (to, old) = (
            local("\(root)/tables/\(folder(name))"), local("\(root)/replaced/\(folder(name))")
        )
        for folder in ["tables", "replaced"] { try tree.makeDirectory(local("\(root)/\(folder)")) }
        if try tree.has(from) {
            // A run publishes a table once.
            try write(run, to: "\(from)/\(TableFolder.makingFile)", durable: isDurable)
            if try tree.has(to) {
                try? tree.remove(old)
                if try !tree.move(to, to: old) { throw TableFolder.error("Cannot replace", to) }
            }
            guard try tree.move(from, to: to) else {
                let error = TableFolder.error("Cannot publish to", to)
                if try !tree.has(to) { _ = try tree.move(old, to: to) }
                throw error
            }
        } else if try !tree.has(to) {
            throw TableFolder.error("Nothing is staged for", to)
        }
        if isDurable { try tree.sync(local("\(root)/tables")) }
        try? tree.remove(old)
    }

    /// Brings back tables that a killed run left between their two names. Call it while no run is at work.
    package func recover() {
        let old = local("\(root)/replaced")
        guard publishesByRename, let names = try? tree.names(in: old) else { return }
        for name in names {
            let isBack = try? tree.move("\(old)/\(name)", to: local("\(root)/tables/\(name)"))
            if isBack != true { try? tree.remove("\(old)/\(name)") }
        }
    }

    /// Takes back what a step has staged, unless that is being published.
    package func discard(_ name: String, run: String) {
        let suffixes = [TableFolder.freshSuffix, TableFolder.onceSuffix]
        let suffix = suffixes.first { name.hasSuffix($0) }
        if !publishesByRename, isPending(String(name.dropLast(suffix?.count ?? 0)), run: run) { return }
        remove("\(root)/staging/\(run)/\(name)")
        if suffix == nil { for other in suffixes { remove("\(root)/staging/\(run)/\(name)\(other)") } }
    }
    /// What follows a step's name in that of the directory with its new rows, and with those of them that the
    /// table does not have.
    static let freshSuffix = ".new"
    static let onceSuffix = ".once"

    /// Takes back all that a run has staged and is not publishing.
    package func discardAll(run: String) {
        let path = "\(root)/staging/\(run)"
        if publishesByRename { return remove(path) }
        for entry in (try? FileSystems.of(path).entries(path)) ?? [] { discard(entry.name, run: run) }
    }
    /// Takes back what runs that were killed have staged.
    package func discardAll() { remove("\(root)/staging") }

    private func remove(_ path: String) { try? files(of: path).remove(path) }

    /// Returns the file system of a path of the folder's.
    func files(of path: String) throws(EngineError) -> any FileSystem {
        publishesByRename ? LocalFileSystem(tree: tree) : try FileSystems.of(path)
    }

    private func local(_ path: String) -> String { StoragePath(path).path }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        makeFolder(String(path[..<slash]))
        mkdir(path, 0o755)
    }

    /// `reason`: of a failed system call it is in `errno`.
    static func error(_ what: String, _ path: String, _ reason: String? = nil) -> EngineError {
        let reason = reason ?? String(cString: strerror(errno))
        return .user(
            "PIPELINE_STATE", "\(what) the pipeline's table: \(path): \(reason)",
            remedy: "See that the directory is writable and has space.")
    }
}
