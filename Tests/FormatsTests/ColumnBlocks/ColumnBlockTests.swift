import Columns
import Memory
import Testing
import Vocabulary

@testable import Formats

@Suite struct ColumnBlockTests {
    /// Vectors of every type and form, `count` rows long.
    static func vectors(_ count: Int) -> [Vector] {
        let long = "a string that is longer than a view holds, number "
        func of(_ type: DataType, _ make: (Int) -> Scalar) -> Vector {
            .of(type, (0..<count).map { $0 % 5 == 3 ? .null : make($0) })
        }
        let entries = Vector.of(.string, ["x", "yy", long].map { .string($0) })
        let codes = Vector.of(.int32, (0..<count).map { .integer(Int64($0 % 3)) })
        let structure = DataType.structure([
            Field("a", .int32), Field("b", .array(.string, containsNull: true)),
        ])
        var all: [Vector] = [
            of(.boolean) { .boolean($0 % 2 == 0) },
            of(.int8) { .integer(Int64($0 % 200) - 100) },
            of(.int16) { .integer(Int64($0) * 31 % 30000 - 15000) },
            of(.int32) { .integer(Int64($0) * 65_537) },
            of(.int64) { .integer(Int64($0) &* 1_234_567_890_123 &- 5) },
            .of(.int64, (0..<count).map { .integer($0 % 2 == 0 ? .min : .max) }),
            of(.float) { .float(Float($0) / 3) },
            of(.double) { .double($0 % 7 == 0 ? .infinity : Double($0) * 0.1) },
            of(.decimal(precision: 15, scale: 2)) { .decimal(Int128($0) * 100 - 7) },
            of(.decimal(precision: 38, scale: 2)) { .decimal(Int128.max / 7 - Int128($0)) },
            of(.string) { .string($0 % 3 == 0 ? "" : long + "\($0)") },
            of(.binary) { .binary([0, 255, UInt8($0 & 255)]) },
            of(.date) { .integer(Int64($0)) },
            of(.timestamp) { .integer(Int64($0) * 1_000_000_007) },
            of(.array(.int32, containsNull: true)) { row in
                .array((0..<(row % 4)).map { .integer(Int64($0 + row)) })
            },
            of(.map(key: .string, value: .double, valueContainsNull: true)) {
                .map(keys: [.string("k\($0)")], values: [$0 % 2 == 0 ? .null : .double(1)])
            },
            of(structure) { .structure([.integer(Int64($0)), .array([.string(long), .null])]) },
            .nulls(.null, count: count), .nulls(.string, count: count), .nulls(structure, count: count),
            .constant(.int64(42), count: count), .constant(.string(long), count: count),
            .constant(.of(structure, [.structure([.integer(1), .array([.string("z")])])]), count: count),
        ]
        if count > 2 {
            all.append(.dictionary(entries, codes: codes.values ?? Buffer(byteCount: 1), count: count))
            let bits = Bitmap((0..<count).map { $0 % 3 == 0 })
            all.append(
                .dictionary(
                    entries, codes: codes.values ?? Buffer(byteCount: 1), count: count, validity: bits))
        }
        return all
    }

    static func schema(_ vectors: [Vector]) -> Schema {
        Schema(vectors.enumerated().map { Field("c\($0.offset)", $0.element.type) })
    }

    static func expectEqual(_ a: Vector, _ b: Vector, _ note: String) {
        #expect(a.count == b.count)
        #expect(
            (0..<a.count).allSatisfy { a.scalar(at: $0) == b.scalar(at: $0) },
            "\(a.type.sqlName) \(a.form) \(note)")
    }

    @Test("every type and form comes back as it was, compressed or not", arguments: [true, false])
    func roundTrip(compress: Bool) throws {
        for count in [1, 2, 7, 63, 64, 65, 4096] {
            let vectors = Self.vectors(count)
            let schema = Self.schema(vectors)
            let encoder = ColumnBlockEncoder(schema: schema, compress: compress)
            for _ in 0..<2 {
                let blocks = try encoder.encode(Batch(columns: vectors, count: count))
                #expect(blocks.count == 1)
                let batch = try ColumnBlockDecoder(schema: schema).decode(blocks[0])
                for (a, b) in zip(vectors, batch.columns) { Self.expectEqual(a, b, "\(count)") }
            }
        }
    }

    @Test("dictionaries and constants keep their form, and large dictionaries are left behind")
    func forms() throws {
        let entries = Vector.of(.string, (0..<100).map { .string("entry \($0)") })
        let codes = Vector.of(.int32, [.integer(99), .integer(0)])
        let small = Vector.dictionary(entries, codes: codes.values ?? Buffer(byteCount: 8), count: 2)
        let constant = Vector.constant(.int64(7), count: 2)
        let schema = Self.schema([small, constant])
        let blocks = try ColumnBlockEncoder(schema: schema).encode(
            Batch(columns: [small, constant], count: 2))
        let batch = try ColumnBlockDecoder(schema: schema).decode(blocks[0])
        #expect(batch.columns[0].form == .flat)
        #expect(batch.columns[1].form == .constant)
        Self.expectEqual(small, batch.columns[0], "")
        #expect(blocks[0].byteCount < 150)
    }

    @Test("a batch that is too large for a block becomes several")
    func splits() throws {
        let text = String(repeating: "0123456789abcdef", count: 65_536)
        let vector = Vector.of(.string, (0..<80).map { .string("\($0)" + text) })
        let schema = Self.schema([vector])
        let blocks = try ColumnBlockEncoder(schema: schema).encode(Batch(columns: [vector], count: 80))
        #expect(blocks.count > 1)
        var row = 0
        for block in blocks {
            let batch = try ColumnBlockDecoder(schema: schema).decode(block)
            for i in 0..<batch.count {
                #expect(batch.columns[0].scalar(at: i) == vector.scalar(at: row))
                row += 1
            }
        }
        #expect(row == 80)
    }

    @Test("a batch without columns keeps its number of rows")
    func noColumns() throws {
        let blocks = try ColumnBlockEncoder(schema: Schema([])).encode(Batch(columns: [], count: 17))
        #expect(try ColumnBlockDecoder(schema: Schema([])).decode(blocks[0]).count == 17)
    }

    @Test("any flipped bit and any cut is found out by the checksum")
    func damage() throws {
        let vectors = Array(Self.vectors(20).prefix(12))
        let schema = Self.schema(vectors)
        let block = try ColumnBlockEncoder(schema: schema).encode(Batch(columns: vectors, count: 20))[0]
        let bytes = Array(block.bytes)
        let decoder = ColumnBlockDecoder(schema: schema)
        for i in 0..<36 * 8 + (bytes.count - 40) * 8 {
            var copy = bytes
            let bit = i < 36 * 8 ? i : i + 32
            copy[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: EngineError.self) { try copy.withUnsafeBytes { try decoder.decode($0) } }
        }
        for count in 0..<bytes.count {
            #expect(throws: EngineError.self) {
                try bytes.withUnsafeBytes { try decoder.decode(.init(rebasing: $0[..<count])) }
            }
        }
    }

    @Test("bytes with a right checksum but wrong content never crash and never allocate more than declared")
    func forged() throws {
        var random = SystemRandomNumberGenerator()
        for count in [3, 40] {
            for vector in Self.vectors(count) {
                let schema = Self.schema([vector])
                let decoder = ColumnBlockDecoder(schema: schema)
                let encoder = ColumnBlockEncoder(schema: schema)
                let block = try encoder.encode(Batch(columns: [vector], count: count))[0]
                let bytes = withExtendedLifetime(block) { Array(block.bytes) }
                for _ in 0..<400 {
                    var copy = bytes
                    for _ in 0..<Int.random(in: 1...3, using: &random) {
                        let at = Int.random(in: 8..<copy.count, using: &random)
                        copy[at] =
                            [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255)].randomElement(using: &random)
                            ?? 0
                    }
                    if Bool.random(using: &random) {
                        copy.removeLast(Int.random(in: 0...min(8, copy.count - 40), using: &random))
                    }
                    Self.seal(&copy)
                    guard let batch = try? copy.withUnsafeBytes({ try decoder.decode($0) }) else { continue }
                    // What is accepted must be readable throughout.
                    if batch.count <= 1000 {
                        for row in 0..<batch.count { _ = batch.columns[0].scalar(at: row) }
                    }
                }
            }
        }
    }

    /// Makes size and checksum of a changed block right again.
    static func seal(_ bytes: inout [UInt8]) {
        let body = bytes.count - 40
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: UInt64(body), toByteOffset: 16, as: UInt64.self)
            let check = ColumnBlockFormat.checksum(UnsafeRawBufferPointer(raw))
            raw.storeBytes(of: check, toByteOffset: 32, as: UInt32.self)
        }
    }

    @Test("the checksum is CRC-32C: the values of RFC 3720")
    func checksum() {
        // A block of zeros, whose checked header is the RFC's 32 bytes of zero.
        let zeros = [UInt8](repeating: 0, count: ColumnBlockFormat.headerBytes)
        #expect(zeros.withUnsafeBytes(ColumnBlockFormat.checksum) == 0x8A91_36AA)
        let ascending = (0..<32).map { UInt8($0) } + [UInt8](repeating: 0, count: 8)
        #expect(ascending.withUnsafeBytes(ColumnBlockFormat.checksum) == 0x46DD_794E)
    }
}
