import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

// What is written down about tables, beside their rows.
extension TableFolder {
    /// Returns where a table's path in SQL is on this machine; only where `publishesByRename`.
    func renamable(_ path: String) throws -> String {
        guard publishesByRename, path.hasPrefix(place) else {
            throw EngineError.internal("A table is no directory of this machine: \(path)")
        }
        return StoragePath(root).path + path.dropFirst(place.count)
    }

    /// Longest of the files beside a table's rows, bytes.
    private static let noteBytes = 1 << 16

    /// Returns what a published table's step wrote down; nil when it did not.
    package func tableState(_ name: String) -> TableState? { try? knownState(name) }

    /// Returns what a published table's step wrote down; nil when it did not. Throws where an object store
    /// does not tell.
    func knownState(_ name: String) throws -> TableState? {
        if !publishesByRename { return try objectNote(name).note.published?.state }
        return note(TableState.fileName, of: name).flatMap { TableState.parse($0) }
    }

    /// Returns the files that were read into a published table; nil where they are not written down. Throws
    /// as `knownState` does.
    func fileHistory(_ name: String) throws -> FileHistory? {
        if !publishesByRename { return try objectNote(name).note.published?.files.map { FileHistory($0) } }
        return note(FileHistory.fileName, of: name, limitBytes: FileHistory.limitBytes).map {
            FileHistory($0)
        }
    }

    /// Returns how many files were read into a published table that reads each once; nil for others.
    package func readFileCount(_ name: String) -> Int? { (try? fileHistory(name))?.files.count }

    /// Returns the text of a file beside a published table's rows.
    private func note(_ file: String, of name: String, limitBytes: Int = noteBytes) -> String? {
        guard let path = try? renamable(table(name)) else { return nil }
        return try? tree.text(path + "/" + file, limitBytes: limitBytes)
    }

    /// Changes a published table's cursor.
    package func set(_ tableState: TableState, of name: String) throws {
        if !publishesByRename { return try setObject(tableState, of: name) }
        try write(
            tableState.text, to: try renamable(table(name)) + "/" + TableState.fileName,
            durable: isDurable)
    }

    /// Forgets a table with its cursor.
    package func reset(_ name: String) throws {
        if !publishesByRename { return try forgetObject(name) }
        let path = "\(root)/tables/\(folder(name))"
        try files(of: path).remove(path)
    }

    /// Names of published tables, sorted.
    package var names: [String] {
        let path = "\(root)/tables"
        if publishesByRename { return (try? tree.names(in: StoragePath(path).path)) ?? [] }
        return ((try? FileSystems.of(path).entries(path)) ?? []).map(\.name)
    }

    /// Name of the file with the id of a table's making; readers pass over names that begin with `_`.
    static let makingFile = "_millrace_made"

    /// Names this making of a published table: another one has another name, and a cursor that is set back
    /// changes nothing. Nil where that is not written down; throws where an object store does not tell.
    package func generation(of name: String) throws -> String? {
        if !publishesByRename { return try objectNote(name).note.published?.id }
        if let id = note(TableFolder.makingFile, of: name), !id.isEmpty { return id }
        // An earlier version published it.
        return try tree.identity(of: try renamable(table(name)))
    }

    /// Says whether one of these runs made the published table. Throws where an object store does not tell.
    func isMade(_ name: String, by runs: Set<String>) throws -> Bool {
        let maker = publishesByRename ? try generation(of: name) : try objectNote(name).note.published?.run
        return maker.map { runs.contains($0) } ?? false
    }

    /// Writes a file of the folder in place of the one that is there. Throws `PIPELINE_STATE`, or what says
    /// that it may not be there.
    func write(_ text: String, to path: String, durable: Bool = false) throws {
        let isWritten: Bool
        do throws(EngineError) {
            isWritten = try tree.replace(path, with: text, durable: durable)
        } catch  where error.code != "PATH_NOT_ALLOWED" {
            throw TableFolder.error("Cannot write", path, error.message)
        }
        if !isWritten { throw TableFolder.error("Cannot write", path) }
    }
}
