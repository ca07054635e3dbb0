import Storage
import Vocabulary

// Tables in an object store: see `TableNote` for the order in which they are published.
extension TableFolder {
    private func notePath(_ name: String) -> String { "\(root)/notes/\(folder(name))" }

    /// Returns what is written down about a table, and the tag of that version. Throws where it cannot be
    /// read: to take it for nothing would read everything again.
    func objectNote(_ name: String) throws -> (note: TableNote, tag: String?) {
        guard let found = try StoredNote.read(notePath(name)) else { return (TableNote(), nil) }
        guard let note = TableNote.parse(found.text) else {
            throw EngineError.user(
                "PIPELINE_STATE", "What is written down about a table cannot be read: \(notePath(name))",
                remedy: "Run the version that wrote it, or forget the table: etl-submit state reset.")
        }
        return (note, found.tag)
    }

    private func replace(_ note: TableNote, of name: String, over tag: String?) throws {
        let text = note.text
        if text.utf8.count > StoredNote.limitBytes {
            throw EngineError.user(
                "PIPELINE_STATE", "The step has read more files than can be written down: \(name)",
                remedy: "Divide the source's files among several steps.")
        }
        if try !StoredNote.replace(notePath(name), with: text, over: tag) { throw changed(name) }
    }

    private func changed(_ name: String) -> EngineError {
        .user(
            "PIPELINE_STATE",
            "Another program changed what is written down about a table: \(notePath(name))",
            remedy: "Let one coordinator alone have this --storage, and run again.")
    }

    // MARK: publication

    /// Writes down that a run's staged table is to be published. Returns false where that was done already.
    func beginPublication(of name: String, run: String, making id: String) throws -> Bool {
        let found = try objectNote(name)
        var note = found.note
        if note.published?.id == id { return false }
        if note.pending?.id == id { return true }
        let replaced = note.pending
        note.isForgotten = nil
        note.pending = TableNote.Making(
            id: id, run: run,
            state: try stagedText(TableState.fileName, of: name, run: run).flatMap { TableState.parse($0) },
            files: try stagedText(FileHistory.fileName, of: name, run: run),
            added: try addition(to: name, run: run))
        try replace(note, of: name, over: found.tag)
        if let replaced, replaced.run != run { discard(name, run: replaced.run) }
        return true
    }

    /// Writes down that the rows are published, with their cursor.
    func endPublication(of name: String, making id: String) throws {
        let found = try objectNote(name)
        var note = found.note
        if note.published?.id == id { return }
        guard let pending = note.pending, pending.id == id else { throw changed(name) }
        note.published = pending
        note.pending = nil
        try replace(note, of: name, over: found.tag)
    }

    /// Returns the directory with the rows that a publication that was begun adds; nil where it replaces all.
    func pendingAddition(to name: String) throws -> String? { try objectNote(name).note.pending?.added }

    /// Returns the making whose publication was begun and not ended; first removes a table that a reset left
    /// behind.
    func unfinished(_ name: String) throws -> TableNote.Making? {
        let note = try objectNote(name).note
        if note.isForgotten == true { try removeForgotten(name) }
        return note.isForgotten == true ? nil : note.pending
    }

    /// Whether a run's staged rows are still needed; also where that cannot be told.
    func isPending(_ name: String, run: String) -> Bool {
        do { return try objectNote(name).note.pending?.run == run } catch { return true }
    }

    // MARK: rows that are added

    /// Name of the file that stands for a staged table whose rows come after those of the published one.
    private static let additionFile = "_millrace_added"

    /// Says that the rows of a run's directory are to come after the table's, and are staged so; nil for
    /// none.
    func stageAddition(_ rows: String?, to name: String, run: String) throws {
        // A text of no bytes would be no upload.
        try writeStaged((rows ?? "") + "\n", TableFolder.additionFile, of: name, run: run)
    }

    /// Returns the name of the directory with a run's rows that come after the table's, empty where there are
    /// none; nil where the staged table is whole.
    private func addition(to name: String, run: String) throws -> String? {
        try stagedText(TableFolder.additionFile, of: name, run: run).map { $0.filter { $0 != "\n" } }
    }

    /// Returns the directories that together are a step's staged table, for SQL.
    func stagedParts(_ name: String, run: String) throws -> [String] {
        if publishesByRename { return [staged(name, run: run)] }
        guard let rows = try addition(to: name, run: run) else { return [staged(name, run: run)] }
        return [table(name)] + (rows.isEmpty ? [] : [staged(rows, run: run)])
    }

    /// Puts a run's rows beside those of the table, file by file; those that are there already stay as they
    /// are. Throws `PIPELINE_STATE` where the rows have gone.
    func add(_ rows: String, of run: String, to name: String) async throws {
        if rows.isEmpty { return }
        let (from, to) = ("\(root)/staging/\(run)/\(rows)", "\(root)/tables/\(folder(name))")
        try await OwnThread.run {
            if try StoredCopies.copyFiles(below: from, to: to) > 0 { return }
            throw EngineError.user(
                "PIPELINE_STATE", "The rows that were to be added to a table have gone: \(from)",
                remedy: "Read them anew: etl-submit state reset, and run.")
        }
    }

    // MARK: what is staged

    private func stagedText(_ file: String, of name: String, run: String) throws -> String? {
        try StoredNote.read("\(root)/staging/\(run)/\(name)/\(file)")?.text
    }

    /// Writes a file beside a staged table's rows.
    func writeStaged(_ text: String, _ file: String, of name: String, run: String) throws {
        if publishesByRename {
            return try write(text, to: try renamable(staged(name, run: run)) + "/" + file)
        }
        let path = "\(root)/staging/\(run)/\(name)/\(file)"
        let sink = try FileSystems.of(path).create(path, durable: isDurable)
        try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
        try sink.finish()
    }

    // MARK: changes by hand

    /// Changes the cursor, also of what is still being published.
    func setObject(_ state: TableState, of name: String) throws {
        let found = try objectNote(name)
        var note = found.note
        note.published?.state = state
        note.pending?.state = state
        try replace(note, of: name, over: found.tag)
    }

    /// Forgets a table: first that it was read, so that none of its rows is taken for read when the rest
    /// fails.
    func forgetObject(_ name: String) throws {
        // Also one that cannot be read.
        let found = try StoredNote.read(notePath(name))
        try replace(TableNote(isForgotten: true), of: name, over: found?.tag)
        if let pending = found.flatMap({ TableNote.parse($0.text) })?.pending {
            discard(name, run: pending.run)
        }
        try removeForgotten(name)
    }

    private func removeForgotten(_ name: String) throws {
        for path in ["\(root)/tables/\(folder(name))", notePath(name)] {
            try FileSystems.of(path).remove(path)
        }
    }
}
