import CObjectStore
import Vocabulary

/// Names an entry of a store of Arrow's.
struct ArrowEntry {
    /// `bucket/key`, without a slash at its end.
    var path: String
    var isDirectory: Bool
    var byteCount: Int
    /// When it was written, nanoseconds since 1970; nil where the store does not say.
    var changed: Int?

    /// Tells an object from one that is written in its place.
    var version: String? { changed.map { "\($0).\(byteCount)" } }
}

/// Holds why a call of a store failed.
struct ArrowFailure: Error {
    var failure: store_failure
    var text: String

    /// Keeps what the store said, without the queries of addresses, which may hold a signature.
    init(_ error: store_error) {
        failure = error.failure
        text = ArrowFailure.withoutQueries(error.text)
    }

    /// Leaves out what follows `?` in an address, up to its end.
    static func withoutQueries(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "://") {
            let address = rest[start.upperBound...].prefix { !" '\"\n,;)".contains($0) }
            result += rest[..<start.upperBound] + address.prefix { $0 != "?" }
            rest = rest[address.endIndex...]
        }
        return result + rest
    }
}

/// Reads objects of Google's or Azure's store through Arrow, which signs, and tries again with jittered
/// pauses, as the software of the store's maker does. Thread-safe; calls block.
///
/// `@unchecked Sendable`: the pointer leads to an object of Arrow's that is made for many threads, and is
/// never freed.
final class ArrowFiles: @unchecked Sendable {
    private let library: StoreLibrary
    private let store: OpaquePointer

    /// `connect` makes the store.
    init(
        _ library: StoreLibrary,
        _ connect: (
            UnsafePointer<store_library>, UnsafeMutablePointer<OpaquePointer?>, inout store_error
        ) -> Int32
    ) throws(ArrowFailure) {
        self.library = library
        var made: OpaquePointer?
        var error = store_error()
        guard connect(library.table, &made, &error) == 0, let made else { throw ArrowFailure(error) }
        store = made
    }

    /// Returns what is at a path, or nil when there is nothing.
    func status(_ path: String) throws(ArrowFailure) -> ArrowEntry? {
        var entry = store_entry()
        var error = store_error()
        if library.table.pointee.files_status(store, path, &entry, &error) != 0 {
            if error.failure == STORE_NOT_FOUND { return nil }
            throw ArrowFailure(error)
        }
        return ArrowFiles.entry(entry, path: path)
    }

    /// Collects the entries that a listing gives.
    private final class Found {
        var entries: [ArrowEntry] = []
    }

    /// Returns what is in a directory, in no order. `isStrict`: nothing there is an error.
    func list(_ directory: String, recursive: Bool, isStrict: Bool) throws(ArrowFailure) -> [ArrowEntry] {
        let found = Found()
        var error = store_error()
        let context = Unmanaged.passUnretained(found).toOpaque()
        let status = library.table.pointee.files_list(
            store, directory, recursive ? 1 : 0, isStrict ? 1 : 0, context,
            { context, entry in
                guard let context, let entry, let path = entry.pointee.path else { return }
                let found = Unmanaged<Found>.fromOpaque(context).takeUnretainedValue()
                if let entry = ArrowFiles.entry(entry.pointee, path: String(cString: path)) {
                    found.entries.append(entry)
                }
            }, &error)
        if status != 0 { throw ArrowFailure(error) }
        return found.entries
    }

    private static func entry(_ entry: store_entry, path: String) -> ArrowEntry? {
        if entry.kind == STORE_NOTHING { return nil }
        return ArrowEntry(
            path: RemoteKeys.trimmed(path), isDirectory: entry.kind == STORE_DIRECTORY,
            byteCount: Int(entry.bytes), changed: entry.changed == 0 ? nil : Int(entry.changed))
    }

    /// Opens an object and returns its size, too.
    func open(_ path: String) throws(ArrowFailure) -> (file: OpaquePointer, byteCount: Int) {
        var file: OpaquePointer?
        var size: Int64 = 0
        var error = store_error()
        guard library.table.pointee.files_open(store, path, &file, &size, &error) == 0, let file else {
            throw ArrowFailure(error)
        }
        return (file, Int(size))
    }

    func close(_ file: OpaquePointer) { library.table.pointee.file_close(file) }

    /// Returns the number of bytes read, fewer than asked only at the end.
    func read(
        _ file: OpaquePointer, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ArrowFailure) -> Int {
        var error = store_error()
        let got = library.table.pointee.file_read(
            file, Int64(offset), buffer.baseAddress, Int64(buffer.count), &error)
        if got < 0 { throw ArrowFailure(error) }
        return Int(got)
    }
}
