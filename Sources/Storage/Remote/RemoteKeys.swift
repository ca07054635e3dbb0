/// Reads keys of object stores as paths.
enum RemoteKeys {
    /// Says whether a key below a directory is a file that readers see: no part is hidden, and it is no
    /// marker of a directory, which ends with a slash.
    static func isVisible(_ key: Substring) -> Bool {
        !key.isEmpty && !key.hasSuffix("/")
            && key.split(separator: "/").allSatisfy {
                !FileStatus(path: String($0), isDirectory: true, byteCount: 0).isHidden
            }
    }

    /// Returns a key without slashes at its end.
    static func trimmed(_ key: String) -> String {
        var key = Substring(key)
        while key.hasSuffix("/") { key.removeLast() }
        return String(key)
    }
}
