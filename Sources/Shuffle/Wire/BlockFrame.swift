import Memory
import Vocabulary

/// Precedes each block of a shuffle response, and marks where an output begins and ends.
///
///     offset
///       0  kind                                       UInt32
///       4  position of the output in the request      UInt32
///       8  index of the block in its output; for an end: number of blocks it has up to there   UInt64
///      16  block: bytes that follow; begin: checksum of the output                             UInt64
///      24  hash of the 24 bytes before                UInt64
///
/// All numbers are little endian.
struct BlockFrame: Hashable {
    enum Kind: UInt32 {
        case begin = 0x3142_464D
        case block = 0x3242_464D
        case end = 0x3342_464D
        /// There is no such output here.
        case missing = 0x3442_464D
        /// The output is here but cannot be read, such as from a broken disk.
        case unreadable = 0x3542_464D
    }

    static let byteCount = 32

    var kind: Kind
    var position: Int
    var index: Int
    var value: UInt64

    init(_ kind: Kind, position: Int, index: Int = 0, value: UInt64 = 0) {
        self.kind = kind
        self.position = position
        self.index = index
        self.value = value
    }

    /// Reads a frame; nil when the bytes are none, or damaged.
    init?(_ bytes: UnsafeRawBufferPointer) {
        func word(_ offset: Int) -> UInt64 {
            .init(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard bytes.count >= Self.byteCount, word(24) == Self.hash(word(0), word(8), word(16)),
            let kind = Kind(rawValue: UInt32(truncatingIfNeeded: word(0)))
        else { return nil }
        self.init(
            kind, position: Int(word(0) >> 32), index: Int(truncatingIfNeeded: word(8)), value: word(16))
    }

    /// Returns the frame's bytes.
    func encoded() -> Buffer {
        let buffer = Buffer(byteCount: Self.byteCount)
        let words = buffer.pointer(as: UInt64.self)
        let first = UInt64(kind.rawValue) | UInt64(UInt32(truncatingIfNeeded: position)) << 32
        words[0] = first.littleEndian
        words[1] = UInt64(index).littleEndian
        words[2] = value.littleEndian
        words[3] = Self.hash(first, UInt64(index), value).littleEndian
        return buffer
    }

    /// Mixes three words as the finaliser of SplitMix64 does.
    private static func hash(_ words: UInt64...) -> UInt64 {
        var value: UInt64 = 0x9E37_79B9_7F4A_7C15
        for word in words {
            value = (value ^ word) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            value ^= value >> 31
        }
        return value
    }
}
