import CObjectStore
import Vocabulary

/// Reads objects through Arrow's S3 file system, and asks it for credentials: Amazon's usual chain of
/// environment, profile, web identity, container and machine. Thread-safe; calls block.
///
/// `@unchecked Sendable`: the pointer leads to an object of Arrow's that is made for many threads, and is
/// never freed.
final class ArrowStore: @unchecked Sendable {
    private let library: StoreLibrary
    private let store: OpaquePointer

    init(settings: S3Settings, library: StoreLibrary) throws(EngineError) {
        self.library = library
        var made: OpaquePointer?
        var error = store_error()
        let status = withOptionalCString(settings.caFile) { caFile in
            settings.region.withCString { region in
                (settings.endpoint ?? "").withCString { endpoint in
                    (settings.isEncrypted ? "https" : "http").withCString { scheme in
                        var options = store_s3_options()
                        (options.region, options.scheme, options.endpoint) = (region, scheme, endpoint)
                        options.ca_file = caFile
                        options.virtual_addressing = 0
                        options.anonymous = settings.isAnonymous ? 1 : 0
                        guard let fixed = settings.credentials else {
                            return library.table.pointee.s3_connect(&options, &made, &error)
                        }
                        var credentials = store_credentials(fixed)
                        return withUnsafePointer(to: &credentials) { pointer in
                            options.fixed = pointer
                            return library.table.pointee.s3_connect(&options, &made, &error)
                        }
                    }
                }
            }
        }
        guard status == 0, let made else {
            throw .system("S3_NOT_AVAILABLE", "Arrow's S3 file system cannot be set up: \(error.text)")
        }
        store = made
    }

    /// Returns the credentials that are valid now. Throws `S3_NO_CREDENTIALS` where there are none.
    func credentials() throws(EngineError) -> S3Credentials {
        var found = store_credentials()
        var error = store_error()
        if library.table.pointee.s3_credentials(store, &found, &error) != 0 {
            throw ArrowStore.noCredentials(error.text)
        }
        let credentials = S3Credentials(found)
        if credentials.key.isEmpty || credentials.secret.isEmpty {
            throw ArrowStore.noCredentials("no source of them has any")
        }
        return credentials
    }

    private static func noCredentials(_ why: String) -> EngineError {
        .user(
            "S3_NO_CREDENTIALS", "There are no credentials for S3: \(why)",
            remedy: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine or "
                + "pod a role; AWS_SKIP_SIGNATURE=true reads public buckets without.")
    }

    /// Opens an object whose size is known; asks nothing of the server yet.
    func open(_ path: StoragePath, byteCount: Int) throws(EngineError) -> OpaquePointer {
        var file: OpaquePointer?
        var size: Int64 = 0
        var error = store_error()
        let status = library.table.pointee.s3_open(
            store, path.authority + "/" + path.path, Int64(byteCount), &file, &size, &error)
        guard status == 0, let file else { throw ArrowStore.unreadable(error, path) }
        return file
    }

    func close(_ file: OpaquePointer) { library.table.pointee.file_close(file) }

    /// Reads once; a failure that may pass is for the caller to try again.
    func read(
        _ file: OpaquePointer, of path: StoragePath, at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> Int {
        var error = store_error()
        let got = library.table.pointee.file_read(
            file, Int64(offset), buffer.baseAddress, Int64(buffer.count), &error)
        if got < 0 { throw ArrowStore.unreadable(error, path) }
        return Int(got)
    }

    private static func unreadable(_ error: store_error, _ path: StoragePath) -> EngineError {
        let url = "s3://\(path.authority)/\(path.path)"
        return .system("S3_READ_FAILED", "The object could not be read, \(error.text): \(url)")
    }
}

extension store_credentials {
    /// Texts too long for their arrays are cut, and refused by the server.
    fileprivate init(_ credentials: S3Credentials) {
        self.init()
        withUnsafeMutableBytes(of: &key) { $0.fill(credentials.key) }
        withUnsafeMutableBytes(of: &secret) { $0.fill(credentials.secret) }
        withUnsafeMutableBytes(of: &token) { $0.fill(credentials.token) }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Writes text and a zero behind it.
    fileprivate func fill(_ text: String) {
        let bytes = text.utf8.prefix(count - 1)
        for (place, byte) in zip(indices, bytes) { self[place] = byte }
        self[bytes.count] = 0
    }
}

extension S3Credentials {
    fileprivate init(_ found: store_credentials) {
        func text(_ bytes: UnsafeRawBufferPointer) -> String {
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        key = withUnsafeBytes(of: found.key) { text($0) }
        secret = withUnsafeBytes(of: found.secret) { text($0) }
        token = withUnsafeBytes(of: found.token) { text($0) }
    }
}
