import Vocabulary

/// Tells where the paths of jobs lead, and which may be used.
package struct PathRules: Sendable {
    /// Directory or URL that relative paths are below; empty: the process's own directory.
    private let base: String
    /// Absolute paths and URLs below which jobs may read and write; nil: anywhere.
    private let allowed: [String]?

    /// Web servers that files may be read from.
    private let web: WebRules

    package init(base: String = "", allowed: [String]? = nil, web: WebRules = .nothing) {
        self.web = web
        self.base = PathRules.trimmed(base)
        self.allowed = allowed.map { $0.map(PathRules.trimmed) }
    }

    /// Everything that the user of this process may use: for the cluster embedded in a user's own program.
    package static let unrestricted = PathRules(web: .unrestricted)

    static func trimmed(_ path: String) -> String {
        var text = path
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        return text
    }

    /// Returns the file system of a path that `resolve` gave.
    package func fileSystem(of place: String) throws(EngineError) -> any FileSystem {
        if allowed != nil, StoragePath(place).scheme == .local {
            guard let found = location(of: place, [base]) else { throw refused(place) }
            return LocalFileSystem(tree: LocalTree(below: found.start))
        }
        return try FileSystems.of(place, web: web)
    }

    /// Returns the whole path of what a job names. Throws `PATH_NOT_ALLOWED` outside of what is allowed.
    package func resolve(_ path: String) throws(EngineError) -> String {
        // Web servers are allowed by rules of their own, which are asked before each call.
        if StoragePath(path).scheme == .http { return path }
        if !PathRules.isAbsolute(path) {
            guard allowed == nil || !path.split(separator: "/").contains("..") else { throw refused(path) }
            let whole = base.isEmpty ? path : base + "/" + path
            guard leadsInside(whole, [base]) else { throw refused(path) }
            return whole
        }
        guard let allowed else { return path }
        let plain = PathRules.plain(path)
        let isInside = (allowed + (base.isEmpty ? [] : [base])).map(PathRules.plain).contains {
            plain == $0 || plain.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/")
        }
        guard isInside, !plain.split(separator: "/").contains(".."),
            leadsInside(path, base.isEmpty ? [] : [base])
        else {
            throw refused(path)
        }
        return path
    }

    private static func isAbsolute(_ path: String) -> Bool {
        path.hasPrefix("/") || path.contains("://") || path.hasPrefix("file:/")
    }

    /// Opens a file that a job names for reading. Throws as `resolve` and the file systems do.
    package func open(_ path: String) throws(EngineError) -> any ByteSource {
        let place = try resolve(path)
        guard allowed != nil, StoragePath(place).scheme == .local else {
            return try fileSystem(of: place).open(place)
        }
        // A link that is made between the look and the opening must not lead out either.
        guard let found = location(of: place, further(path)) else { throw refused(path) }
        let way = PathRules.way(from: found.start, to: found.end)
        guard let file = try LocalFileSource(beneath: way.root, way.rest, name: place) else {
            throw refused(path)
        }
        return file
    }

    /// Returns what a job may change when it writes to a path: the allowed directory that it is in. Throws as
    /// `resolve` does.
    package func tree(of path: String) throws(EngineError) -> LocalTree {
        let place = try resolve(path)
        guard allowed != nil, StoragePath(place).scheme == .local else { return .whole }
        guard let found = location(of: place, further(path)) else { throw refused(path) }
        return LocalTree(below: found.start)
    }

    /// Returns what may be used besides what is allowed: where relative paths start, the process's own
    /// directory being "".
    private func further(_ path: String) -> [String] {
        base.isEmpty && PathRules.isAbsolute(path) ? [] : [base]
    }

    /// Whether a local path stays below what is allowed once its symbolic links are followed.
    /// `further` may be used besides what is allowed.
    private func leadsInside(_ path: String, _ further: [String]) -> Bool {
        allowed == nil || StoragePath(path).scheme != .local || location(of: path, further) != nil
    }

    /// Returns the allowed directory that a local path lies in, and the path, once the symbolic links of both
    /// are followed; nil when it is in none.
    private func location(of path: String, _ further: [String]) -> (start: String, end: String)? {
        let end = LocalTree.followed(StoragePath(path).path)
        for place in (allowed ?? []) + further {
            let location = StoragePath(place)
            guard location.scheme == .local else { continue }
            let start = LocalTree.followed(location.path.isEmpty ? "." : location.path)
            if start == "/" || end == start || end.hasPrefix(start + "/") { return (start, end) }
        }
        return nil
    }

    /// Returns the directory from which a path is opened, and the way from there.
    private static func way(from start: String, to end: String) -> (root: String, rest: String) {
        if start == "/" { return (start, String(end.drop { $0 == "/" })) }
        if end != start { return (start, String(end.dropFirst(start.count + 1))) }
        return (LocalDirectory.parent(of: end), String(end.split(separator: "/").last ?? "."))
    }

    /// Writes a path in the one way in which paths are compared: without `file://`, and `s3://` and
    /// `abfss://` for their other names.
    static func plain(_ path: String) -> String {
        if path.hasPrefix("file://") { return String(path.dropFirst(7)) }
        let location = StoragePath(path)
        let scheme: String
        switch location.scheme {
        case .s3: scheme = "s3://"
        case .google: scheme = "gs://"
        case .azure: scheme = "abfss://"
        default: return path
        }
        return scheme + location.authority + (location.path.isEmpty ? "" : "/" + location.path)
    }

    private func refused(_ path: String) -> EngineError { .pathNotAllowed(path) }
}

/// Names the directories in which a statement's tasks write aside.
package enum StagingName {
    /// Returns the name of a statement's staging directory.
    package static func statement(job: String, _ statement: UInt32) -> String { "\(job)-\(statement)" }

    /// Returns the name of an attempt's directory in it.
    package static func attempt(_ attempt: AttemptID) -> String { attempt.description }
}
