import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Checks directories that programs are given when they start: a typing error would show hours later.
package enum DirectoryRules {
    /// Makes a directory where only its last part is missing, and returns whether it did. Throws `USAGE`
    /// where what it lies in is missing too.
    package static func make(_ flag: String, _ path: String) throws(EngineError) -> Bool {
        if isDirectory(path) { return false }
        var trimmed = path
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard isDirectory(LocalDirectory.parent(of: trimmed)) else {
            throw .user(
                "USAGE", "--\(flag): there is no such directory: \(path)",
                remedy: "Check the path, or make the directory first.")
        }
        return mkdir(trimmed, 0o755) == 0
    }

    private static func isDirectory(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }
}
