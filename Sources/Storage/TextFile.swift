import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads and writes small local files whole: settings, tokens, the text of a job, what is written down beside
/// a table.
package enum TextFile {
    /// Says why there is no text; each caller tells it in words of its own.
    package enum Failure: Error {
        /// The system's error number.
        case unreadable(Int32)
        case unwritable(Int32)
        case tooLong

        /// The system's words for it.
        package var reason: String {
            switch self {
            case .unreadable(let number), .unwritable(let number): String(cString: strerror(number))
            case .tooLong: "the file is too long"
            }
        }
    }

    /// Returns the whole text of a file of at most `limitBytes`; bytes that are no UTF-8 become U+FFFD.
    package static func read(_ path: String, limitBytes: Int) throws(Failure) -> String {
        String(decoding: try bytes(path, limitBytes: limitBytes), as: UTF8.self)
    }

    /// Returns all bytes of a file of at most `limitBytes`.
    package static func bytes(_ path: String, limitBytes: Int) throws(Failure) -> [UInt8] {
        guard let stream = fopen(path, "re") else { throw .unreadable(errno) }
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
        return bytes
    }

    /// Writes a file in place of the one that is there, if any: readers see the one or the other, and a link
    /// to the earlier one keeps it. `durable`: the text is on the disk before it takes the name.
    package static func replace(_ path: String, with text: String, durable: Bool = false) throws(Failure) {
        let aside = path + ".new"
        guard let stream = fopen(aside, "we") else { throw .unwritable(errno) }
        var isWhole = fputs(text, stream) >= 0 && fflush(stream) == 0
        FailPoint.pass(.sync)
        if durable { isWhole = isWhole && fsync(fileno(stream)) == 0 }
        FailPoint.pass(.rename)
        guard fclose(stream) == 0, isWhole, rename(aside, path) == 0 else {
            let number = errno
            unlink(aside)
            throw .unwritable(number)
        }
    }
}
