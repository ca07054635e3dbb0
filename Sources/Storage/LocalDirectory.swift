import CObjectStore
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Makes, empties and syncs local directories.
package enum LocalDirectory {
    /// Returns the directory of a path; `.` for a bare name.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// How often what another task undoes in between is done again.
    private static let rounds = 20
    /// How long a directory is emptied that another task writes into.
    private static let patience = Duration.seconds(5)

    /// Makes a directory and all above it; fine when it exists.
    package static func create(_ path: String, in tree: LocalTree = .whole) throws(EngineError) {
        // The tree's own directory is named by who runs the program, and made where that says.
        if let root = tree.root, path == root { return try create(path) }
        var round = 0
        while true {
            if path.isEmpty { return }
            if try make(path, in: tree) { return }
            // A directory above is not there, or was removed by an attempt that found it empty.
            round += 1
            guard errno == ENOENT, parent(of: path) != path, round < rounds else {
                if errno == ENOENT {
                    throw .user(
                        "PATH_NOT_ACCESSIBLE", "A directory cannot be made there: \(path)",
                        remedy: "Choose another path.")
                }
                let place = errno == ENOTDIR ? file(inTheWayOf: path) : path
                throw .fileSystem("create a directory", place)
            }
            try create(parent(of: path), in: tree)
        }
    }

    /// Makes one directory; false, with `errno`, when that fails. Fine when it exists.
    private static func make(_ path: String, in tree: LocalTree) throws(EngineError) -> Bool {
        guard let entry = try tree.entry(path) else { return false }
        if mkdirat(entry.directory, entry.name, 0o755) == 0 { return true }
        guard errno == EEXIST || errno == EISDIR else { return false }
        let descriptor = try tree.open(path, storage_place_flags())
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    /// Returns the file that is where a directory should be, `path` or above it. Leaves `errno` ENOTDIR.
    private static func file(inTheWayOf path: String) -> String {
        var place = path
        var status = stat()
        while stat(place, &status) != 0, parent(of: place) != place { place = parent(of: place) }
        errno = ENOTDIR
        return place
    }

    /// Makes the entries of a directory durable.
    static func sync(_ path: String, in tree: LocalTree = .whole) throws(EngineError) {
        // Above the tree only the entry of its own directory changes.
        let isAbove = tree.root.map { path == parent(of: $0) } ?? false
        let descriptor = try (isAbove ? .whole : tree).open(path, O_RDONLY | O_DIRECTORY)
        if descriptor < 0 { throw .fileSystem("open", path) }
        defer { close(descriptor) }
        FailPoint.pass(.sync)
        if fsync(descriptor) != 0 { throw .fileSystem("make durable", path) }
    }

    /// Returns the names in a directory, sorted, without `.` and `..`; nil when there is no such directory.
    static func names(_ path: String, in tree: LocalTree = .whole) throws(EngineError) -> [String]? {
        let descriptor = try tree.open(path, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0, let handle = fdopendir(descriptor) else {
            let reason = errno
            if descriptor >= 0 { close(descriptor) }
            errno = reason
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .fileSystem("list", path)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file, or a directory with all in it; fine when there is none.
    package static func remove(_ path: String, in tree: LocalTree = .whole) throws(EngineError) {
        guard let entry = try tree.entry(path), let status = entry.status() else {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw .fileSystem("examine", path)
        }
        if status.st_mode & S_IFMT != S_IFDIR {
            if !entry.unlink(), errno != ENOENT { throw .fileSystem("remove", path) }
            return
        }
        let deadline = ContinuousClock.now + patience
        while true {
            for name in try names(path, in: tree) ?? [] { try remove(path + "/" + name, in: tree) }
            if entry.removeDirectory() || errno == ENOENT { return }
            // A task that is being stopped has written into it meanwhile.
            guard errno == ENOTEMPTY || errno == EEXIST, ContinuousClock.now < deadline else {
                throw .fileSystem("remove", path)
            }
            usleep(1000)
        }
    }

    static func exists(_ path: String, in tree: LocalTree = .whole) throws(EngineError) -> Bool {
        guard let entry = try tree.entry(path) else { return false }
        return entry.status() != nil
    }

    /// Returns the bytes of a regular file, or nil when there is none.
    static func fileSize(_ path: String, in tree: LocalTree = .whole) throws(EngineError) -> Int? {
        guard let entry = try tree.entry(path), let status = entry.status(),
            status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        return Int(status.st_size)
    }

    /// Removes a directory that has nothing in it; anything else is left alone.
    static func removeIfEmpty(_ path: String, in tree: LocalTree = .whole) {
        if let entry = try? tree.entry(path) { _ = entry.removeDirectory() }
    }

    /// Makes the entries of a directory, and of all below it, durable.
    static func syncTree(_ path: String, in tree: LocalTree = .whole) throws(EngineError) {
        for name in try names(path, in: tree) ?? [] {
            let entry = path + "/" + name
            if try isDirectory(entry, in: tree) { try syncTree(entry, in: tree) }
        }
        try sync(path, in: tree)
    }

    private static func isDirectory(_ path: String, in tree: LocalTree) throws(EngineError) -> Bool {
        guard let entry = try tree.entry(path), let status = entry.status() else { return false }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Returns the path with symbolic links followed, or as it is when it does not exist.
    package static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Says whether a directory cannot be renamed: the root of a mount, or in a directory that may not be
    /// written to. The directory that this process works in would be taken from under it and the shell that
    /// started it.
    static func isFixed(_ path: String) -> Bool {
        var (own, above, working) = (stat(), stat(), stat())
        let parent = parent(of: path)
        guard stat(path, &own) == 0, stat(parent, &above) == 0 else { return false }
        if stat(".", &working) == 0, working.st_dev == own.st_dev, working.st_ino == own.st_ino {
            return true
        }
        return own.st_dev != above.st_dev || access(parent, W_OK) != 0
    }

    /// Gives a file or directory its final name; false, with `errno`, when that fails.
    static func move(
        _ from: String, to: String, in tree: LocalTree = .whole
    ) throws(EngineError) -> Bool {
        FailPoint.pass(.rename)
        guard let source = try tree.entry(from), let target = try tree.entry(to) else { return false }
        return renameat(source.directory, source.name, target.directory, target.name) == 0
    }

    /// Swaps two directories at once; false, with `errno`, when that fails.
    static func exchange(_ a: String, _ b: String, in tree: LocalTree = .whole) throws(EngineError) -> Bool {
        FailPoint.pass(.rename)
        guard let first = try tree.entry(a), let second = try tree.entry(b) else { return false }
        return storage_exchange(first.directory, first.name, second.directory, second.name) == 0
    }
}
