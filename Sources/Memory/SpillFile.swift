import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds bytes on disk that did not fit in memory. The file has no name once opened, so it goes with the
/// process.
///
/// `@unchecked Sendable`: one owner writes; afterwards positional reads need no state.
package final class SpillFile: @unchecked Sendable, ByteSource {
    private let descriptor: Int32
    package let name: String
    package private(set) var byteCount = 0
    private let quota: SpillQuota

    /// Creates the file in `directory`, which exists. Throws a `system` error `SPILL_FAILED`.
    package init(directory: String, quota: SpillQuota = .process) throws(EngineError) {
        name = "spill file in \(directory)"
        self.quota = quota
        var path = Array("\(directory)/millrace-spill-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        if descriptor < 0 { throw SpillFile.failure("create", name) }
        unlink(path)
    }

    deinit {
        close(descriptor)
        quota.give(byteCount)
    }

    private static func failure(_ verb: String, _ name: String) -> EngineError {
        .system(
            "SPILL_FAILED", "Could not \(verb) a \(name): \(String(cString: strerror(errno)))",
            remedy: "Free disk space, or choose another directory with --spill.")
    }

    /// Appends bytes and returns where they lie.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(EngineError) -> Range<Int> {
        let start = byteCount
        guard quota.take(bytes.count) else {
            throw .system(
                "SPILL_FAILED",
                "Could not write a \(name): "
                    + "all of them may hold \(ByteSize.format(quota.limitBytes)) together",
                remedy: "Give the volume of --spill more space, and --spill-limit with it.")
        }
        var hasWritten = false
        defer { if !hasWritten { quota.give(bytes.count) } }
        var done = 0
        while done < bytes.count {
            guard let base = bytes.baseAddress else { break }
            let written = pwrite(descriptor, base + done, bytes.count - done, off_t(start + done))
            if written < 0 {
                if errno == EINTR { continue }
                throw SpillFile.failure("write", name)
            }
            done += written
        }
        byteCount = start + bytes.count
        hasWritten = true
        return start..<byteCount
    }

    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        while true {
            let got = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if got >= 0 { return got }
            if errno != EINTR { throw SpillFile.failure("read", name) }
        }
    }
}
