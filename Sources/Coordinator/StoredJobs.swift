import Catalog
import Formats
import Memory
import Plans
import Protocol
import Storage
import Vocabulary

/// Lists, publishes and cleans the files of jobs through storage, within the paths that are allowed.
package final class StoredJobs: JobStorage {
    private let rules: PathRules
    private let isDurable: Bool
    private let memory: CountedMemory
    private let footers = ParquetFooters()
    package let metastore = Metastore()

    /// `isDurable`: outputs are on the device before their statement is done, as workers' files are.
    /// `planningBytes`: what planning may take for long records, of all jobs together; nil: what it needs.
    package init(rules: PathRules, isDurable: Bool = true, planningBytes: Int? = nil) {
        let budget = planningBytes.map { MemoryBudget(limitBytes: $0) }
        memory = CountedMemory(budget, owner: "Looking for columns")
        self.rules = rules
        self.isDurable = isDurable
    }

    package func makeCatalog(settings: SessionSettings) -> SessionCatalog {
        SessionCatalog(
            tree: StorageTree(rules: rules, memory: memory), metastore: metastore, parquet: footers)
    }

    package func publish(
        _ write: FileWrite, job: String, statement: UInt32,
        attempts: [(attempt: AttemptID, manifest: FileManifest)]
    ) throws {
        let mode: PublicationMode =
            switch write.mode {
            case .overwrite: write.dynamicPartitionOverwrite ? .overwritePartitions : .overwrite
            case .append, .errorIfExists, .ignore: .append
            }
        if write.mode == .errorIfExists || write.mode == .ignore,
            try holdsOtherFiles(write.path, than: StagingName.statement(job: job, statement))
        {
            // Somebody else wrote there since the statement was planned.
            if write.mode == .errorIfExists { throw EngineError.locationNotEmpty(write.path) }
            return try discard(write, job: job, statement: statement)
        }
        let files = attempts.flatMap { attempt, manifest in
            manifest.files.map {
                StagedFile(
                    attempt: StagingName.attempt(attempt), path: $0.relativePath, byteCount: $0.bytes,
                    receipt: $0.receipt)
            }
        }
        try Publication(
            output: try rules.resolve(write.path), job: StagingName.statement(job: job, statement),
            mode: mode, files: files, isDurable: isDurable, tree: try rules.tree(of: write.path)
        ).publish()
    }

    /// Tells whether a location holds visible files of anyone but the statement, which may have published
    /// some before a restart: its files' names have its own name in them.
    private func holdsOtherFiles(_ path: String, than statement: String) throws(EngineError) -> Bool {
        let place = try rules.resolve(path)
        let storage = try rules.fileSystem(of: place)
        guard try storage.status(place) != nil else { return false }
        return try storage.files(below: place).contains { !$0.name.contains("-\(statement)-c") }
    }

    package func remove(_ path: String) throws {
        let place = try rules.resolve(path)
        try rules.fileSystem(of: place).remove(place)
    }

    package func discard(_ write: FileWrite, job: String, statement: UInt32) throws {
        try Publication.discard(
            output: try rules.resolve(write.path), job: StagingName.statement(job: job, statement),
            tree: try rules.tree(of: write.path))
    }
}

extension FileStatus {
    /// Returns the same under the path by which the job knows it.
    fileprivate func shown(at path: String) -> FileStatus {
        var status = FileStatus(path: path, isDirectory: isDirectory, byteCount: byteCount)
        status.modifiedMicroseconds = modifiedMicroseconds
        return status
    }
}

/// Shows storage to the catalog.
private struct StorageTree: FileTree {
    let rules: PathRules
    let memory: CountedMemory

    func entry(at path: String) throws(EngineError) -> FileStatus? {
        let place = try rules.resolve(path)
        return try rules.fileSystem(of: place).status(place).map { $0.shown(at: path) }
    }

    func entries(in directory: String) throws(EngineError) -> [FileStatus] {
        let place = try rules.resolve(directory)
        let root = directory.hasSuffix("/") ? directory : directory + "/"
        return try rules.fileSystem(of: place).entries(place).map { $0.shown(at: root + $0.name) }
    }

    func files(below directory: String) throws(EngineError) -> [FileStatus]? {
        let place = try rules.resolve(directory)
        let storage = try rules.fileSystem(of: place)
        guard storage.listsWholeTrees else { return nil }
        let root = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        let cut = place.hasSuffix("/") ? place.count - 1 : place.count
        return try storage.files(below: place).map { $0.shown(at: root + $0.path.dropFirst(cut)) }
    }

    func open(_ path: String) throws(EngineError) -> any ByteSource { try rules.open(path) }

    func holdsWorkingDirectory(_ path: String) throws(EngineError) -> Bool {
        let place = StoragePath(try rules.resolve(path))
        guard place.scheme == .local else { return false }
        let above = LocalDirectory.resolved(place.path)
        // That of the program, and that of the job, which is its pipeline's, or the cluster's storage.
        let job = (try? rules.resolve(".")).map { StoragePath($0) }
        return [".", job?.scheme == .local ? job?.path : nil].compactMap(\.self).contains { own in
            let own = LocalDirectory.resolved(own)
            return own == above || own.hasPrefix(above == "/" ? above : above + "/")
        }
    }
}
