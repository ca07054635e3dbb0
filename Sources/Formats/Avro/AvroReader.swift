import Columns
import Memory
import Vocabulary

/// Reads columns of the blocks of an Avro file that follow a mark in a range of bytes. Used by one thread at
/// a time; holds one block in memory, and its inflated bytes.
package final class AvroReader: BatchStream {
    package let file: AvroFile
    private let source: any ByteSource
    private var input: AvroInput
    private let record: AvroResolution
    private let end: Int
    private let batchRows: Int
    private var block: (cursor: AvroCursor, bytes: Buffer, rowsLeft: Int)?
    private var isPositioned = false
    /// What the block takes, inflated.
    private let counted: CountedBytes

    /// Bytes of columns after which a batch is given early.
    private static let batchBytes = 8 << 20

    /// Takes the blocks whose mark begins in `range`; the mark of the head counts for the first. `wanted`
    /// says which columns the batches have, nil for all of the file; `readerSchema` is the option
    /// `avroSchema`. Throws as `AvroFile` does, and `AVRO_FIELD_MISSING` (data) for a column that the file
    /// lacks and the reader's schema has no default for.
    package init(
        source: any ByteSource, range: Range<Int>, wanted: [Field]? = nil, readerSchema: String? = nil,
        batchRows: Int = Limits.batchRows, memory: CountedMemory = .unlimited
    ) throws(EngineError) {
        counted = memory.count()
        let file = try AvroFile(source: source)
        self.file = file
        self.source = source
        self.batchRows = batchRows
        do throws(EngineError) {
            record = try file.resolution(of: wanted, readerSchema: readerSchema)
        } catch { throw error.naming(source) }
        input = AvroInput(source, at: range.lowerBound)
        end = range.upperBound
    }

    /// The types of the batches' columns: the file's, in the form that is wanted.
    package var types: [DataType] { record.types }

    package func next() throws -> Batch? {
        do throws(EngineError) { return try nextBatch() } catch { throw error.naming(source) }
    }

    private func nextBatch() throws(EngineError) -> Batch? {
        var rows = 0
        while rows < batchRows {
            guard let block = try openBlock() else { break }
            let wanted = min(batchRows - rows, block.rowsLeft)
            var done = 0
            while done < wanted, done & 255 != 0 || record.byteCount < AvroReader.batchBytes {
                try record.read(block.cursor)
                done += 1
            }
            rows += done
            self.block?.rowsLeft -= done
            if done < wanted { break }
        }
        if rows == 0 { return nil }
        return Batch(columns: record.finish(rows), count: rows)
    }

    /// Returns the block that has rows left, or nil at the end of the range.
    private func openBlock() throws(EngineError) -> (cursor: AvroCursor, bytes: Buffer, rowsLeft: Int)? {
        while true {
            if let block {
                if block.rowsLeft > 0 { return block }
                if !block.cursor.isAtEnd { throw AvroCursor.damaged("a block has more bytes than records") }
                self.block = nil
            }
            if !isPositioned {
                isPositioned = true
                guard try position() else { return nil }
            }
            // The mark before belongs to another range.
            if input.at - AvroFile.markBytes >= end || input.isAtEnd { return nil }
            try readBlock()
        }
    }

    /// Goes behind the first mark in the range; false when there is none.
    private func position() throws(EngineError) -> Bool {
        if input.at <= file.headBytes - AvroFile.markBytes {
            input.seek(file.headBytes)
            return true
        }
        return try input.seek(behind: file.mark, before: end)
    }

    private func readBlock() throws(EngineError) {
        let rows = try input.long()
        let byteCount = try input.long()
        guard rows >= 0, byteCount >= 0, byteCount <= Int64(input.bytesLeft - AvroFile.markBytes) else {
            throw AvroCursor.damaged(
                "a block of \(rows) records in \(byteCount) bytes leads past the end of the file")
        }
        let packed = try input.take(Int(byteCount))
        let end = try input.take(AvroFile.markBytes)
        guard withExtendedLifetime(end, { end.bytes.elementsEqual(file.mark) }) else {
            throw AvroCursor.damaged("a block does not end with the file's mark")
        }
        let (bytes, count) = try file.codec.inflate(packed, byteCount: Int(byteCount), counted: counted)
        let limit = file.record.isEmpty ? 1 << 20 : count
        guard rows <= Int64(limit) else {
            throw AvroCursor.damaged("a block of \(rows) records has only \(count) bytes")
        }
        let cursor = AvroCursor(UnsafeRawBufferPointer(start: bytes.base, count: count))
        block = (cursor, bytes, Int(rows))
    }
}

/// Reads the bytes of a file in large pieces from a position on. Used by one thread.
struct AvroInput {
    private static let windowBytes = 256 << 10
    private let source: any ByteSource
    private(set) var at: Int
    private var window: Buffer
    private var windowStart = 0
    private var windowCount = 0

    init(_ source: any ByteSource, at: Int) {
        self.source = source
        self.at = at
        window = Buffer(byteCount: AvroInput.windowBytes)
    }

    var isAtEnd: Bool { at >= source.byteCount }
    var bytesLeft: Int { max(0, source.byteCount - at) }

    mutating func seek(_ position: Int) { at = position }

    /// Returns how many bytes from `at` on are in the window, reading the next ones where there are none.
    private mutating func fill() throws(EngineError) -> Int {
        if at < windowStart || at >= windowStart + windowCount {
            windowStart = at
            windowCount = min(AvroInput.windowBytes, bytesLeft)
            try source.readFully(at: at, into: .init(start: window.base, count: windowCount))
        }
        return windowStart + windowCount - at
    }

    mutating func long() throws(EngineError) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64, try fill() > 0 {
            let byte = (window.base + (at - windowStart)).load(as: UInt8.self)
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift += 7
        }
        throw AvroCursor.damaged("the head of a block is cut short")
    }

    /// Takes bytes, which the file has; there are 64 more to read behind them.
    mutating func take(_ byteCount: Int) throws(EngineError) -> Buffer {
        let bytes = Buffer(byteCount: byteCount)
        let near = at >= windowStart ? min(byteCount, max(0, windowStart + windowCount - at)) : 0
        if near > 0 {
            bytes.mutableBytes.copyMemory(from: .init(start: window.base + (at - windowStart), count: near))
        }
        if near < byteCount {
            try source.readFully(at: at + near, into: .init(rebasing: bytes.mutableBytes[near...]))
        }
        at += byteCount
        return bytes
    }

    /// Goes behind the first mark that begins before `end`; false when there is none.
    mutating func seek(behind mark: [UInt8], before end: Int) throws(EngineError) -> Bool {
        guard let first = mark.first else { return false }
        while at < end, bytesLeft >= mark.count {
            var count = try fill()
            if count < mark.count {
                // The mark may lie across the window's end.
                windowCount = 0
                count = try fill()
            }
            let bytes = UnsafeRawBufferPointer(start: window.base + (at - windowStart), count: count)
            var place = 0
            while place <= count - mark.count, at + place < end {
                if bytes[place] == first, bytes[place..<(place + mark.count)].elementsEqual(mark) {
                    at += place + mark.count
                    return true
                }
                place += 1
            }
            at += max(1, place)
        }
        return false
    }
}
