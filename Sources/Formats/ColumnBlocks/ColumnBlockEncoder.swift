import CKernels
import CLZ4
import Columns
import Kernels
import Memory
import Vocabulary

/// Encodes batches as column blocks, each column by what it is: dictionary codes narrow, numbers as
/// differences from the least one in byte planes, text as lengths and bytes; LZ4 where it pays.
///
/// Keeps its work space between batches. Not thread-safe: one task.
package final class ColumnBlockEncoder {
    private let schema: Schema
    private var out: BlockBytes
    private var planes = Buffer(byteCount: 1 << 16)

    /// Makes an encoder of batches of `schema`; with `compress` false, LZ4 is never used.
    package init(schema: Schema, compress: Bool = true) {
        self.schema = schema
        out = BlockBytes(compress: compress)
    }

    /// Encodes a batch as one block, or as several where one would inflate to more than `Limits.blockBytes`.
    /// Throws `RECORD_TOO_LARGE` (data) for a row beyond 2 GiB.
    package func encode(_ batch: Batch) throws(EngineError) -> [Buffer] {
        if batch.count == 0 { return [] }
        let size = batch.columns.reduce(0) { $0 + flatBytes($1) }
        // Half of the limit leaves room for lengths and offsets.
        let half = Limits.blockBytes / 2
        if size <= half || batch.count == 1 {
            let block = try encodeBlock(batch, size: size)
            if batch.count == 1 || out.inflated <= ColumnBlockFormat.inflatedLimit(rows: batch.count) {
                return [block]
            }
        }
        var blocks: [Buffer] = []
        let middle = batch.count / 2
        blocks += try encode(batch.sliced(from: 0, count: middle))
        blocks += try encode(batch.sliced(from: middle, count: batch.count - middle))
        return blocks
    }

    /// Estimates from above the bytes of a vector in flat form.
    private func flatBytes(_ vector: Vector) -> Int {
        let rows = vector.form == .constant ? 1 : vector.count
        var total = rows * (vector.type.physical.width + 1)
        if vector.form == .dictionary {
            return rows * 5 + (vector.dictionary.map { flatBytes($0) } ?? 0)
        }
        if vector.type.physical == .view, let values = vector.values {
            let views = values.pointer(as: StringView.self)
            var row = 0
            while row < rows {
                total &+= views[row].count
                row &+= 1
            }
        }
        for child in vector.children { total += flatBytes(child) }
        return total
    }

    private func encodeBlock(_ batch: Batch, size: Int) throws(EngineError) -> Buffer {
        if size > 2 * Limits.valueBytes - (1 << 20) {
            throw .data("RECORD_TOO_LARGE", "A row takes more than \(ByteSize.format(2 * Limits.valueBytes))")
        }
        out.begin()
        for column in batch.columns { put(column) }
        return out.finish(rows: batch.count, columns: batch.columns.count)
    }

    // MARK: - Columns

    private func put(_ vector: Vector) {
        if vector.type == .null || vector.isNullConstant {
            out.put(UInt16(ColumnBlockFormat.Form.nulls.rawValue))
            return
        }
        switch vector.form {
        case .constant:
            out.put(UInt16(ColumnBlockFormat.Form.constant.rawValue))
            let one = Vector.flat(
                vector.type, count: 1, values: vector.values, heaps: vector.heaps, children: vector.children)
            putValues(one)
        case .dictionary:
            // A dictionary that is larger than the codes would travel for nothing.
            guard let dictionary = vector.dictionary, dictionary.count <= vector.count else {
                putFlat(vector.flattened())
                return
            }
            putHead(.dictionary, vector)
            out.put(UInt32(dictionary.count))
            putValues(dictionary)
            putIntegers(vector.values, count: vector.count, width: 4)
        case .flat:
            putFlat(vector)
        }
    }

    private func putFlat(_ vector: Vector) {
        putHead(.flat, vector)
        putValues(vector)
    }

    private func putHead(_ form: ColumnBlockFormat.Form, _ vector: Vector) {
        out.put(UInt16(form.rawValue) | (vector.validity == nil ? 0 : 0x100))
        if let validity = vector.validity {
            out.charge(Bitmap.wordCount(vector.count) * 8)
            out.putChunk(validity.buffer.base, Bitmap.wordCount(vector.count) * 8)
        }
    }

    private func putValues(_ vector: Vector) {
        switch vector.type.physical {
        case .null: break
        case .bool, .int8, .int16, .int32, .int64, .int128:
            putIntegers(vector.values, count: vector.count, width: vector.type.physical.width)
        case .float, .double: putPlanes(vector.values, vector.count, vector.type.physical.width, base: 0, nil)
        case .view: putViews(vector)
        case .list: putLists(vector)
        case .structure:
            for child in vector.children {
                putNested(child.count == vector.count ? child : child.sliced(from: 0, count: vector.count))
            }
        }
    }

    /// Writes a column inside another, where dictionaries may not be.
    private func putNested(_ child: Vector) { put(child.form == .dictionary ? child.flattened() : child) }

    /// Writes integers as differences from the least one, in as many byte planes as these take.
    private func putIntegers(_ values: Buffer?, count: Int, width: Int) {
        guard let values, count > 0 else {
            putPlanes(nil, 0, width, base: 0, nil)
            return
        }
        if width == 16 {
            putPlanes(values, count, width, base: 0, nil)
            return
        }
        var (low, high): (Int64, Int64) = (0, 0)
        block_range(values.base, count, Int32(width), &low, &high)
        let spread = UInt64(bitPattern: high &- low)
        let planeCount = (64 - spread.leadingZeroBitCount + 7) / 8
        putPlanes(values, count, width, base: low, min(planeCount, width))
    }

    private func putPlanes(_ values: Buffer?, _ count: Int, _ width: Int, base: Int64, _ planeCount: Int?) {
        let planeCount = count == 0 ? 0 : planeCount ?? width
        out.charge(count * width)
        out.put(base)
        out.put(UInt8(planeCount))
        guard let values, planeCount > 0, count > 0 else { return }
        if planes.byteCount < planeCount * count { planes = Buffer(byteCount: planeCount * count) }
        let bytes = planes.pointer(as: UInt8.self)
        block_split(values.base, count, Int32(width), base, Int32(planeCount), bytes)
        for plane in 0..<planeCount { out.putChunk(planes.base + plane * count, count) }
    }

    private func putViews(_ vector: Vector) {
        let count = vector.count
        guard let values = vector.values, count > 0 else {
            putIntegers(nil, count: 0, width: 4)
            return out.putChunk(planes.base, 0)
        }
        let views = values.pointer(as: StringView.self)
        let lengths = Buffer(byteCount: max(1, count) * 4)
        let lengthOf = lengths.pointer(as: Int32.self)
        var total = 0
        var row = 0
        while row < count {
            let length = views[row].count
            lengthOf[row] = Int32(truncatingIfNeeded: length)
            total &+= length
            row &+= 1
        }
        putIntegers(lengths, count: count, width: 4)
        let text = Buffer(byteCount: total + 16)
        var at = text.base
        row = 0
        while row < count {
            views[row].copyBytes(to: at)
            at += Int(lengthOf[row])
            row &+= 1
        }
        out.charge(total + count * 16)
        out.putChunk(text.base, total)
    }

    private func putLists(_ vector: Vector) {
        let count = vector.count
        let offsets = vector.offsets
        let lengths = Buffer(byteCount: max(1, count) * 4)
        let lengthOf = lengths.pointer(as: Int32.self)
        for row in 0..<count { lengthOf[row] = offsets[row + 1] - offsets[row] }
        putIntegers(lengths, count: count, width: 4)
        let (first, total) = (Int(offsets[0]), Int(offsets[count] - offsets[0]))
        out.charge((count + 1) * 4)
        out.put(UInt32(total))
        for child in vector.children {
            putNested(first == 0 && child.count == total ? child : child.sliced(from: first, count: total))
        }
    }
}
