import CKernels
import Columns
import Memory
import Vocabulary

/// Holds a data page taken apart: levels as encoded, values as encoded, and the memory in which they lie.
struct DataPage {
    var valueCount: Int
    var encoding: ParquetEncoding
    /// Hybrid-encoded levels without their length prefix; empty when the column has none.
    var repetition: UnsafeRawBufferPointer
    var definition: UnsafeRawBufferPointer
    var values: UnsafeRawBufferPointer
    var owner: Buffer
}

/// Walks through the pages of one column chunk. A source far away is read in one piece; of one that is near a
/// window is in memory, which moves on with the pages.
///
///     chunk  ├─page─┼──page──┼─page─┼───page───┤
///     window           ├──────────────┤           position: within it, or at its end
struct PageStream {
    let leaf: ParquetLeaf
    /// Gives what pages declare.
    let memory: CountedMemory
    private let codec: ParquetCodec
    private let source: any ByteSource
    /// Where the chunk begins in the source, and its bytes.
    private let start: Int
    private let end: Int
    private var window: Buffer
    /// Place of the window's first byte in the chunk.
    private var windowStart = 0
    private var position = 0

    /// Most values of one page; more is taken for damage.
    private static let pageValues = 1 << 28
    /// Bytes that are read at once of a source that is near; a page that is longer is read whole.
    static let windowBytes = 1 << 20
    /// Bytes in which the header of a page is looked for first.
    private static let headerBytes = 16 << 10

    init(
        leaf: ParquetLeaf, chunk: ParquetColumnChunk, source: any ByteSource, memory: CountedMemory
    ) throws(EngineError) {
        self.leaf = leaf
        self.memory = memory
        self.source = source
        codec = chunk.codec
        start = chunk.startOffset
        end = chunk.compressedBytes
        let isWhole = !source.isNear || end <= 2 * PageStream.windowBytes
        // Of a chunk that is far away few requests are made, if there is memory for all of it.
        let whole = isWhole ? try? memory.buffer(byteCount: end) : nil
        window = whole ?? Buffer(byteCount: min(end, PageStream.windowBytes))
        try source.readFully(at: start, into: window.mutableBytes)
    }

    private var windowEnd: Int { windowStart + window.byteCount }

    /// Returns the bytes from `place` on, `count` of them at least, moving the window there.
    private mutating func hold(_ place: Int, _ count: Int) throws(EngineError) -> UnsafeMutableRawPointer {
        if place < windowStart || place + count > windowEnd {
            let next = try memory.buffer(byteCount: min(end - place, max(count, PageStream.windowBytes)))
            let known = place >= windowStart && place < windowEnd ? min(windowEnd - place, next.byteCount) : 0
            if known > 0 { next.base.copyMemory(from: window.base + (place - windowStart), byteCount: known) }
            try source.readFully(
                at: start + place + known, into: .init(rebasing: next.mutableBytes[known...]))
            window = next
            windowStart = place
        }
        return window.base + (place - windowStart)
    }

    func damaged(_ what: String) -> EngineError {
        .data("FAILED_READ_FILE", "The Parquet file is damaged: column \(leaf.path): \(what)")
    }

    /// Reads the header of the next page, or returns nil at the chunk's end. `take` or `pass` must follow.
    mutating func nextHeader() throws(EngineError) -> PageHeader? {
        if position >= end { return nil }
        let header = try readHeader()
        if header.compressedBytes > end - position { throw damaged("a page runs over the end of its chunk") }
        if header.uncompressedBytes > PageCodec.pageBytes || header.valueCount > PageStream.pageValues {
            throw damaged("a page declares \(header.uncompressedBytes) bytes and \(header.valueCount) values")
        }
        return header
    }

    /// Reads a header, whose size it alone tells, in ever more bytes.
    private mutating func readHeader() throws(EngineError) -> PageHeader {
        var count = min(end - position, PageStream.headerBytes)
        while true {
            let base = try hold(position, count)
            let rest = UnsafeRawBufferPointer(start: base, count: windowEnd - position)
            do throws(EngineError) {
                var reader = ThriftReader(rest)
                let header = try PageHeader(reading: &reader)
                position += reader.consumed
                return header
            } catch {
                if windowEnd == end { throw error }
                count = min(end - position, 2 * rest.count)
            }
        }
    }

    /// Passes over the page whose header was read last.
    mutating func pass(_ header: PageHeader) { position += header.compressedBytes }

    /// Returns the inflated body of a dictionary page and its owner.
    mutating func takeDictionary(_ header: PageHeader) throws(EngineError) -> (UnsafeRawBufferPointer, Buffer)
    {
        defer { pass(header) }
        return try inflate(at: position, header.compressedBytes, to: header.uncompressedBytes)
    }

    private mutating func inflate(
        at place: Int, _ compressed: Int, to uncompressed: Int
    ) throws(EngineError) -> (UnsafeRawBufferPointer, Buffer) {
        let base = try hold(place, compressed)
        let input = UnsafeRawBufferPointer(start: base, count: compressed)
        if codec == .none {
            if uncompressed != compressed { throw damaged("an uncompressed page declares two sizes") }
            return (input, window)
        }
        if uncompressed == 0 { return (.init(start: base, count: 0), window) }
        if !codec.canInflate(compressed, to: uncompressed) {
            throw damaged("a page of \(compressed) bytes declares \(uncompressed) bytes inflated")
        }
        let output = try memory.buffer(byteCount: uncompressed + PageCodec.slackBytes)
        try PageCodec.inflate(codec, input, to: output.base, byteCount: uncompressed)
        return (UnsafeRawBufferPointer(start: output.base, count: uncompressed), output)
    }

    /// Returns the page whose header was read last, inflated.
    mutating func takeData(_ header: PageHeader) throws(EngineError) -> DataPage {
        guard let encoding = header.encoding else { throw damaged("a page has an unknown encoding") }
        defer { pass(header) }
        if header.kind == .dataV2 { return try dataV2(header, encoding) }
        var (rest, owner) = try inflate(at: position, header.compressedBytes, to: header.uncompressedBytes)
        let none = UnsafeRawBufferPointer(start: rest.baseAddress, count: 0)
        let repetition = leaf.repetition > 0 ? try levels(&rest, header.repetitionEncoding) : none
        let definition = leaf.definition > 0 ? try levels(&rest, header.definitionEncoding) : none
        return DataPage(
            valueCount: header.valueCount, encoding: encoding, repetition: repetition, definition: definition,
            values: rest, owner: owner)
    }

    /// Cuts the levels, a 32-bit size and as many bytes, off the front of a version 1 page.
    private func levels(
        _ rest: inout UnsafeRawBufferPointer, _ encoding: ParquetEncoding?
    ) throws(EngineError) -> UnsafeRawBufferPointer {
        if encoding != .rle { throw damaged("levels have an encoding that is not supported") }
        guard rest.count >= 4 else { throw damaged("a page ends inside its levels") }
        let size = Int(rest.loadUnaligned(as: UInt32.self))
        guard size <= rest.count - 4 else { throw damaged("a page ends inside its levels") }
        let found = UnsafeRawBufferPointer(rebasing: rest[4..<(4 + size)])
        rest = UnsafeRawBufferPointer(rebasing: rest[(4 + size)...])
        return found
    }

    private mutating func dataV2(_ header: PageHeader, _ encoding: ParquetEncoding) throws(EngineError)
        -> DataPage
    {
        let levelBytes = header.repetitionBytes + header.definitionBytes
        if levelBytes > header.compressedBytes || levelBytes > header.uncompressedBytes {
            throw damaged("a page is shorter than its levels")
        }
        let body = try hold(position, header.compressedBytes)
        var values = UnsafeRawBufferPointer(
            start: body + levelBytes, count: header.compressedBytes - levelBytes)
        // The levels are read out of the window, so it must stay as it is: inflating holds bytes within it.
        var owner = window
        if header.isCompressed, codec != .none {
            (values, owner) = try inflate(
                at: position + levelBytes, values.count, to: header.uncompressedBytes - levelBytes)
        }
        return DataPage(
            valueCount: header.valueCount, encoding: encoding,
            repetition: UnsafeRawBufferPointer(start: body, count: header.repetitionBytes),
            definition: UnsafeRawBufferPointer(
                start: body + header.repetitionBytes, count: header.definitionBytes),
            values: values, owner: owner)
    }
}

extension ParquetCodec {
    /// Says whether `compressed` bytes of this codec can hold `inflated` bytes at all; checked before
    /// allocation.
    fileprivate func canInflate(_ compressed: Int, to inflated: Int) -> Bool {
        switch self {
        case .snappy: inflated <= 32 * compressed + 64
        case .lz4, .lz4Raw: inflated <= Limits.lz4ExpansionLimit * compressed + 64
        case .gzip: inflated <= 1040 * compressed + 64
        default: compressed > 0
        }
    }
}
