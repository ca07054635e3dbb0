import Storage
import Vocabulary

/// Knows which files an extract step has read, so that one that appends or merges reads each file once. A
/// file that was written anew is another one: its size, and its time of change or tag, tell.
struct FileHistory: Sendable, Equatable {
    /// Size and version of each file that was read, by its path as SQL names it.
    private(set) var files: [String: String] = [:]

    init() {}

    /// Name of the file that keeps it in a table's directory; readers pass over names that begin with `_`.
    static let fileName = "_millrace_files"
    /// Largest such file, bytes.
    static let limitBytes = 256 << 20

    /// Reads what `text` has written.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1)
            if parts.count == 2 { files[String(parts[1])] = String(parts[0]) }
        }
    }

    /// The files, one a line: size and version, a tab, the path.
    var text: String {
        files.sorted { $0.key < $1.key }.map { "\($0.value)\t\($0.key)\n" }.joined()
    }

    /// Returns those of the files that were not read, in the order given.
    func new(_ found: [FileStatus]) -> [FileStatus] {
        found.filter { files[$0.path] != FileHistory.stamp($0) }
    }

    /// Notes files as read.
    mutating func add(_ read: [FileStatus]) {
        for file in read { files[file.path] = FileHistory.stamp(file) }
    }

    private static func stamp(_ file: FileStatus) -> String { "\(file.byteCount) \(file.version ?? "")" }

    /// Returns the files that a path names: a file, a directory with all below it, or a pattern; sorted by
    /// path. `root` stands before relative paths when they are looked for; the files have the names that a
    /// job gives them. Throws what listing throws; nothing there is no file.
    static func list(_ path: String, root: String) throws -> [FileStatus] {
        var trimmed = path
        while trimmed.count > 1, trimmed.hasSuffix("/"), !trimmed.hasSuffix("://") { trimmed.removeLast() }
        let isOwn = trimmed.hasPrefix("/") || trimmed.contains("://")
        let before = isOwn ? "" : root
        func named(_ files: [FileStatus]) -> [FileStatus] {
            files.map { file in
                var file = file
                file.path = String(file.path.dropFirst(before.count))
                return file
            }.sorted { $0.path < $1.path }
        }
        if StoragePath(before + trimmed).scheme == .http {
            throw EngineError.user(
                "UNSUPPORTED_FEATURE",
                "An extract that appends or merges reads each file once, which a web server does not list: "
                    + AddressText.shown(path),
                remedy: "Use write_disposition: replace, or an extract of kind rest.")
        }
        let system = try FileSystems.of(before + trimmed)
        if let exact = try system.status(before + trimmed) {
            return named(exact.isDirectory ? try system.files(below: exact.path) : [exact])
        }
        guard let first = trimmed.firstIndex(where: { "*?[{".contains($0) }) else { return [] }
        // The directories before the first part with a pattern are opened as they are.
        let slash = trimmed[..<first].lastIndex(of: "/")
        let folder = slash.map { String(trimmed[..<$0]) } ?? ""
        let patterns = trimmed[(slash.map(trimmed.index(after:)) ?? trimmed.startIndex)...]
            .split(separator: "/").map { GlobPattern(String($0)) }
        let place = before + folder
        let start = place.isEmpty ? (trimmed.hasPrefix("/") ? "/" : ".") : place
        // Below the working directory names have `./` before them, which those of a job have not.
        let cut = start == "." ? 2 : before.count
        let depth = (start.hasSuffix("/") ? start : start + "/").count
        let found = try system.files(below: start).filter { file in
            let parts = file.path.dropFirst(depth).split(separator: "/")
            return parts.count >= patterns.count
                && zip(patterns, parts).allSatisfy { $0.matches(String($1)) }
        }
        return found.map { file in
            var file = file
            file.path = String(file.path.dropFirst(cut))
            return file
        }.sorted { $0.path < $1.path }
    }
}
