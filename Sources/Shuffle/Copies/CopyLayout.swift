import Memory
import Vocabulary

/// Writes and reads the bytes of an output's copy: where its blocks lie, then the blocks as workers send
/// them.
///
///     offset
///       0  "MLRCOPY1"                                      UInt64
///       8  checksum of the output                          UInt64
///      16  number of partitions                            UInt32
///      20  number of blocks                                UInt32
///      24  hash of the numbers before and of the index     UInt64
///      32  index: blocks of each partition                 UInt32 each
///          bytes of each block, partition by partition     UInt32 each
///       …  the blocks, without gaps
///
/// All numbers are little endian.
struct CopyLayout {
    private static let magic: UInt64 = 0x3159_504F_4352_4C4D
    static let headerBytes = 32
    /// Read at first: the index of all but the largest outputs.
    private static let firstBytes = 32 << 10

    let checksum: UInt64
    /// Where the blocks of each partition lie.
    let partitions: [[Range<Int>]]

    // MARK: writing

    static func write(_ output: ShuffleOutput, to sink: any ByteSink) throws(EngineError) {
        var index: [Int] = []
        var places: [BlockPlace] = []
        for partition in output.partitions.indices {
            let own = try output.places(of: partition..<(partition + 1))
            index.append(own.count)
            places += own
        }
        index += places.map(\.byteCount)
        let head = Buffer(byteCount: headerBytes + 4 * index.count)
        let words = head.pointer(as: UInt32.self)
        for (place, number) in index.enumerated() {
            guard let number = UInt32(exactly: number) else {
                throw .internal("a block of output \(output.attempt) has \(number) bytes")
            }
            words[headerBytes / 4 + place] = number.littleEndian
        }
        let long = head.pointer(as: UInt64.self)
        long[0] = magic.littleEndian
        long[1] = output.checksum.littleEndian
        words[4] = UInt32(output.partitions.count).littleEndian
        words[5] = UInt32(places.count).littleEndian
        long[3] = hash(output.checksum, output.partitions.count, index).littleEndian
        try write(head, to: sink)
        for place in places {
            switch place {
            case .memory(let block): try write(block, to: sink)
            case .file(let file, let range): try write(try file.block(range), to: sink)
            }
        }
    }

    /// The sink sees addresses only: nothing else may hold the buffer, which has to live until it is done.
    private static func write(_ buffer: Buffer, to sink: any ByteSink) throws(EngineError) {
        defer { withExtendedLifetime(buffer) {} }
        try sink.write(buffer.bytes)
    }

    private static func hash(_ checksum: UInt64, _ partitions: Int, _ index: [Int]) -> UInt64 {
        var hash = SizeHash()
        hash.add(Int(truncatingIfNeeded: checksum))
        hash.add(partitions)
        for number in index { hash.add(number) }
        return hash.value
    }

    // MARK: reading

    /// Reads where the blocks of a copy lie. Throws `SHUFFLE_COPY_DAMAGED` when it is none.
    init(_ source: any ByteSource) throws(EngineError) {
        let first = Buffer(byteCount: min(source.byteCount, Self.firstBytes))
        try source.readFully(at: 0, into: first.mutableBytes)
        guard first.byteCount >= Self.headerBytes else { throw Self.damaged(source) }
        func long(_ place: Int) -> UInt64 {
            .init(littleEndian: first.bytes.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
        }
        func word(_ place: Int, of buffer: Buffer) -> Int {
            Int(
                UInt32(
                    littleEndian: buffer.bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)))
        }
        let (partitionCount, blockCount) = (word(4, of: first), word(5, of: first))
        let end = Self.headerBytes + 4 * (partitionCount + blockCount)
        guard long(0) == Self.magic, end <= source.byteCount else { throw Self.damaged(source) }
        var whole = first
        if end > first.byteCount {
            whole = Buffer(byteCount: end)
            try source.readFully(at: 0, into: whole.mutableBytes)
        }
        let index = (0..<(partitionCount + blockCount)).map { word(Self.headerBytes / 4 + $0, of: whole) }
        guard long(3) == Self.hash(long(1), partitionCount, index),
            let partitions = Self.places(
                counts: index[..<partitionCount], sizes: index[partitionCount...], from: end,
                to: source.byteCount)
        else { throw Self.damaged(source) }
        checksum = long(1)
        self.partitions = partitions
    }

    /// Returns where blocks lie; nil when they do not fill the stretch.
    private static func places(
        counts: ArraySlice<Int>, sizes: ArraySlice<Int>, from start: Int, to end: Int
    ) -> [[Range<Int>]]? {
        guard counts.reduce(0, +) == sizes.count, start + sizes.reduce(0, +) == end else { return nil }
        var partitions: [[Range<Int>]] = []
        var offset = start
        var next = sizes.startIndex
        for count in counts {
            var blocks: [Range<Int>] = []
            for size in sizes[next..<(next + count)] {
                blocks.append(offset..<(offset + size))
                offset += size
            }
            next += count
            partitions.append(blocks)
        }
        return partitions
    }

    private static func damaged(_ source: any ByteSource) -> EngineError {
        .system("SHUFFLE_COPY_DAMAGED", "The copy of a task's output is damaged: \(source.name)")
    }
}
