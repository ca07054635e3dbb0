#if canImport(Glibc)
    import Glibc
#endif

/// Reads the small files that a person hands to a program: settings, tokens, the text of a job.
package enum TextFile {
    /// Says why there is no text; each caller tells it in the words of its flag.
    package enum Failure: Error {
        /// The system's error number.
        case unreadable(Int32)
        case tooLong

        /// The system's words for it.
        package var reason: String {
            switch self {
            case .unreadable(let number): String(cString: strerror(number))
            case .tooLong: "the file is too long"
            }
        }
    }

    /// Returns the whole text of a file of at most `limitBytes`; bytes that are no UTF-8 become U+FFFD.
    package static func read(_ path: String, limitBytes: Int) throws(Failure) -> String {
        guard let stream = fopen(path, "r") else { throw .unreadable(errno) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let got = fread(&chunk, 1, chunk.count, stream)
            if got == 0 { break }
            bytes += chunk[..<got]
            if bytes.count > limitBytes { throw .tooLong }
        }
        // A directory opens, and fails when it is read.
        guard ferror(stream) == 0 else { throw .unreadable(errno) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
