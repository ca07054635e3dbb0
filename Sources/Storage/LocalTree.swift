import CObjectStore
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reaches places on this machine: all of them, or those below one directory only. Then no symbolic link
/// leads out of it, whenever it is made: each place is opened from the directory on by the kernel, which
/// refuses what leaves it, and is changed by name in its opened parent.
package struct LocalTree: Sendable, Hashable {
    /// The directory, with its symbolic links followed; nil: every place.
    let root: String?

    /// Every place that this process may reach.
    package static let whole = LocalTree(root: nil)

    private init(root: String?) { self.root = root }

    /// Names what is below a directory; it need not exist yet.
    package init(below directory: String) {
        let path = LocalTree.followed(StoragePath(directory).path)
        root = path == "/" ? nil : path
    }

    /// Returns the one path by which a place is named here: as it is where every place may be reached, else
    /// with its symbolic links followed. Throws `PATH_NOT_ALLOWED` for a place that is elsewhere.
    func place(of path: String) throws(EngineError) -> String {
        if root == nil { return path }
        let followed = LocalTree.followed(path)
        if way(to: followed) == nil { throw .pathNotAllowed(path) }
        return followed
    }

    /// Returns the one path of what a name stands for, a link for itself.
    func name(of path: String) throws(EngineError) -> String {
        guard let root, let last = path.split(separator: "/").last, path != root else { return path }
        let parent = try place(of: LocalDirectory.parent(of: path))
        return (parent == "/" ? "" : parent) + "/" + last
    }

    /// Opens a file or a directory; below 0 with `errno`. Throws `PATH_NOT_ALLOWED` for what is elsewhere.
    func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(EngineError) -> Int32 {
        if root == nil { return Glibc.open(path, flags | O_CLOEXEC, mode) }
        guard let way = way(to: path) else { throw .pathNotAllowed(path) }
        let descriptor = storage_open_beneath(way.start, way.rest, flags | O_CLOEXEC, mode)
        if descriptor < 0, errno == EXDEV { throw .pathNotAllowed(path) }
        return descriptor
    }

    /// Opens the directory that holds a name; nil, with `errno`, where there is none. Throws
    /// `PATH_NOT_ALLOWED` for what is elsewhere.
    func entry(_ path: String) throws(EngineError) -> LocalEntry? {
        if root == nil { return LocalEntry(directory: AT_FDCWD, name: path) }
        let parent = LocalDirectory.parent(of: path)
        guard let way = way(to: path), let last = path.split(separator: "/").last.map(String.init),
            last != ".", last != ".."
        else { throw .pathNotAllowed(path) }
        let flags = storage_place_flags()
        // The directory itself is where who runs the program has put it.
        let descriptor = way.start == path ? Glibc.open(parent, flags) : try open(parent, flags)
        return descriptor < 0 ? nil : LocalEntry(directory: descriptor, name: last)
    }

    /// Returns the directory from which a path is opened, and the way from there; nil for what is elsewhere.
    /// That directory is the tree's own, or one that an overwrite of all of it sets beside it: `.name-JOB`.
    private func way(to path: String) -> (start: String, rest: String)? {
        guard let root else { return nil }
        if path == root { return (root, ".") }
        if path.hasPrefix(root + "/") { return (root, String(path.dropFirst(root.count + 1))) }
        let parent = LocalDirectory.parent(of: root)
        let above = parent == "/" ? "/" : parent + "/"
        guard path.hasPrefix(above + "." + root.dropFirst(above.count) + "-") else { return nil }
        let name = path.dropFirst(above.count).prefix { $0 != "/" }
        let rest = path.dropFirst(above.count + name.count + 1)
        return (above + name, rest.isEmpty ? "." : String(rest))
    }

    /// Follows the symbolic links of the part of a path that exists; the rest (a glob, a file to come) stays.
    static func followed(_ path: String) -> String {
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
            let last = existing.split(separator: "/").last ?? ""
            if last != "." { rest = "/" + last + rest }
            existing = parent
        }
    }
}

/// A name in a directory that is open as long as this lives.
struct LocalEntry: ~Copyable {
    let directory: Int32
    let name: String

    deinit { if directory != AT_FDCWD { close(directory) } }

    /// Says what the name stands for, a link for itself; nil, with `errno`, where there is nothing.
    borrowing func status() -> stat? {
        var status = stat()
        return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }

    /// Removes a file or a link; false, with `errno`, when that fails.
    borrowing func unlink() -> Bool { unlinkat(directory, name, 0) == 0 }

    /// Removes an empty directory; false, with `errno`, when that fails.
    borrowing func removeDirectory() -> Bool { unlinkat(directory, name, AT_REMOVEDIR) == 0 }
}

extension EngineError {
    /// Says that jobs may not use a path.
    static func pathNotAllowed(_ path: String) -> EngineError {
        .user(
            "PATH_NOT_ALLOWED", "Jobs of this cluster may not use the path: \(AddressText.shown(path))",
            remedy: "Use a path relative to the cluster's storage, or have it allowed with --allow-path.")
    }
}
