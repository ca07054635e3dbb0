import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

// What the program itself keeps in a tree. Places are named by any path that leads there. Throws
// `PATH_NOT_ALLOWED` for what is elsewhere; other failures leave `errno`.
extension LocalTree {
    /// Whether there is something at a path, a link itself.
    package func has(_ path: String) throws(EngineError) -> Bool {
        try LocalDirectory.exists(try name(of: path), in: self)
    }

    /// Returns the number of what is at a path and when it was changed last; nil where there is nothing.
    package func identity(of path: String) throws(EngineError) -> String? {
        guard let entry = try entry(try name(of: path)), let status = entry.status() else { return nil }
        return "\(status.st_ino)-\(status.st_mtim.tv_sec)-\(status.st_mtim.tv_nsec)"
    }

    /// Returns the names in a directory, sorted; none where there is no such directory.
    package func names(in path: String) throws(EngineError) -> [String] {
        try LocalDirectory.names(try place(of: path), in: self) ?? []
    }

    /// Makes a directory and those above it; fine when it exists.
    package func makeDirectory(_ path: String) throws(EngineError) {
        try LocalDirectory.create(try place(of: path), in: self)
    }

    /// Gives a file or directory another name; false, with `errno`, when that fails.
    package func move(_ from: String, to: String) throws(EngineError) -> Bool {
        try LocalDirectory.move(try name(of: from), to: try name(of: to), in: self)
    }

    /// Gives a file a second name; false, with `errno`, when that fails.
    package func link(_ from: String, to: String) throws(EngineError) -> Bool {
        guard let source = try entry(try name(of: from)), let target = try entry(try name(of: to)) else {
            return false
        }
        return linkat(source.directory, source.name, target.directory, target.name, 0) == 0
    }

    /// Removes a file, or a directory with all in it; fine when there is none.
    package func remove(_ path: String) throws(EngineError) {
        try LocalDirectory.remove(try name(of: path), in: self)
    }

    /// Makes the entries of a directory durable.
    package func sync(_ path: String) throws(EngineError) {
        try LocalDirectory.sync(try place(of: path), in: self)
    }

    /// Opens a file for reading. Throws as `LocalFileSource` does.
    package func source(_ path: String) throws(EngineError) -> LocalFileSource {
        let place = try place(of: path)
        return try LocalFileSource(
            descriptor: try open(place, O_RDONLY), path: place, name: path)
    }

    /// Returns the text of a file of at most `limitBytes`; nil where there is none, or a longer one.
    package func text(_ path: String, limitBytes: Int) throws(EngineError) -> String? {
        guard let source = try? source(path), source.byteCount <= limitBytes else { return nil }
        let bytes = Buffer(byteCount: source.byteCount)
        defer { withExtendedLifetime(bytes) {} }
        try source.readFully(at: 0, into: bytes.mutableBytes)
        return String(decoding: bytes.bytes, as: UTF8.self)
    }

    /// Writes a file in place of the one that is there, if any: readers see the one or the other, and a link
    /// to the earlier one keeps it. `durable`: the text is on the disk before it takes the name. False, with
    /// `errno`, when it cannot take it.
    package func replace(_ path: String, with text: String, durable: Bool) throws(EngineError) -> Bool {
        let name = try name(of: path)
        let aside = name + ".new"
        // What stands there is no file that was left by an earlier attempt, or it is.
        try LocalDirectory.remove(aside, in: self)
        let sink = try LocalFileSink(path: aside, durable: durable, tree: self)
        var isMoved = false
        defer { if !isMoved { sink.abort() } }
        let bytes = Array(text.utf8).withUnsafeBytes { Buffer.copying($0) }
        defer { withExtendedLifetime(bytes) {} }
        try sink.write(bytes.bytes)
        try sink.finish()
        isMoved = try LocalDirectory.move(aside, to: name, in: self)
        return isMoved
    }
}
