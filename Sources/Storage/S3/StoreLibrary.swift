import CObjectStore
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Gives the functions of `libMillraceStore.so`: HTTP, mail, digests, and reads through Arrow C++. It is
/// opened when the first remote path is used or the first alert is sent, as it loads some 70 MB of libraries
/// that other jobs do without.
///
/// `@unchecked Sendable`: the table is constant, and lives as long as the process.
final class StoreLibrary: @unchecked Sendable {
    let table: UnsafePointer<store_library>

    private init(_ table: UnsafePointer<store_library>) { self.table = table }

    private static let opened: Result<StoreLibrary, EngineError> = open()

    /// Opens the library at the first call. Throws `S3_NOT_AVAILABLE` when it cannot be opened.
    static func load() throws(EngineError) -> StoreLibrary { try opened.get() }

    private static let fileName = "libMillraceStore.so"

    private static func open() -> Result<StoreLibrary, EngineError> {
        var error = store_error()
        var tried: [String] = []
        for path in candidates() {
            // A name without a slash is looked for by the system's loader.
            if path.contains("/"), access(path, F_OK) != 0 {
                tried.append(path)
                continue
            }
            if let table = store_library_open(path, &error) { return .success(StoreLibrary(table)) }
            if path.contains("/") { return .failure(unavailable(error.text)) }
        }
        return .failure(unavailable("it is not at \(tried.joined(separator: ", "))"))
    }

    private static func unavailable(_ why: String) -> EngineError {
        .user(
            "S3_NOT_AVAILABLE",
            "Remote paths, mail and webhooks need the library \(fileName), which cannot be opened: \(why)",
            remedy: "Build it with 'swift build -c release --product MillraceStore' and keep it beside this "
                + "program, or say where it is with ETL_STORE_LIBRARY=/path/to/\(fileName).")
    }

    /// Where the library may be: where the user says, beside the program, in the image's place, or where the
    /// system looks.
    private static func candidates() -> [String] {
        if let named = S3Settings.variable("ETL_STORE_LIBRARY") {
            return [named.contains("/") ? named : "./" + named]
        }
        var image = [CChar](repeating: 0, count: Int(PATH_MAX))
        store_library_home(&image, image.count)
        let program = LocalDirectory.parent(of: LocalDirectory.resolved("/proc/self/exe"))
        let home = LocalDirectory.parent(of: StoreLibrary.text(image))
        var paths = [program + "/" + fileName, program + "/../lib/millrace/" + fileName]
        // A relative one is the word that the program was started with.
        if home.hasPrefix("/"), home != program { paths.append(home + "/" + fileName) }
        return paths + [fileName]
    }

    /// Text up to the zero at its end.
    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Returns the SHA-256 digest of bytes.
    func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            table.pointee.sha256(bytes.baseAddress, bytes.count, digest.baseAddress)
            count = 32
        }
    }

    /// Returns the MD5 digest of bytes; for `Content-MD5`, which deleting needs.
    func md5(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { digest, count in
            table.pointee.md5(bytes, bytes.count, digest.baseAddress)
            count = 16
        }
    }

    /// Returns the HMAC of text with SHA-256.
    func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            table.pointee.hmac_sha256(key, key.count, bytes, bytes.count, digest.baseAddress)
            count = 32
        }
    }
}

extension store_error {
    /// The message; the array of C ends with a zero.
    var text: String {
        withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
