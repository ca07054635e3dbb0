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

    /// Makes a directory and all above it; fine when it exists.
    package static func create(_ path: String) throws(EngineError) {
        var round = 0
        while true {
            if path.isEmpty || mkdir(path, 0o755) == 0 { return }
            if errno == EEXIST || errno == EISDIR {
                var status = stat()
                if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
                if errno != ENOENT { errno = ENOTDIR }
            }
            // A directory above is not there, or was removed by an attempt that found it empty.
            round += 1
            guard errno == ENOENT, parent(of: path) != path, round < rounds else {
                let place = errno == ENOTDIR ? file(inTheWayOf: path) : path
                throw .fileSystem("create a directory", place)
            }
            try create(parent(of: path))
        }
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
    static func sync(_ path: String) throws(EngineError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw .fileSystem("open", path) }
        defer { close(descriptor) }
        FailPoint.pass(.sync)
        if fsync(descriptor) != 0 { throw .fileSystem("make durable", path) }
    }

    /// Returns the names in a directory, sorted, without `.` and `..`; nil when there is no such directory.
    static func names(_ path: String) throws(EngineError) -> [String]? {
        guard let handle = opendir(path) else {
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
    package static func remove(_ path: String) throws(EngineError) {
        var status = stat()
        if lstat(path, &status) != 0 {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw .fileSystem("examine", path)
        }
        if status.st_mode & S_IFMT != S_IFDIR {
            if unlink(path) != 0, errno != ENOENT { throw .fileSystem("remove", path) }
            return
        }
        var round = 0
        while true {
            for name in try names(path) ?? [] { try remove(path + "/" + name) }
            if rmdir(path) == 0 || errno == ENOENT { return }
            // A task that is being stopped has written into it meanwhile.
            round += 1
            guard errno == ENOTEMPTY || errno == EEXIST, round < rounds else {
                throw .fileSystem("remove", path)
            }
            usleep(1000)
        }
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Returns the bytes of a regular file, or nil when there is none.
    static func fileSize(_ path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Removes a directory that has nothing in it; anything else is left alone.
    static func removeIfEmpty(_ path: String) { _ = rmdir(path) }

    /// Makes the entries of a directory, and of all below it, durable.
    static func syncTree(_ path: String) throws(EngineError) {
        for name in try names(path) ?? [] {
            var status = stat()
            let entry = path + "/" + name
            if lstat(entry, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { try syncTree(entry) }
        }
        try sync(path)
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
    static func move(_ from: String, to: String) -> Bool {
        FailPoint.pass(.rename)
        return rename(from, to) == 0
    }

    /// Swaps two directories at once; false, with `errno`, when that fails.
    static func exchange(_ a: String, _ b: String) -> Bool {
        FailPoint.pass(.rename)
        return storage_exchange(a, b) == 0
    }
}
