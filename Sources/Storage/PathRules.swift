import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

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
        try FileSystems.of(place, web: web)
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
        let further = base.isEmpty && PathRules.isAbsolute(path) ? [] : [base]
        guard let found = location(of: place, further),
            let file = try LocalFileSource(beneath: found.root, found.rest, name: place)
        else { throw refused(path) }
        return file
    }

    /// Whether a local path stays below what is allowed once its symbolic links are followed.
    /// `further` may be used besides what is allowed; the process's own directory is "".
    private func leadsInside(_ path: String, _ further: [String]) -> Bool {
        allowed == nil || StoragePath(path).scheme != .local || location(of: path, further) != nil
    }

    /// Returns the allowed directory that a local path lies in once its symbolic links are followed, and the
    /// way from there; nil when it is in none.
    private func location(of path: String, _ further: [String]) -> (root: String, rest: String)? {
        let end = PathRules.followed(StoragePath(path).path)
        for place in (allowed ?? []) + further {
            let location = StoragePath(place)
            guard location.scheme == .local else { continue }
            let start = PathRules.followed(location.path.isEmpty ? "." : location.path)
            if start == "/" { return (start, String(end.drop { $0 == "/" })) }
            if end.hasPrefix(start + "/") { return (start, String(end.dropFirst(start.count + 1))) }
            if end == start {
                let parent = LocalDirectory.parent(of: end)
                return (parent, String(end.split(separator: "/").last ?? "."))
            }
        }
        return nil
    }

    /// Follows the symbolic links of the part of a path that exists; the rest (a glob, a file to come) stays.
    private static func followed(_ path: String) -> String {
        var existing = path
        var rest = ""
        while true {
            if let real = realpath(existing, nil) {
                defer { free(real) }
                let text = String(cString: real)
                return rest.isEmpty ? text : (text == "/" ? "" : text) + rest
            }
            let parent = LocalDirectory.parent(of: existing)
            if parent == existing || existing.isEmpty { return path }
            rest = "/" + (existing.split(separator: "/").last ?? "") + rest
            existing = parent
        }
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

    private func refused(_ path: String) -> EngineError {
        .user(
            "PATH_NOT_ALLOWED", "Jobs of this cluster may not use the path: \(AddressText.shown(path))",
            remedy: "Use a path relative to the cluster's storage, or have it allowed with --allow-path.")
    }
}

/// Names the directories in which a statement's tasks write aside.
package enum StagingName {
    /// Returns the name of a statement's staging directory.
    package static func statement(job: String, _ statement: UInt32) -> String { "\(job)-\(statement)" }

    /// Returns the name of an attempt's directory in it.
    package static func attempt(_ attempt: AttemptID) -> String { attempt.description }
}
