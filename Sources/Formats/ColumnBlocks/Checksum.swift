import CKernels

/// Computes CRC-32C (RFC 3720), the checksum of column blocks.
package enum Checksum {
    /// Returns the checksum of `bytes`, going on from that of the bytes before them (0 at first).
    package static func crc32c(_ before: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return before }
        return block_crc32c(before, base, bytes.count)
    }
}
