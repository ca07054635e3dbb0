import Columns
import Testing
import Vocabulary

@testable import Formats

/// Footers that no writer makes: each must be refused, or mean no more than it can, at once.
@Suite("Parquet footers made to break things")
struct ParquetHostileFooterTests {
    private static let magic = Array("PAR1".utf8)

    /// Puts a footer's bytes behind `body` as a file.
    private static func file(_ footer: [UInt8], body: [UInt8] = []) -> MemorySource {
        let size = (0..<4).map { UInt8(truncatingIfNeeded: footer.count >> ($0 * 8)) }
        return MemorySource(magic + body + footer + size + magic)
    }

    /// Writes a footer: its schema elements, and row groups of one column.
    private static func footer(
        schema: [(inout ThriftWriter) -> Void], groups: [(inout ThriftWriter) -> Void] = []
    ) -> [UInt8] {
        var writer = ThriftWriter()
        writer.structureElement { writer in
            writer.int32(1, 1)
            writer.list(2, .structure, count: schema.count)
            for element in schema { writer.structureElement(element) }
            writer.int64(3, 0)
            writer.list(4, .structure, count: groups.count)
            for group in groups { writer.structureElement(group) }
        }
        return writer.bytes
    }

    private static func root(_ children: Int) -> (inout ThriftWriter) -> Void {
        { writer in
            writer.string(4, "root")
            writer.int32(5, children)
        }
    }

    /// An INT64 column, optional.
    private static func column(_ writer: inout ThriftWriter) {
        writer.int32(1, 2)
        writer.int32(3, 1)
        writer.string(4, "a")
    }

    private static func group(
        rows: Int, offset: Int = 4, bytes: Int = 0, nulls: Int = 0
    ) -> (inout ThriftWriter) -> Void {
        { writer in
            writer.list(1, .structure, count: 1)
            writer.structureElement { writer in
                writer.structure(3) { writer in
                    writer.int32(1, 2)
                    writer.int32(4, 0)
                    writer.int64(5, rows)
                    writer.int64(7, bytes)
                    writer.int64(9, offset)
                    writer.structure(12) { $0.int64(3, nulls) }
                }
            }
            writer.int64(3, rows)
        }
    }

    @Test("lists of lists of elements that take no bytes are damage, and take no time")
    func endlessLists() {
        // Member 15 is a list of 100,000 lists of 100,000 elements of the kind that ends structures.
        let count: [UInt8] = [0xA0, 0x8D, 0x06]
        var lists: [UInt8] = [0xF9, 0xF9]
        lists += count
        for _ in 0..<100_000 {
            lists.append(0xF0)
            lists += count
        }
        lists += [UInt8](repeating: 0, count: 100_001)
        var maps: [UInt8] = [0xFB]
        maps += count
        maps += [UInt8](repeating: 0, count: 100_001)
        let start = ContinuousClock.now
        for bytes in [lists, maps] {
            #expect(throws: EngineError.self) { try ParquetFile(source: Self.file(bytes)) }
        }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("a hundred thousand lists in each other are refused before the stack ends")
    func deepLists() {
        let list: (inout ThriftWriter) -> Void = { writer in
            writer.int32(3, 2)
            writer.string(4, "l")
            writer.int32(5, 1)
            writer.int32(6, 3)
        }
        for depth in [300, 100_000] {
            let schema = [Self.root(1)] + [(inout ThriftWriter) -> Void](repeating: list, count: depth)
            let footer = Self.footer(schema: schema + [Self.column])
            let error = #expect(throws: EngineError.self) { try ParquetFile(source: Self.file(footer)) }
            #expect(error?.message.contains("nested too deeply") == true)
        }
    }

    @Test("a row group without rows may lie anywhere")
    func emptyGroup() throws {
        let footer = Self.footer(
            schema: [Self.root(1), Self.column], groups: [Self.group(rows: 0, offset: .max, bytes: 9)])
        let file = try ParquetFile(source: Self.file(footer, body: [UInt8](repeating: 0, count: 20)))
        #expect(try ParquetReader(file: file, columns: [0]).next() == nil)
    }

    @Test("counts of nulls that cannot be are none")
    func nullCounts() throws {
        for nulls in [Int.max, -1, 3] {
            let group = Self.group(rows: 2, nulls: nulls)
            let footer = Self.footer(schema: [Self.root(1), Self.column], groups: [group, group])
            let file = try ParquetFile(source: Self.file(footer))
            #expect(file.statistics(column: 0)?.nullCount == nil)
        }
        let group = Self.group(rows: 2, nulls: 1)
        let footer = Self.footer(schema: [Self.root(1), Self.column], groups: [group, group])
        #expect(try ParquetFile(source: Self.file(footer)).statistics(column: 0)?.nullCount == 2)
    }

    @Test("a page of equal differences is as long as memory allows, not as its bytes say")
    func longDifferences() throws {
        let count = 1 << 28
        func varint(_ value: Int) -> [UInt8] {
            var rest = value
            var bytes: [UInt8] = []
            while rest >= 128 {
                bytes.append(UInt8(rest & 127) | 128)
                rest >>= 7
            }
            return bytes + [UInt8(rest)]
        }
        // Levels: one run of ones; values: blocks of 2^24 differences of no bits.
        let levels = varint(count << 1) + [1]
        var page: [UInt8] = [UInt8(levels.count), 0, 0, 0]
        page += levels
        for number in [1 << 24, 1, count, 0] { page += varint(number) }
        page += [UInt8](repeating: 0, count: 32)
        var header = ThriftWriter()
        header.structureElement { writer in
            writer.int32(1, 0)
            writer.int32(2, page.count)
            writer.int32(3, page.count)
            writer.structure(5) { writer in
                writer.int32(1, count)
                writer.int32(2, 5)
                writer.int32(3, 3)
                writer.int32(4, 3)
            }
        }
        let body = header.bytes + page
        let group = Self.group(rows: count, bytes: body.count)
        let footer = Self.footer(schema: [Self.root(1), Self.column], groups: [group])
        let file = try ParquetFile(source: Self.file(footer, body: body))
        let error = #expect(throws: EngineError.self) {
            try ParquetReader(file: file, columns: [0]).next()
        }
        #expect(error?.message.contains("a page of \(count) values") == true)
    }
}
