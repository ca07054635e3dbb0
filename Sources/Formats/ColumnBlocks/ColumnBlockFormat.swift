import CKernels
import Vocabulary

/// Describes a column block: a batch as bytes, for shuffle and spill.
///
///     offset
///       0  magic "MRCB"
///       4  version                       UInt16
///       6  flags, 0                      UInt16
///       8  rows                          UInt32
///      12  columns                       UInt32
///      16  bytes of the body             UInt64
///      24  bytes of the body, inflated   UInt64
///      32  CRC-32C of bytes 0 ..< 32 and the body
///      36  0                             UInt32
///      40  body: the columns one after the other
///
///     column   form UInt8 (flat, constant, dictionary, nulls), hasValidity UInt8
///              validity: a chunk of bits
///              flat: values by physical type; constant: a flat column of one row
///              dictionary: number of entries UInt32, a flat column, codes as integers
///     integers base Int64, planes UInt8, then for each plane a chunk of one byte per value:
///              byte p of (value - base)
///     views    lengths as integers, then a chunk of all bytes
///     list     lengths as integers, number of elements UInt32, then the columns of elements (or keys
///              and values)
///     chunk    stored bytes UInt32 (top bit: LZ4), then the bytes; its inflated size follows from what
///              stands before
///
/// All numbers are little endian. A reader knows the types from the schema.
enum ColumnBlockFormat {
    static let magic: UInt32 = 0x4243_524D
    static let version: UInt16 = 1
    static let headerBytes = 40
    /// Bytes of the header that the checksum covers.
    static let checkedBytes = 32
    static let compressedBit: UInt32 = 1 << 31

    enum Form: UInt8 { case flat, constant, dictionary, nulls }

    /// Most bytes that a block of `rows` rows may inflate to: a single row may hold one very large value.
    static func inflatedLimit(rows: Int) -> Int { rows <= 1 ? 2 * Limits.valueBytes : Limits.blockBytes }

    /// Returns the checksum of a whole block: over its header, as far as that is checked, and its body.
    static func checksum(_ block: UnsafeRawBufferPointer) -> UInt32 {
        guard block.count >= headerBytes, let base = block.bindMemory(to: UInt8.self).baseAddress else {
            return 0
        }
        let header = block_crc32c(0, base, checkedBytes)
        return block_crc32c(header, base + headerBytes, block.count - headerBytes)
    }

    static func damaged(_ what: String) -> EngineError {
        .system(
            "CORRUPT_BLOCK", "A column block cannot be read: \(what)",
            remedy: "The block is fetched again, or its producer runs again.")
    }
}
