import Columns
import Kernels
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Gives sines to files that import no C library.
enum Trigonometry {
    static func sine(_ value: Double) -> Double { sin(value) }
}

/// Computes the hash functions of Spark's `hash` and `xxhash64`, value by value.
enum SparkHash {
    /// A value as the bytes or number that Spark hashes.
    private enum Form {
        case int(UInt32)
        case long(UInt64)
        case bytes([UInt8])
    }

    private static func form(_ column: Column, _ row: Int) throws -> Form? {
        if column.isNull(row) { return nil }
        switch column.vector.type {
        case .boolean, .int8, .int16, .int32, .date, .yearMonthInterval:
            return .int(UInt32(bitPattern: Int32(truncatingIfNeeded: column.integer(row))))
        case .int64, .timestamp, .timestampNTZ, .dayTimeInterval:
            return .long(UInt64(bitPattern: Int64(column.integer(row))))
        case .float:
            let value = Float(column.double(row))
            return .int(value == 0 ? 0 : (value.isNaN ? Float.nan.bitPattern : value.bitPattern))
        case .double:
            let value = column.double(row)
            return .long(value == 0 ? 0 : (value.isNaN ? Double.nan.bitPattern : value.bitPattern))
        case .decimal(let precision, _):
            if precision <= 18 { return .long(UInt64(bitPattern: Int64(column.integer(row)))) }
            // The shortest big-endian two's complement, as `BigInteger.toByteArray`.
            let value = column.vector.pointer(as: Int128.self)[column.at(row)]
            var bytes = (0..<16).map { UInt8(truncatingIfNeeded: value >> Int128((15 - $0) * 8)) }
            while bytes.count > 1, bytes[0] == 0 && bytes[1] < 128 || bytes[0] == 255 && bytes[1] >= 128 {
                bytes.removeFirst()
            }
            return .bytes(bytes)
        case .string, .binary: return .bytes(column.bytes(row))
        default:
            throw EngineError.user(
                "UNSUPPORTED_FEATURE.HASH",
                "Hashing values of the type \(column.vector.type.sqlName) is not supported.")
        }
    }

    private static func word(_ bytes: [UInt8], _ at: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(UInt64(0)) { $0 | UInt64(bytes[at + $1]) << UInt64($1 * 8) }
    }

    /// Folds the values below an array or a structure into a seed, one after the other; nil for other types.
    private static func nested<Seed>(
        _ column: Column, _ row: Int, seed: Seed, _ hash: (Column, Int, Seed) throws -> Seed
    ) throws -> Seed? {
        switch column.vector.type {
        case .array:
            if column.isNull(row) { return seed }
            let items = Column(column.vector.children[0].flattened())
            return try column.range(row).reduce(seed) { try hash(items, $1, $0) }
        case .structure:
            if column.isNull(row) { return seed }
            let place = column.at(row)
            return try column.vector.children.reduce(seed) { seed, member in
                try hash(Column(member.flattened()), place, seed)
            }
        default: return nil
        }
    }

    static func murmur(_ column: Column, _ row: Int, seed: UInt32) throws -> UInt32 {
        if let folded = try nested(column, row, seed: seed, { try murmur($0, $1, seed: $2) }) {
            return folded
        }
        func mix(_ h: UInt32, _ k: UInt32) -> UInt32 {
            var k = k &* 0xcc9e_2d51
            k = (k << 15 | k >> 17) &* 0x1b87_3593
            let x = h ^ k
            return (x << 13 | x >> 19) &* 5 &+ 0xe654_6b64
        }
        func finish(_ h: UInt32, _ length: Int) -> UInt32 {
            var h = h ^ UInt32(length)
            h = (h ^ h >> 16) &* 0x85eb_ca6b
            h = (h ^ h >> 13) &* 0xc2b2_ae35
            return h ^ h >> 16
        }
        switch try form(column, row) {
        case nil: return seed
        case .int(let value): return finish(mix(seed, value), 4)
        case .long(let value):
            return finish(
                mix(mix(seed, UInt32(truncatingIfNeeded: value)), UInt32(truncatingIfNeeded: value >> 32)), 8)
        case .bytes(let bytes):
            var h = seed
            let whole = bytes.count & ~3
            for at in stride(from: 0, to: whole, by: 4) { h = mix(h, UInt32(word(bytes, at, 4))) }
            // Spark mixes the last bytes one by one, sign-extended.
            for byte in bytes[whole...] { h = mix(h, UInt32(bitPattern: Int32(Int8(bitPattern: byte)))) }
            return finish(h, bytes.count)
        }
    }

    private static let p1: UInt64 = 0x9e37_79b1_85eb_ca87
    private static let p2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
    private static let p3: UInt64 = 0x1656_67b1_9e37_79f9
    private static let p4: UInt64 = 0x85eb_ca77_c2b2_ae63
    private static let p5: UInt64 = 0x27d4_eb2f_1656_67c5

    private static func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { value << by | value >> (64 - by) }

    private static func avalanche(_ h: UInt64) -> UInt64 {
        var h = (h ^ h >> 33) &* p2
        h = (h ^ h >> 29) &* p3
        return h ^ h >> 32
    }

    static func xx64(_ column: Column, _ row: Int, seed: UInt64) throws -> UInt64 {
        if let folded = try nested(column, row, seed: seed, { try xx64($0, $1, seed: $2) }) { return folded }
        switch try form(column, row) {
        case nil: return seed
        case .int(let value):
            var h = seed &+ p5 &+ 4
            h ^= UInt64(value) &* p1
            return avalanche(rotate(h, 23) &* p2 &+ p3)
        case .long(let value): return avalanche(round8(seed &+ p5 &+ 8, value))
        case .bytes(let bytes): return xx64(bytes, seed)
        }
    }

    private static func round8(_ h: UInt64, _ value: UInt64) -> UInt64 {
        rotate(h ^ rotate(value &* p2, 31) &* p1, 27) &* p1 &+ p4
    }

    private static func xx64(_ bytes: [UInt8], _ seed: UInt64) -> UInt64 {
        var at = 0
        var h: UInt64
        if bytes.count >= 32 {
            var v = [seed &+ p1 &+ p2, seed &+ p2, seed, seed &- p1]
            while at + 32 <= bytes.count {
                for k in 0..<4 { v[k] = rotate(v[k] &+ word(bytes, at + k * 8, 8) &* p2, 31) &* p1 }
                at += 32
            }
            h = rotate(v[0], 1) &+ rotate(v[1], 7) &+ rotate(v[2], 12) &+ rotate(v[3], 18)
            for lane in v { h = (h ^ rotate(lane &* p2, 31) &* p1) &* p1 &+ p4 }
        } else {
            h = seed &+ p5
        }
        h = h &+ UInt64(bytes.count)
        while at + 8 <= bytes.count {
            h = round8(h, word(bytes, at, 8))
            at += 8
        }
        if at + 4 <= bytes.count {
            h = rotate(h ^ word(bytes, at, 4) &* p1, 23) &* p2 &+ p3
            at += 4
        }
        for byte in bytes[at...] { h = rotate(h ^ UInt64(byte) &* p5, 11) &* p1 }
        return avalanche(h)
    }
}
