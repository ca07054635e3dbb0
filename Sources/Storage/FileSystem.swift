import Synchronization
import Vocabulary

/// Names a file or a directory that was found.
package struct FileStatus: Sendable, Hashable {
    /// Full path or URL, in the form that it was asked for, without a slash at the end.
    package var path: String
    package var isDirectory: Bool
    /// Bytes of a file; 0 for a directory.
    package var byteCount: Int
    /// Tells a file from one that was written in its place: the time of its change, or an object's tag. Not
    /// part of what makes two of these equal.
    package var version: String?
    /// When it was last written, in microseconds since 1970, where that is known. Not part of what makes two
    /// of these equal.
    package var modifiedMicroseconds: Int64?

    package init(path: String, isDirectory: Bool, byteCount: Int, version: String? = nil) {
        self.path = path
        self.isDirectory = isDirectory
        self.byteCount = byteCount
        self.version = version
    }

    package static func == (a: FileStatus, b: FileStatus) -> Bool {
        a.path == b.path && a.isDirectory == b.isDirectory && a.byteCount == b.byteCount
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(path)
        hasher.combine(byteCount)
    }

    /// The last part of the path.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// True for names that readers skip, as Spark does: `_SUCCESS`, `_temporary`, `.crc`. A folder
    /// `_key=value` counts.
    package var isHidden: Bool { name.hasPrefix(".") || (name.hasPrefix("_") && !name.contains("=")) }
}

/// Reaches files in one kind of place. Paths are whole, with their scheme. Thread-safe; calls block.
package protocol FileSystem: AnyObject, Sendable {
    /// Returns what is at a path, or nil when there is nothing. Object stores have a directory wherever a key
    /// begins so.
    func status(_ path: String) throws(EngineError) -> FileStatus?
    /// Returns what is directly in a directory, hidden names too, in order of names; nothing when there is
    /// none.
    func entries(_ directory: String) throws(EngineError) -> [FileStatus]
    /// True where `files(below:)` costs much less than going from directory to directory.
    var listsWholeTrees: Bool { get }
    /// Returns all files at any depth below a directory, in order of paths; hidden names, and all below
    /// hidden directories, are left out.
    func files(below directory: String) throws(EngineError) -> [FileStatus]
    /// Opens a file for reading. Throws `PATH_NOT_FOUND` when there is none.
    func open(_ path: String) throws(EngineError) -> any ByteSource
    /// Creates a file, and the directories above it. An object is visible when its sink is finished, not
    /// before.
    /// `durable`: `finish` returns when the bytes are on the device.
    func create(_ path: String, durable: Bool) throws(EngineError) -> any ByteSink
    /// Removes a file, or a directory with all that is in it; fine when there is none.
    func remove(_ path: String) throws(EngineError)
}

extension FileSystem {
    /// False: directories are cheap.
    package var listsWholeTrees: Bool { false }

    /// Returns all files at any depth below a directory, in order of paths, without hidden ones.
    package func files(below directory: String) throws(EngineError) -> [FileStatus] {
        var found: [FileStatus] = []
        for entry in try entries(directory) where !entry.isHidden {
            if entry.isDirectory { found += try files(below: entry.path) } else { found.append(entry) }
        }
        return found
    }
}

/// Finds the file system of a path by its scheme.
package enum FileSystems {
    package static let local = LocalFileSystem()
    private static let sharedS3 = Result { () throws(EngineError) in
        try S3FileSystem(settings: .fromEnvironment())
    }

    /// Returns S3 as the environment describes it, set up at the first call.
    static func s3() throws(EngineError) -> S3FileSystem { try sharedS3.get() }

    private static let sharedGoogle = Result { () throws(EngineError) in
        try GoogleStore.connect(.fromEnvironment())
    }
    /// By container and account; each account is another server.
    private static let sharedAzure = Mutex<[String: ArrowFileSystem]>([:])

    private static func azure(_ authority: String) throws(EngineError) -> ArrowFileSystem {
        if let known = sharedAzure.withLock({ $0[authority] }) { return known }
        let made = try AzureStore.connect(authority, .fromEnvironment())
        return sharedAzure.withLock { known in
            if let first = known[authority] { return first }
            known[authority] = made
            return made
        }
    }

    /// Returns the file system that `path` is in; `web` says which web servers may be read from. Throws
    /// `UNSUPPORTED_FILE_SYSTEM` for schemes that are not known.
    package static func of(_ path: String, web: WebRules = .nothing) throws(EngineError) -> any FileSystem {
        let location = StoragePath(path)
        switch location.scheme {
        case .local: return local
        case .s3: return try s3()
        case .google: return try sharedGoogle.get()
        case .azure: return try azure(location.authority)
        case .http: return try HTTPFileSystem(rules: web)
        case .other:
            throw .user(
                "UNSUPPORTED_FILE_SYSTEM",
                "Paths of this scheme cannot be reached: \(AddressText.shown(path))",
                remedy: "Use a local path, file://, s3://, gs://, abfss:// or https://.")
        }
    }
}

extension EngineError {
    /// Makes the error of output to a place that is for reading.
    package static func cannotWrite(_ path: String) -> EngineError {
        .user(
            "UNSUPPORTED_FILE_SYSTEM",
            "This kind of place can be read, not written: \(AddressText.shown(path))",
            remedy: "Write to a local path or to s3://, and copy it with the store's own tools.")
    }
}
