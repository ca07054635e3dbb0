import CObjectStore
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a local file with positioned reads. Thread-safe: the descriptor has no shared position.
package final class LocalFileSource: ByteSource {
    package let name: String
    package let byteCount: Int
    /// Made of the file's number and the time of its last change, nanoseconds.
    package let stamp: UInt64
    package let isNear = true
    private let descriptor: Int32

    /// Opens the file. Throws `PATH_NOT_FOUND` or `system` errors.
    package convenience init(path: String, name: String? = nil) throws(EngineError) {
        try self.init(descriptor: Glibc.open(path, O_RDONLY | O_CLOEXEC), path: path, name: name ?? path)
    }

    /// Opens the file `rest` below `root`; nil where it is one elsewhere, to which a symbolic link leads that
    /// was made meanwhile.
    convenience init?(beneath root: String, _ rest: String, name: String) throws(EngineError) {
        let descriptor = storage_open_beneath(root, rest, O_RDONLY | O_CLOEXEC, 0)
        if descriptor < 0, errno == EXDEV { return nil }
        try self.init(descriptor: descriptor, path: StoragePath(name).path, name: name)
    }

    /// Takes over the descriptor of an open file; below 0 with `errno` where it could not be opened.
    init(descriptor: Int32, path: String, name: String) throws(EngineError) {
        self.name = name
        self.descriptor = descriptor
        if descriptor < 0 { throw .fileSystem("open", path) }
        var status = stat()
        if fstat(descriptor, &status) != 0 {
            let error = EngineError.fileSystem("examine", path)
            close(descriptor)
            throw error
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw .user("PATH_NOT_FOUND", "This is a directory, not a file: \(path)")
        }
        byteCount = Int(status.st_size)
        let time = status.st_ctim
        stamp =
            UInt64(status.st_ino) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(bitPattern: Int64(time.tv_sec)) << 30
            ^ UInt64(bitPattern: Int64(time.tv_nsec))
    }

    deinit { close(descriptor) }

    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
        while true {
            let got = pread(descriptor, base, buffer.count, off_t(offset))
            if got >= 0 { return got }
            if errno != EINTR { throw .fileSystem("read", name) }
        }
    }
}

/// Writes a local file from its beginning; `finish` makes it durable when asked to.
package final class LocalFileSink: ByteSink {
    package let name: String
    package private(set) var byteCount = 0
    /// Of a file that is made durable: the checksum of what was written, for who publishes it.
    package private(set) var receipt: [UInt8] = []
    private var descriptor: Int32
    private let path: String
    private let tree: LocalTree
    private let durable: Bool
    private let space: UnsafeMutableRawBufferPointer
    private var used = 0
    private var checksum = FileChecksum()

    /// Small writes are gathered into pieces of this size.
    private static let gatherBytes = 1 << 20

    /// Creates the file, and the directories above it, in `tree`, by which `path` is named. Throws `system`
    /// errors, or `user` ones for a bad path.
    package init(
        path: String, durable: Bool = true, name: String? = nil, tree: LocalTree = .whole
    ) throws(EngineError) {
        self.path = path
        self.tree = tree
        self.name = name ?? path
        self.durable = durable
        try LocalDirectory.create(LocalDirectory.parent(of: path), in: tree)
        // Who may use every path may write through links, such as /dev/stdout.
        let flags = O_WRONLY | O_CREAT | O_TRUNC | (tree == .whole ? 0 : O_NOFOLLOW)
        descriptor = try tree.open(path, flags, mode: 0o644)
        if descriptor < 0 { throw .fileSystem("create", path) }
        space = .allocate(byteCount: LocalFileSink.gatherBytes, alignment: 64)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        space.deallocate()
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        byteCount += bytes.count
        if bytes.count > space.count - used {
            try flush()
            if bytes.count >= space.count { return try writeAll(bytes) }
        }
        UnsafeMutableRawBufferPointer(rebasing: space[used...]).copyMemory(from: bytes)
        used += bytes.count
    }

    private func flush() throws(EngineError) {
        if used == 0 { return }
        let bytes = UnsafeRawBufferPointer(rebasing: space[..<used])
        used = 0
        try writeAll(bytes)
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        if durable { checksum.add(bytes) }
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let done = Glibc.write(descriptor, base, rest.count)
            if done < 0 {
                if errno == EINTR { continue }
                throw .fileSystem("write", name)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[done...])
        }
    }

    package func finish() throws(EngineError) {
        if descriptor < 0 { return }
        try flush()
        if durable { FailPoint.pass(.sync) }
        if durable, fsync(descriptor) != 0 { throw .fileSystem("make durable", name) }
        let result = close(descriptor)
        descriptor = -1
        if result != 0 { throw .fileSystem("close", name) }
        if durable { receipt = checksum.receipt }
    }

    package func abort() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        used = 0
        if let entry = try? tree.entry(path) { _ = entry.unlink() }
    }
}

extension EngineError {
    /// Says what to do about a path at which there is nothing, in one process and on a cluster.
    package static func pathRemedy(_ path: String) -> String {
        switch StoragePath(path).scheme {
        case .local: break
        case .http: return "Check the address."
        case .azure: return "Check the container, the account and the path."
        default: return "Check the bucket and the key."
        }
        return "Check the path; relative ones start where the job was started, in a pipeline at its etl.yml, "
            + "or at the cluster's storage."
    }

    /// Makes the error of a failed system call, by `errno`: what the user can mend blames the user.
    package static func fileSystem(_ action: String, _ path: String) -> EngineError {
        let number = errno
        let reason = String(cString: strerror(number))
        switch number {
        case ENOENT:
            return .user(
                "PATH_NOT_FOUND", "No such file or directory: \(path)",
                remedy: EngineError.pathRemedy(path))
        case EACCES, EPERM, EROFS, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP:
            let isRight = number == EACCES || number == EPERM
            return .user(
                "PATH_NOT_ACCESSIBLE", "Could not \(action), \(reason): \(path)",
                remedy: isRight
                    ? "Give the user that runs this program the right to it, or choose another path."
                    : "Choose another path.")
        case ENOSPC, EDQUOT, EFBIG:
            return .system("DISK_FULL", "Could not \(action), \(reason): \(path)", remedy: "Free some space.")
        default: return .system("IO_ERROR", "Could not \(action), \(reason): \(path)")
        }
    }
}
