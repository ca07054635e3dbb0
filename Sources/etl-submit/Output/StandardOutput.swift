import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Writes bytes to standard output.
enum StandardOutput {
    /// Writes all bytes and empties the array. Throws `OUTPUT_CLOSED` when the disk is full; the program
    /// ends when the reader went away.
    static func flush(_ bytes: inout [UInt8]) throws(EngineError) {
        var done = 0
        let count = bytes.count
        let failure: Int32? = bytes.withUnsafeBytes { raw in
            while done < count, let base = raw.baseAddress {
                let written = Glibc.write(STDOUT_FILENO, base + done, count - done)
                if written < 0, errno == EINTR { continue }
                if written <= 0 { return errno }
                done += written
            }
            return nil
        }
        bytes.removeAll(keepingCapacity: true)
        if failure == EPIPE {
            // Who reads has enough, as `head` does: the usual quiet end, which the network's threads keep
            // off.
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        if let failure {
            throw .user(
                "OUTPUT_CLOSED",
                "Standard output cannot be written: \(String(cString: strerror(failure)))")
        }
    }
}
