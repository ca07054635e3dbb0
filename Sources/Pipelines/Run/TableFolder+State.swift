import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

// What is written down about tables, beside their rows.
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
    package func tableState(_ name: String) -> TableState? {
        guard let path = try? renamable(table(name)),
            let stream = fopen(path + "/" + TableState.fileName, "r")
        else { return nil }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, stream)
        return TableState.parse(String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// Changes a published table's cursor.
    package func set(_ tableState: TableState, of name: String) throws {
        let path = try renamable(table(name)) + "/" + TableState.fileName
        try TableFolder.write(tableState.text, to: path + ".new")
        guard rename(path + ".new", path) == 0 else { throw TableFolder.error("Cannot write", path) }
    }

    /// Forgets a table with its cursor.
    package func reset(_ name: String) {
        if let path = try? renamable(table(name)) { try? FileSystems.local.remove(path) }
    }

    /// Names of published tables, sorted.
    package var names: [String] {
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
