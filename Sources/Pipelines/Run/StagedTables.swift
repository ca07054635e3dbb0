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
    func tableState(_ name: String) throws -> TableState? { try tables.knownState(name) }

    /// Returns the files of a step's source that were read into its published table.
    func fileHistory(_ name: String) throws -> FileHistory {
        try tables.fileHistory(name) ?? FileHistory()
    }

    /// Writes down the files that were read, valid when the staged table is published.
    func stage(_ history: FileHistory, of name: String) throws {
        try tables.writeStaged(history.text, FileHistory.fileName, of: name, run: run)
    }

    /// Says that the staged rows of a directory come after the table's, where nothing can be linked.
    func stageAddition(_ rows: String?, to name: String) throws {
        try tables.stageAddition(rows, to: name, run: run)
    }

    /// Returns the directories that together are a step's staged table.
    func parts(_ name: String) throws -> [String] { try tables.stagedParts(name, run: run) }

    /// Returns the files that a path of SQL names.
    func files(_ path: String) throws -> [FileStatus] {
        // Tables are at `place` for SQL, which is below the storage's root.
        let root = tables.root.hasSuffix(tables.place) ? tables.root.dropLast(tables.place.count) : ""
        return try FileHistory.list(path, root: String(root))
    }

    /// Writes down what becomes valid when the staged table is published.
    func stage(_ tableState: TableState, of name: String) throws {
        try tables.writeStaged(tableState.text, TableState.fileName, of: name, run: run)
    }

    /// Puts the data files of the published table beside those of a staged one; as links, nothing is copied.
    func addPublishedFiles(of name: String, to staged: String) throws {
        let (old, new) = (try tables.renamable(table(name)), try tables.renamable(staged))
        try tables.tree.makeDirectory(new)
        for name in try tables.tree.names(in: old) where !name.hasPrefix("_") && !name.hasPrefix(".") {
            let target = new + "/" + name
            guard try tables.tree.link(old + "/" + name, to: target) || errno == EEXIST else {
                throw TableFolder.error("Cannot link", target)
            }
        }
    }

    /// Moves the data files of one staged folder into another.
    func moveFiles(from: String, to: String) throws {
        let (old, new) = (try tables.renamable(from), try tables.renamable(to))
        try tables.tree.makeDirectory(new)
        for name in try tables.tree.names(in: old) where !name.hasPrefix(".") {
            let source = old + "/" + name
            guard try tables.tree.move(source, to: new + "/" + name) else {
                throw TableFolder.error("Cannot move", source)
            }
        }
        try tables.tree.remove(old)
    }
}
