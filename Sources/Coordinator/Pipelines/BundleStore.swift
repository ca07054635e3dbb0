import Foundation
import Pipelines
import Protocol
import Storage
import Vocabulary

/// Keeps bundles of pipelines below the state directory:
///
///     bundles/DIGEST.part        pieces so far
///     bundles/DIGEST.bundle      whole, checked, durable
///     bundles/DIGEST/            its files
///     bundles/DIGEST.new-…       its files while they are written or removed
///
/// All calls wait for the disk; those that change bundles go through a `BundleDesk`.
struct BundleStore: Sendable {
    let folder: String

    init(stateDirectory: String) { folder = stateDirectory + "/bundles" }

    private func path(_ digest: String, _ ending: String) -> String { "\(folder)/\(digest)\(ending)" }

    private func check(_ digest: String) throws {
        guard PipelineBundle.isDigest(digest) else {
            throw EngineError.user("BUNDLE", "A bundle is named by its SHA-256 digest: \(digest.prefix(80))")
        }
    }

    /// Says whether a bundle is whole; one that is asked for counts as new again.
    func has(_ digest: String) throws -> Bool {
        try check(digest)
        return utimes(path(digest, ".bundle"), nil) == 0
    }

    /// Stores a piece; the one that makes the size full completes the bundle. Throws `BUNDLE`.
    func store(_ bytes: [UInt8], at offset: Int, of size: Int, _ digest: String) throws -> BundleStatus {
        if try has(digest) { return BundleStatus(bundle: digest, isComplete: true) }
        guard size > 0, size <= PipelineBundle.limitBytes, offset >= 0, offset <= size,
            bytes.count <= size - offset
        else {
            throw EngineError.user(
                "BUNDLE",
                "A bundle has at most \(ByteSize.format(PipelineBundle.limitBytes)), not \(size) bytes"
            )
        }
        mkdir(folder, 0o700)
        let part = path(digest, ".part")
        let descriptor = open(part, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0, pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            if descriptor >= 0 { close(descriptor) }
            throw failure("write", part)
        }
        close(descriptor)
        guard offset + bytes.count == size else { return BundleStatus(bundle: digest, isComplete: false) }
        let whole = [UInt8](FileManager.default.contents(atPath: part) ?? Data())
        let bundle = PipelineBundle(bytes: whole)
        guard whole.count == size, bundle.digest == digest else {
            unlink(part)
            throw EngineError.user("BUNDLE", "The bundle is not what its digest says; send all pieces again")
        }
        _ = try bundle.files()
        try complete(part, path(digest, ".bundle"))
        return BundleStatus(bundle: digest, isComplete: true)
    }

    private func complete(_ part: String, _ target: String) throws {
        let descriptor = open(part, O_RDONLY | O_CLOEXEC)
        FailPoint.pass(.sync)
        let isSynced = descriptor >= 0 && fsync(descriptor) == 0
        if descriptor >= 0 { close(descriptor) }
        FailPoint.pass(.rename)
        guard isSynced, rename(part, target) == 0 else { throw failure("keep", target) }
        let parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if parent >= 0 {
            fsync(parent)
            close(parent)
        }
    }

    private func failure(_ what: String, _ path: String) -> EngineError {
        .system("BUNDLE", "Cannot \(what) the bundle: \(path): \(String(cString: strerror(errno)))")
    }

    /// Returns the directory with a bundle's files. Throws `BUNDLE_NOT_FOUND`.
    func directory(_ digest: String) throws -> String {
        guard try has(digest) else {
            throw EngineError.user(
                "BUNDLE_NOT_FOUND", "There is no bundle of this digest: \(digest)",
                remedy: "Send it with PUT /api/v1/bundles/{digest}; etl-submit does so itself.")
        }
        let target = path(digest, "")
        if access(target, F_OK) == 0 { return target }
        let bytes = [UInt8](FileManager.default.contents(atPath: path(digest, ".bundle")) ?? Data())
        let bundle = PipelineBundle(bytes: bytes)
        guard bundle.digest == digest else {
            throw EngineError.system("BUNDLE", "The kept bundle is damaged: \(digest)")
        }
        let aside = path(digest, ".new-\(UUID().uuidString)")
        try bundle.unpack(into: aside)
        // Another call may have been faster; its files are the same.
        if rename(aside, target) != 0 { try? FileManager.default.removeItem(atPath: aside) }
        return target
    }
}

/// Does what changes bundles one after the other, away from the coordinator's decisions: a bundle of 64 MiB
/// is digested and flushed meanwhile.
actor BundleDesk {
    let store: BundleStore

    init(_ store: BundleStore) { self.store = store }

    func has(_ digest: String) throws -> Bool { try store.has(digest) }

    func store(_ bytes: [UInt8], at offset: Int, of size: Int, _ digest: String) throws -> BundleStatus {
        try store.store(bytes, at: offset, of: size, digest)
    }

    func clean(named: Set<String>, isStart: Bool) { store.clean(named: named, isStart: isStart) }
}

/// Brings files of a bundle that jobs read to where workers reach them.
struct BundleFiles: Sendable {
    /// Directory with the bundle's files.
    let directory: String
    /// Where the files go, as jobs name it and as this process reaches it.
    let place: String
    let root: String
    let storage: any FileSystem

    /// Returns where jobs find a path: a file, folder or glob of the bundle is copied once, all others are
    /// left alone.
    func resolve(_ path: String) throws -> String {
        if path.hasPrefix("/") || path.contains("://") { return path }
        var name = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        while name.hasSuffix("/") { name.removeLast() }
        // A glob is left to the jobs: all below its folder goes along.
        let parts = name.split(separator: "/")
        let fixed = parts.prefix { part in !part.contains { "*?[{".contains($0) } }
        let folder = fixed.isEmpty ? "" : fixed.joined(separator: "/") + "/"
        let isGlob = fixed.count < parts.count
        let files = try FileSystems.local.files(below: directory)
            .map { String($0.path.dropFirst(directory.count + 1)) }
            .filter { isGlob ? $0.hasPrefix(folder) : $0 == name || $0.hasPrefix(folder) }
        // What is not in the bundle is in the cluster's storage.
        if files.isEmpty { return path }
        for file in files { try copy(file) }
        return "\(place)/\(name)"
    }

    private func copy(_ file: String) throws {
        let target = "\(root)/\(file)"
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(file)") else {
            throw EngineError.system("BUNDLE", "Cannot read a file of the bundle: \(file)")
        }
        let source = [UInt8](data)
        if let known = try storage.status(target), known.byteCount == source.count { return }
        let sink = try storage.create(target, durable: true)
        try source.withUnsafeBytes { try sink.write($0) }
        try sink.finish()
    }
}
