import CKernels
import Columns
import Formats
import Memory
import SampleRows
import Vocabulary

/// Takes the number of a schema, a byte of options and a column block, whose checksum is made right: what
/// decodes must come back the same when it is encoded again.
enum BlockEntry {
    static let target = FuzzTarget(
        name: "blocks", maximalBytes: 6_000, memoryBytes: 1024 << 20, seeds: seeds, take: take)

    private static let schemas: [Schema] =
        SampleRows.schema.fields.map { Schema([$0]) } + [
            SampleRows.schema, Schema([Field]()), Schema([Field("n", .null), Field("t", .string)]),
            Schema([
                Field(
                    "deep",
                    .array(
                        .map(
                            key: .int32,
                            value: .structure([Field("a", .array(.binary, containsNull: true))]),
                            valueContainsNull: true), containsNull: true))
            ]),
        ]
    private static let headerBytes = ColumnBlockDecoder.headerBytes
    /// Values up to which a block is encoded again: few bytes can stand for very many.
    private static let valueLimit = 100_000

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        var input = InputBytes(bytes)
        let schema = input.choice(schemas)
        let flags = input.byte()
        let block = mended(input.rest, columns: flags & 1 == 0 ? schema.count : nil)
        _ = ColumnBlockDecoder.rowCount(header: block.bytes)
        let decoder = ColumnBlockDecoder(schema: schema)
        let batch = try decoder.decode(block)
        try require(
            batch.columns.count == schema.count && batch.columns.allSatisfy { $0.count == batch.count },
            "columns of other lengths than the batch")
        guard batch.count > 0, batch.columns.allSatisfy({ largest($0) <= valueLimit }) else { return }
        let encoder = ColumnBlockEncoder(schema: schema, compress: flags & 2 == 0)
        let blocks = try encoder.encode(batch)
        var row = 0
        for block in blocks {
            let again = try decoder.decode(block)
            for (column, (a, b)) in zip(batch.columns, again.columns).enumerated() {
                for place in 0..<min(again.count, RowTexts.limit) {
                    let (before, after) = (a.scalar(at: row + place), b.scalar(at: place))
                    if before == after { continue }
                    try require(
                        "\(before)" == "\(after)",
                        "row \(row + place), column \(column): \(before) became \(after)")
                }
            }
            row += again.count
        }
        try require(row == batch.count, "\(batch.count) rows became \(row)")
    }

    /// Returns the most values of a vector and those in it.
    private static func largest(_ vector: Vector) -> Int {
        vector.children.reduce(vector.count) { max($0, largest($1)) }
    }

    /// Returns the bytes as a block whose header fits them: otherwise none would get past the checksum.
    private static func mended(_ bytes: UnsafeRawBufferPointer, columns: Int?) -> Buffer {
        let count = max(bytes.count, headerBytes)
        let block = Buffer.zeroed(byteCount: count)
        block.mutableBytes.copyBytes(from: bytes)
        let base = block.base
        base.storeBytes(of: 0x4243_524D, as: UInt32.self)
        base.storeBytes(of: 1, toByteOffset: 4, as: UInt16.self)
        if let columns { base.storeBytes(of: UInt32(columns), toByteOffset: 12, as: UInt32.self) }
        base.storeBytes(of: UInt64(count - headerBytes), toByteOffset: 16, as: UInt64.self)
        let start = block.pointer(as: UInt8.self)
        let header = block_crc32c(0, start, 32)
        base.storeBytes(
            of: block_crc32c(header, start + headerBytes, count - headerBytes), toByteOffset: 32,
            as: UInt32.self)
        return block
    }

    private static func seeds() throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        for (number, schema) in schemas.enumerated() where schema.count > 0 {
            for (compress, rowCount) in [(true, 1), (false, 40), (true, 100)] {
                let columns = schema.fields.map { field in
                    Vector.of(field.type, (0..<rowCount).map { $0 % 9 == 4 ? .null : seed(field.type, $0) })
                }
                let encoder = ColumnBlockEncoder(schema: schema, compress: compress)
                for block in try encoder.encode(Batch(columns: columns, count: rowCount)) {
                    found.append([UInt8(number), compress ? 0 : 2] + Array(block.bytes))
                }
                let constants = schema.fields.map { Vector.nulls($0.type, count: rowCount) }
                for block in try encoder.encode(Batch(columns: constants, count: rowCount)) {
                    found.append([UInt8(number), 0] + Array(block.bytes))
                }
            }
        }
        return found
    }

    private static func seed(_ type: DataType, _ row: Int) -> Scalar {
        type == .null ? .null : SampleRows.value(type, row)
    }
}
