import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads files that a program is given, whole.
package enum SmallFile {
    /// Says why a file was not read.
    package enum Failure: Error {
        /// Holds the system's words.
        case unreadable(String)
        case tooLong
    }

    private static let chunkBytes = 64 << 10
    /// Most bytes of a file that a flag names.
    private static let flagFileBytes = 16 << 20

    /// Returns the bytes of a file. Throws when it cannot be read, as a directory cannot, or has more than
    /// `limitBytes`.
    package static func bytes(of path: String, limitBytes: Int) throws(Failure) -> [UInt8] {
        guard let stream = fopen(path, "r") else { throw .unreadable(String(cString: strerror(errno))) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        while true {
            let got = fread(&chunk, 1, chunk.count, stream)
            if got == 0 { break }
            bytes += chunk[..<got]
            if bytes.count > limitBytes { throw .tooLong }
        }
        guard ferror(stream) == 0 else { throw .unreadable(String(cString: strerror(errno))) }
        return bytes
    }

    /// Returns the text of the file that a flag names. Throws `USAGE` naming the flag.
    package static func text(of path: String, flag: String) throws(EngineError) -> String {
        do throws(Failure) {
            return String(decoding: try bytes(of: path, limitBytes: flagFileBytes), as: UTF8.self)
        } catch {
            switch error {
            case .unreadable(let why):
                throw .user("USAGE", "--\(flag): cannot read the file, \(why): \(path)")
            case .tooLong: throw .user("USAGE", "--\(flag): the file is too long: \(path)")
            }
        }
    }
}
