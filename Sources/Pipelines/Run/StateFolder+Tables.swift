import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

// Cursors of tables, and tables that grow by files.
extension StateFolder {
    /// Returns what a published table's step wrote down; nil when it did not.
    package func tableState(_ name: String) -> TableState? {
        StateFolder.read(table(name) + "/" + TableState.fileName).flatMap(TableState.parse)
    }

    /// Writes down what becomes valid when the staged table is published.
    func stage(_ tableState: TableState, of name: String) throws {
        try StateFolder.write(tableState.text, to: staged(name) + "/" + TableState.fileName)
    }

    /// Changes a published table's cursor: the next run reads from there on.
    package func set(_ tableState: TableState, of name: String) throws {
        guard hasTable(name) else {
            throw EngineError.user("TABLE_NOT_MADE", "The table of this step has not been made yet: \(name)")
        }
        let path = table(name) + "/" + TableState.fileName
        try StateFolder.write(tableState.text, to: path + ".new")
        guard rename(path + ".new", path) == 0 else { throw StateFolder.error("Cannot write", path) }
    }

    /// Forgets a table with its cursor: the next run makes it anew.
    package func reset(_ name: String) { StateFolder.remove(table(name)) }

    /// Names of published tables, sorted.
    package var tableNames: [String] { StateFolder.names(in: path + "/tables").sorted() }

    /// Puts the data files of the published table beside those of a staged one; as links, nothing is copied.
    func addPublishedFiles(of name: String, to staged: String) throws {
        mkdir(staged, 0o755)
        for file in StateFolder.names(in: table(name)) where !file.hasPrefix("_") && !file.hasPrefix(".") {
            let (from, to) = (table(name) + "/" + file, staged + "/" + file)
            guard link(from, to) == 0 || errno == EEXIST else { throw StateFolder.error("Cannot link", to) }
        }
    }

    /// Moves the data files of one staged folder into another.
    func moveFiles(from: String, to: String) throws {
        mkdir(to, 0o755)
        for file in StateFolder.names(in: from) where !file.hasPrefix(".") {
            guard rename(from + "/" + file, to + "/" + file) == 0 else {
                throw StateFolder.error("Cannot move", from + "/" + file)
            }
        }
        StateFolder.remove(from)
    }

    /// Names this making of a published table: another one has another name.
    func generation(of name: String) -> String {
        var information = stat()
        guard stat(table(name), &information) == 0 else { return "none" }
        return "\(information.st_ino)-\(information.st_mtim.tv_sec)-\(information.st_mtim.tv_nsec)"
    }

    private static func read(_ path: String) -> String? {
        guard let stream = fopen(path, "r") else { return nil }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, stream)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func write(_ text: String, to path: String) throws {
        guard let stream = fopen(path, "w") else { throw error("Cannot write", path) }
        let isWhole = fputs(text, stream) >= 0
        guard fclose(stream) == 0, isWhole else { throw error("Cannot write", path) }
    }
}
