import Columns
import Kernels
import Memory
import Testing

/// Makes vectors of every type, null density and form for the kernel tests.
enum Samples {
    static let lengths = [0, 1, 63, 64, 65, 4096]
    static let types: [DataType] = [
        .boolean, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 12, scale: 2),
        .decimal(precision: 30, scale: 2), .string, .binary, .date, .timestamp,
        .array(.int32, containsNull: true),
        .structure([Field("a", .int32), Field("b", .string)]),
        .map(key: .string, value: .int64, valueContainsNull: true),
    ]

    static func scalar(_ type: DataType, _ i: Int) -> Scalar {
        let k = (i &* 7919) % 211 - 100
        switch type {
        case .boolean: return .boolean(k & 1 == 0)
        case .float: return .float(Float(k) / 3)
        case .double: return .double(k == 7 ? .nan : Double(k) / 3)
        case .decimal(let p, _): return .decimal(p > 18 ? Int128(k) << 70 : Int128(k))
        case .string: return .string(k % 3 == 0 ? "s\(k)" : "a long string beyond inline \(k)")
        case .binary: return .binary(Array("\(k)\(k % 2 == 0 ? "" : "0123456789abcdef")".utf8))
        case .array: return .array((0..<(abs(k) % 4)).map { .integer(Int64($0 + k)) })
        case .structure: return .structure([.integer(Int64(k)), .string("m\(k)")])
        case .map: return .map(keys: [.string("k\(k)")], values: [k % 5 == 0 ? .null : .integer(Int64(k))])
        default: return .integer(Int64(k))
        }
    }

    /// Values with every `nullEvery`-th null (0: none, 1: all).
    static func values(_ type: DataType, _ count: Int, nullEvery: Int) -> [Scalar] {
        (0..<count).map { nullEvery > 0 && $0 % nullEvery == 0 ? .null : scalar(type, $0) }
    }

    /// The vectors of a type in all forms, with the values they hold.
    static func vectors(_ type: DataType) -> [(Vector, [Scalar])] {
        var all: [(Vector, [Scalar])] = []
        for count in lengths {
            for nullEvery in [0, 1, 2, 7] {
                let list = values(type, count, nullEvery: nullEvery)
                all.append((Vector.of(type, list), list))
            }
            let one = scalar(type, 5)
            all.append((Vector.constant(.of(type, [one]), count: count), Array(repeating: one, count: count)))
            all.append((Vector.nulls(type, count: count), Array(repeating: .null, count: count)))
            if !type.isNested { all.append(dictionary(type, count)) }
        }
        return all
    }

    static func dictionary(_ type: DataType, _ count: Int) -> (Vector, [Scalar]) {
        let entries = (0..<9).map { scalar(type, $0) }
        let codes = Buffer.zeroed(byteCount: max(count * 4, 4))
        let out = codes.pointer(as: Int32.self)
        var list: [Scalar] = []
        for i in 0..<count {
            if i % 5 == 3 {
                list.append(.null)
            } else {
                out[i] = Int32(i % 9)
                list.append(entries[i % 9])
            }
        }
        let vector = Vector.dictionary(
            .of(type, entries), codes: codes, count: count, validity: Bitmap((0..<count).map { $0 % 5 != 3 }))
        return (vector, list)
    }
}

extension Vector {
    var scalars: [Scalar] { (0..<count).map { scalar(at: $0) } }
}

/// Compares values where NaN equals NaN.
func same(_ a: [Scalar], _ b: [Scalar]) -> Bool {
    a.count == b.count
        && zip(a, b).allSatisfy { x, y in
            if case .double(let p) = x, case .double(let q) = y { return p == q || (p.isNaN && q.isNaN) }
            return x == y
        }
}

@Suite struct StructureTests {
    @Test(
        "gathered, nullable, sliced and flattened rows are the rows asked for, in every form",
        arguments: Samples.types)
    func structure(_ type: DataType) {
        for (vector, list) in Samples.vectors(type) {
            #expect(same(vector.flattened().scalars, list))
            let n = list.count
            let rows = n == 0 ? [] : (0..<(n / 2 + 1)).map { UInt32(($0 * 31) % n) }
            #expect(same(vector.gathered(rows, count: rows.count).scalars, rows.map { list[Int($0)] }))
            let nullable: [Int32] = rows.enumerated().map { $0.offset % 3 == 0 ? -1 : Int32($0.element) }
            #expect(
                same(
                    vector.gatheredNullable(nullable, count: rows.count).scalars,
                    nullable.map { $0 < 0 ? .null : list[Int($0)] }))
            let (from, count) = (n / 3, n / 2)
            #expect(same(vector.sliced(from: from, count: count).scalars, Array(list[from..<(from + count)])))
            #expect(same(vector.compacted().scalars, list))
        }
    }

    @Test("concatenation gives all rows in order, whatever the forms", arguments: Samples.types)
    func concat(_ type: DataType) {
        let parts = Samples.vectors(type).filter { $0.1.count < 70 }
        let all = Concat.vectors(parts.map(\.0))
        #expect(same(all.scalars, parts.flatMap(\.1)))
        for (vector, list) in parts {
            #expect(same(Concat.vectors([vector, vector]).scalars, list + list))
        }
    }

    @Test("one dictionary stays a dictionary and equal constants stay a constant")
    func forms() {
        let (vector, _) = Samples.dictionary(.string, 20)
        #expect(Concat.vectors([vector, vector.sliced(from: 3, count: 9)]).form == .dictionary)
        let constant = Vector.constant(.string("x"), count: 4)
        #expect(Concat.vectors([constant, constant]).form == .constant)
        #expect(Concat.vectors([constant, .constant(.string("y"), count: 4)]).form == .flat)
    }

    @Test("compacting drops a heap of which little is used")
    func compact() {
        let vector = Vector.of(.string, (0..<1000).map { .string("a string number \($0) that is long") })
        let few = vector.gathered([1, 500], count: 2)
        #expect(few.heaps.first === vector.heaps.first)
        #expect(few.compacted().retainedBytes < 1000)
        #expect(few.compacted().scalars == few.scalars)
        #expect(vector.compacted() === vector)
    }

    @Test(
        "equal values hash equally in every form and width, different ones differently",
        arguments: Samples.types)
    func hashing(_ type: DataType) {
        var known: [Scalar: UInt64] = [:]
        for (vector, list) in Samples.vectors(type) {
            let buffer = Hashing.hash([vector], count: list.count)
            let hashes = buffer.pointer(as: UInt64.self)
            for (i, value) in list.enumerated() {
                if case .double(let d) = value, d.isNaN { continue }
                #expect(known[value, default: hashes[i]] == hashes[i])
                known[value] = hashes[i]
            }
        }
        #expect(Set(known.values).count == known.count)
    }

    @Test("integer widths, zero signs and NaNs hash alike; the hash is the same in every process")
    func stableHash() {
        func hash(_ type: DataType, _ value: Scalar) -> UInt64 {
            let hashes = Hashing.hash([.of(type, [value])], count: 1)
            return withExtendedLifetime(hashes) { $0.pointer(as: UInt64.self)[0] }
        }
        #expect(hash(.int8, .integer(-5)) == hash(.int64, .integer(-5)))
        #expect(
            hash(.decimal(precision: 10, scale: 2), .decimal(-5))
                == hash(.decimal(precision: 30, scale: 2), .decimal(-5)))
        #expect(hash(.double, .double(0)) == hash(.double, .double(-0.0)))
        #expect(hash(.double, .double(.nan)) == hash(.double, .double(Double(nan: 5, signaling: false))))
        #expect(hash(.int64, .integer(42)) == Hashing.hash(42 as UInt64))
    }

    @Test("true rows are selected, null and false ones are not")
    func selecting() {
        for (vector, list) in Samples.vectors(.boolean) {
            let selection = Selecting.selectTrue(vector)
            let expected = list.indices.filter { list[$0] == .boolean(true) }.map { UInt32($0) }
            #expect((0..<selection.count).map { selection.rows[$0] } == expected)
        }
    }

    @Test("row equality agrees with the values, nulls being equal", arguments: Samples.types)
    func equality(_ type: DataType) {
        let vectors = Samples.vectors(type).filter { $0.1.count == 65 }
        for (a, x) in vectors {
            for (b, y) in vectors {
                let rows: [UInt32] = (0..<65).map { $0 }
                let other: [UInt32] = (0..<65).map { ($0 / 2) * 2 % 65 }
                var matches = [UInt8](repeating: 9, count: 65)
                Comparing.equalRows([a], rows, [b], other, count: 65, into: &matches)
                for i in 0..<65 { #expect((matches[i] == 1) == same([x[i]], [y[Int(other[i])]])) }
            }
        }
    }
}
