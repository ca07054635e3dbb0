import CKernels
import Columns
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Decodes column blocks into batches of a schema. Any bytes are safe to give: what no encoder made is
/// refused.
package struct ColumnBlockDecoder {
    private let schema: Schema

    package init(schema: Schema) { self.schema = schema }

    /// Bytes of a block's header.
    package static var headerBytes: Int { ColumnBlockFormat.headerBytes }

    /// Returns the size of the block whose header these bytes begin with, header included. Throws
    /// `CORRUPT_BLOCK`.
    package static func blockBytes(header: UnsafeRawBufferPointer) throws(EngineError) -> Int {
        guard header.count >= ColumnBlockFormat.headerBytes,
            header.loadUnaligned(fromByteOffset: 0, as: UInt32.self) == ColumnBlockFormat.magic
        else { throw ColumnBlockFormat.damaged("it has no header") }
        let version = header.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
        guard version == ColumnBlockFormat.version else {
            throw .system(
                "UNSUPPORTED_BLOCK_VERSION",
                "A column block has version \(version), which this worker does not read",
                remedy: "Run the same version on all nodes.")
        }
        let body = header.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        guard body <= UInt64(2 * Limits.valueBytes) else {
            throw ColumnBlockFormat.damaged("it is too large")
        }
        return Int(body) + ColumnBlockFormat.headerBytes
    }

    /// Returns the number of rows that a block's header declares.
    package static func rowCount(header: UnsafeRawBufferPointer) -> Int {
        header.count >= 12 ? Int(header.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) : 0
    }

    /// Throws `CORRUPT_BLOCK` (system) when `bytes` are not one whole block with the right checksum.
    package static func verify(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        guard try blockBytes(header: bytes) == bytes.count else {
            throw ColumnBlockFormat.damaged("its size is wrong")
        }
        let stored = bytes.loadUnaligned(fromByteOffset: 32, as: UInt32.self)
        guard ColumnBlockFormat.checksum(bytes) == stored else {
            throw ColumnBlockFormat.damaged("its checksum is wrong")
        }
    }

    /// Decodes one block, which takes up all of `bytes`. Throws `CORRUPT_BLOCK` (system) when its checksum is
    /// wrong or its content is not what an encoder makes; nothing is inflated before the checksum was
    /// verified.
    package func decode(_ bytes: UnsafeRawBufferPointer) throws(EngineError) -> Batch {
        try ColumnBlockDecoder.verify(bytes)
        let body = UnsafeRawBufferPointer(rebasing: bytes[ColumnBlockFormat.headerBytes...])
        let rows = ColumnBlockDecoder.rowCount(header: bytes)
        let columns = Int(bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        let inflated = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
        guard inflated <= UInt64(ColumnBlockFormat.inflatedLimit(rows: rows)), rows <= Limits.blockBytes
        else {
            throw ColumnBlockFormat.damaged("it declares too large a size")
        }
        guard columns == schema.count else {
            throw ColumnBlockFormat.damaged("it has another number of columns")
        }
        var reading = ColumnReading(BlockReader(body, allowance: Int(inflated)))
        var vectors: [Vector] = []
        for field in schema.fields { vectors.append(try reading.column(field.type, count: rows, depth: 0)) }
        guard reading.isAtEnd else { throw ColumnBlockFormat.damaged("it has bytes left over") }
        return Batch(columns: vectors, count: rows)
    }

    /// Decodes the block in a buffer.
    package func decode(_ buffer: Buffer) throws(EngineError) -> Batch { try decode(buffer.bytes) }
}

/// Reads columns from a body whose checksum is right; checks everything that memory safety depends on.
private struct ColumnReading {
    private var reader: BlockReader

    init(_ reader: BlockReader) { self.reader = reader }

    var isAtEnd: Bool { reader.isAtEnd }

    mutating func column(_ type: DataType, count: Int, depth: Int) throws(EngineError) -> Vector {
        if depth > Limits.nestingDepth { throw ColumnBlockFormat.damaged("it is nested too deeply") }
        let head: UInt16 = try reader.read()
        guard let form = ColumnBlockFormat.Form(rawValue: UInt8(head & 0xFF)), head >> 8 <= 1 else {
            throw ColumnBlockFormat.damaged("a column has no known form")
        }
        if form == .nulls { return .nulls(type, count: count) }
        guard type != .null else { throw ColumnBlockFormat.damaged("a column of nulls has values") }
        if form == .constant {
            return .constant(try flat(type, count: 1, validity: nil, depth: depth), count: count)
        }
        var validity: Bitmap?
        if head >> 8 == 1 {
            validity = Bitmap(try reader.readChunk(Bitmap.wordCount(count) * 8), count: count)
        }
        if form == .flat { return try flat(type, count: count, validity: validity, depth: depth) }
        let entries = Int(try reader.read(UInt32.self))
        guard entries > 0, entries <= count else {
            throw ColumnBlockFormat.damaged("a dictionary's size is wrong")
        }
        let dictionary = try flat(type, count: entries, validity: nil, depth: depth)
        let codes = try integers(count: count, width: 4)
        guard block_check_codes(codes.pointer(as: Int32.self), count, Int32(clamping: entries)) == 1 else {
            throw ColumnBlockFormat.damaged("a code is beyond its dictionary")
        }
        return .dictionary(dictionary, codes: codes, count: count, validity: validity)
    }

    private mutating func flat(
        _ type: DataType, count: Int, validity: Bitmap?, depth: Int
    ) throws(EngineError) -> Vector {
        switch type.physical {
        case .null: throw ColumnBlockFormat.damaged("a column of nulls has values")
        case .bool:
            let values = try integers(count: count, width: 1)
            let bytes = values.pointer(as: UInt8.self)
            for row in 0..<count { bytes[row] &= 1 }
            return .flat(type, count: count, values: values, validity: validity)
        case .int8, .int16, .int32, .int64, .int128, .float, .double:
            let values = try integers(count: count, width: type.physical.width)
            return .flat(type, count: count, values: values, validity: validity)
        case .view: return try views(type, count: count, validity: validity)
        case .list: return try lists(type, count: count, validity: validity, depth: depth)
        case .structure:
            guard case .structure(let fields) = type else {
                throw ColumnBlockFormat.damaged("a type is wrong")
            }
            var children: [Vector] = []
            for field in fields {
                children.append(try nestedColumn(field.type, count: count, depth: depth + 1))
            }
            return .flat(type, count: count, values: nil, validity: validity, children: children)
        }
    }

    /// Reads a column inside another, where dictionaries may not be.
    private mutating func nestedColumn(_ type: DataType, count: Int, depth: Int) throws(EngineError) -> Vector
    {
        let vector = try column(type, count: count, depth: depth)
        if vector.form == .dictionary { throw ColumnBlockFormat.damaged("a nested column is a dictionary") }
        return vector
    }

    private mutating func integers(count: Int, width: Int) throws(EngineError) -> Buffer {
        let base: Int64 = try reader.read()
        let planeCount = Int(try reader.read(UInt8.self))
        guard planeCount <= width else { throw ColumnBlockFormat.damaged("a number is too wide") }
        let bytes = count * width
        try reader.spend(bytes)
        let all = try readPlanes(planeCount, count)
        let values = Buffer(byteCount: max(bytes, 16))
        block_join(all.pointer(as: UInt8.self), count, Int32(width), base, Int32(planeCount), values.base)
        return values
    }

    private mutating func readPlanes(_ planeCount: Int, _ count: Int) throws(EngineError) -> Buffer {
        let all = Buffer(byteCount: max(1, planeCount * count))
        for plane in 0..<planeCount { try reader.readChunk(count, into: all.base + plane * count) }
        return all
    }

    private mutating func lengths(count: Int, limit: Int) throws(EngineError) -> (Buffer, total: Int) {
        let values = try integers(count: count, width: 4)
        let total = block_sum_lengths(values.pointer(as: Int32.self), count, Int64(limit))
        if total < 0 { throw ColumnBlockFormat.damaged("a length in it is wrong") }
        return (values, Int(total))
    }

    private mutating func views(_ type: DataType, count: Int, validity: Bitmap?) throws(EngineError) -> Vector
    {
        let (lengths, total) = try lengths(count: count, limit: 2 * Limits.valueBytes)
        let heap = try reader.readChunk(total, extra: 16)
        try reader.spend(count * 16)
        let views = Buffer(byteCount: max(1, count) * 16)
        block_make_views(heap.pointer(as: UInt8.self), lengths.pointer(as: Int32.self), count, views.base)
        return .flat(type, count: count, values: views, validity: validity, heaps: [heap])
    }

    private mutating func lists(
        _ type: DataType, count: Int, validity: Bitmap?, depth: Int
    ) throws(EngineError) -> Vector {
        let (lengths, total) = try lengths(count: count, limit: Int(Int32.max))
        guard Int(try reader.read(UInt32.self)) == total else {
            throw ColumnBlockFormat.damaged("a list's length is wrong")
        }
        try reader.spend((count + 1) * 4)
        let offsets = Buffer(byteCount: (count + 1) * 4)
        let (from, out) = (lengths.pointer(as: Int32.self), offsets.pointer(as: Int32.self))
        var sum: Int32 = 0
        for row in 0..<count {
            out[row] = sum
            sum &+= from[row]
        }
        out[count] = sum
        var elements: [DataType] = []
        if case .array(let element, _) = type { elements = [element] }
        if case .map(let key, let value, _) = type { elements = [key, value] }
        var children: [Vector] = []
        for element in elements { children.append(try nestedColumn(element, count: total, depth: depth + 1)) }
        return .flat(type, count: count, values: offsets, validity: validity, children: children)
    }
}
