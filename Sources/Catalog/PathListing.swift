import Storage
import Vocabulary

/// Finds the files that paths, directories and globs name.
struct PathListing {
    let tree: any FileTree
    /// Spark's option `pathGlobFilter`: what names of files must match.
    var nameFilter: GlobPattern?

    /// A file with the directory or file that the user named, below which folders are partitions.
    struct Found {
        var entry: FileStatus
        var root: String
    }

    /// Most files of one relation.
    static let fileLimit = 1_000_000
    /// Deepest nesting of directories that is followed.
    static let depthLimit = 64

    /// Returns all files, sorted by path within each given path. Throws `PATH_NOT_FOUND` for a path that
    /// names nothing.
    func files(at paths: [String]) throws(EngineError) -> [Found] {
        var found: [Found] = []
        for path in paths {
            let trimmed = Self.trimmed(path)
            let roots = try expand(trimmed)
            if roots.isEmpty { throw Self.notFound(path) }
            for root in roots {
                if root.isDirectory {
                    try collect(root.path, root: root.path, depth: 0, into: &found)
                } else {
                    found.append(Found(entry: root, root: root.path))
                }
            }
        }
        return found
    }

    static func notFound(_ path: String) -> EngineError {
        .user(
            "PATH_NOT_FOUND", "There is no file or directory at this path: \(AddressText.shown(path))",
            remedy: EngineError.pathRemedy(path))
    }

    /// Drops slashes at the end, but not those of a scheme or of the root. An address of a web server is
    /// another one without them.
    static func trimmed(_ path: String) -> String {
        var text = path
        if StoragePath(path).scheme == .http { return text }
        while text.count > 1, text.hasSuffix("/"), !text.hasSuffix("://") { text.removeLast() }
        return text
    }

    private func collect(
        _ directory: String, root: String, depth: Int, into found: inout [Found]
    ) throws(EngineError) {
        if depth == 0, let all = try tree.files(below: directory) {
            for entry in all { try add(entry, root: root, to: &found) }
            return
        }
        if depth > Self.depthLimit {
            throw .user(
                "PATH_TOO_DEEP", "Directories are nested more than \(Self.depthLimit) deep: \(directory)")
        }
        for entry in try tree.entries(in: directory) where !entry.isHidden {
            if entry.isDirectory {
                try collect(entry.path, root: root, depth: depth + 1, into: &found)
            } else {
                try add(entry, root: root, to: &found)
            }
        }
    }

    private func add(_ entry: FileStatus, root: String, to found: inout [Found]) throws(EngineError) {
        guard nameFilter?.matches(entry.name) ?? true else { return }
        found.append(Found(entry: entry, root: root))
        if found.count > Self.fileLimit {
            throw .user("TOO_MANY_FILES", "The path holds more than \(Self.fileLimit) files: \(root)")
        }
    }

    /// Returns the entries that a path with globs names, or the one without.
    private func expand(_ path: String) throws(EngineError) -> [FileStatus] {
        if let exact = try tree.entry(at: path) { return [exact] }
        if !GlobPattern.isPattern(path) || StoragePath(path).scheme == .http { return [] }
        let (prefix, parts) = Self.split(path)
        var level: [FileStatus] = [FileStatus(path: prefix, isDirectory: true, byteCount: 0)]
        for (position, part) in parts.enumerated() {
            var next: [FileStatus] = []
            let pattern = GlobPattern.isPattern(part) ? GlobPattern(part) : nil
            for directory in level where directory.isDirectory {
                if let pattern {
                    if position == 0, try tree.entry(at: directory.path.isEmpty ? "." : directory.path) == nil
                    {
                        continue
                    }
                    let entries = try tree.entries(in: directory.path.isEmpty ? "." : directory.path)
                    for entry in entries where !entry.isHidden && pattern.matches(entry.name) {
                        next.append(Self.rooted(entry, in: directory.path))
                    }
                } else if let entry = try tree.entry(at: Self.joined(directory.path, part)) {
                    next.append(entry)
                }
            }
            level = next
        }
        return level
    }

    /// Keeps a relative path relative when the working directory was listed under the name `.`.
    private static func rooted(_ entry: FileStatus, in directory: String) -> FileStatus {
        var result = entry
        if directory.isEmpty { result.path = entry.name }
        return result
    }

    private static func joined(_ directory: String, _ name: String) -> String {
        if directory.isEmpty { return name }
        return directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    /// Splits a path before its first part with a glob: what can be opened as it is, and the parts to match.
    private static func split(_ path: String) -> (prefix: String, parts: [String]) {
        var scheme = ""
        var rest = Substring(path)
        if let range = firstRange(of: "://", in: path) {
            scheme = String(path[..<range.upperBound])
            rest = path[range.upperBound...]
        }
        let isAbsolute = rest.hasPrefix("/")
        let parts = rest.split(separator: "/").map(String.init)
        let first = parts.firstIndex(where: GlobPattern.isPattern) ?? parts.count
        let fixed = parts[..<first].joined(separator: "/")
        return (scheme + (isAbsolute ? "/" : "") + fixed, Array(parts[first...]))
    }

    private static func firstRange(of mark: String, in text: String) -> Range<String.Index>? {
        text.firstRange(of: mark)
    }
}
