import CKernels
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// CRC32C over the bytes of a local file, as they were written; travels as the file's receipt:
///
///     1 (version), four bytes, the least significant first
struct FileChecksum: Equatable {
    private var value: UInt32 = 0

    private static let version: UInt8 = 1

    init() {}

    /// Takes what a sink gave; nil for the receipt of a file that has no checksum.
    init?(receipt: [UInt8]) {
        guard receipt.count == 5, receipt[0] == FileChecksum.version else { return nil }
        value = receipt[1...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    var receipt: [UInt8] {
        [FileChecksum.version] + (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        value = block_crc32c(value, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    /// Bytes that are read at once.
    private static let pieceBytes = 1 << 20

    /// Reads the file at a path; its bytes and their checksum, or nil where there is none.
    static func read(
        _ path: String, in tree: LocalTree
    ) throws(EngineError) -> (byteCount: Int, checksum: FileChecksum)? {
        let descriptor = try tree.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT || errno == ENOTDIR { return nil }
        if descriptor < 0 { throw .fileSystem("open", path) }
        defer { close(descriptor) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 64)
        defer { piece.deallocate() }
        var (count, checksum) = (0, FileChecksum())
        while true {
            let got = Glibc.read(descriptor, piece.baseAddress, piece.count)
            if got < 0 {
                if errno == EINTR { continue }
                throw .fileSystem("read", path)
            }
            if got == 0 { return (count, checksum) }
            count += got
            checksum.add(UnsafeRawBufferPointer(rebasing: piece[..<got]))
        }
    }
}
