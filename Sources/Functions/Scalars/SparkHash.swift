import Columns
import Kernels
import Memory
import Vocabulary

/// Computes the hash functions of Spark's `hash` and `xxhash64`: in loops over columns where values lie there
/// as Spark hashes them, value by value else.
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
        case .int64, .timestamp, .timestampNTZ, .time, .dayTimeInterval:
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

    // MARK: - Murmur3

    /// Returns the hashes of rows, a column folded into those before it, with the seed 42.
    static func murmur(_ arguments: [Vector], count: Int) throws -> Vector {
        let buffer = Buffer(byteCount: max(count * 4, 16))
        let out = buffer.pointer(as: UInt32.self)
        out.update(repeating: 42, count: count)
        try fold(
            arguments, count: count, out, four: { finish(mix($1, $0), 4) }, eight: { murmur($0, $1) },
            text: { murmur($0, $1) }, other: { try murmur($0, $1, seed: $2) })
        return .flat(.int32, count: count, values: buffer)
    }

    static func murmur(_ column: Column, _ row: Int, seed: UInt32) throws -> UInt32 {
        if let folded = try nested(column, row, seed: seed, { try murmur($0, $1, seed: $2) }) {
            return folded
        }
        switch try form(column, row) {
        case nil: return seed
        case .int(let value): return finish(mix(seed, value), 4)
        case .long(let value): return murmur(value, seed)
        case .bytes(let bytes): return bytes.withUnsafeBytes { murmur($0, seed) }
        }
    }

    @inline(__always)
    private static func mix(_ h: UInt32, _ k: UInt32) -> UInt32 {
        var k = k &* 0xcc9e_2d51
        k = (k &<< 15 | k &>> 17) &* 0x1b87_3593
        let x = h ^ k
        return (x &<< 13 | x &>> 19) &* 5 &+ 0xe654_6b64
    }

    @inline(__always)
    private static func finish(_ h: UInt32, _ length: Int) -> UInt32 {
        var h = h ^ UInt32(truncatingIfNeeded: length)
        h = (h ^ h &>> 16) &* 0x85eb_ca6b
        h = (h ^ h &>> 13) &* 0xc2b2_ae35
        return h ^ h &>> 16
    }

    /// Hashes the eight bytes of a number.
    @inline(__always)
    static func murmur(_ value: UInt64, _ seed: UInt32) -> UInt32 {
        let low = mix(seed, UInt32(truncatingIfNeeded: value))
        return finish(mix(low, UInt32(truncatingIfNeeded: value &>> 32)), 8)
    }

    private static func murmur(_ bytes: UnsafeRawBufferPointer, _ seed: UInt32) -> UInt32 {
        var h = seed
        var at = 0
        while at &+ 4 <= bytes.count {
            h = mix(h, UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            at &+= 4
        }
        // Spark mixes the last bytes one by one, sign-extended.
        while at < bytes.count {
            h = mix(h, UInt32(bitPattern: Int32(Int8(bitPattern: bytes[at]))))
            at &+= 1
        }
        return finish(h, bytes.count)
    }

    // MARK: - Loops

    /// Folds the values of columns into the hashes of their rows; a null leaves a hash as it is. Values of
    /// four and eight bytes, and texts, lie in columns as Spark hashes them.
    @inline(__always)
    private static func fold<Hash>(
        _ arguments: [Vector], count: Int, _ out: UnsafeMutablePointer<Hash>,
        four: (UInt32, Hash) -> Hash, eight: (UInt64, Hash) -> Hash,
        text: (UnsafeRawBufferPointer, Hash) -> Hash, other: (Column, Int, Hash) throws -> Hash
    ) rethrows {
        for vector in arguments {
            let column = Column(vector)
            let mayBeNull = vector.type == .null || vector.isNullConstant || vector.hasNulls
            switch vector.type {
            case .boolean, .int8, .int16, .int32, .date, .yearMonthInterval:
                eachValue(column, mayBeNull, count) { row in
                    out[row] = four(
                        UInt32(bitPattern: Int32(truncatingIfNeeded: column.integer(row))), out[row])
                }
            case .int64, .timestamp, .timestampNTZ, .time, .dayTimeInterval:
                eachValue(column, mayBeNull, count) { row in
                    out[row] = eight(UInt64(bitPattern: Int64(column.integer(row))), out[row])
                }
            case .string, .binary:
                eachValue(column, mayBeNull, count) { row in
                    column.view(row).withBytes { out[row] = text($0, out[row]) }
                }
            default: for row in 0..<count { out[row] = try other(column, row, out[row]) }
            }
        }
    }

    @inline(__always)
    private static func eachValue(_ column: Column, _ mayBeNull: Bool, _ count: Int, _ body: (Int) -> Void) {
        var row = 0
        while row < count {
            if !mayBeNull || !column.isNull(row) { body(row) }
            row &+= 1
        }
    }

    // MARK: - xxHash

    /// Returns the hashes of rows, a column folded into those before it, with the seed 42.
    static func xx64(_ arguments: [Vector], count: Int) throws -> Vector {
        let buffer = Buffer(byteCount: max(count * 8, 16))
        let out = buffer.pointer(as: UInt64.self)
        out.update(repeating: 42, count: count)
        try fold(
            arguments, count: count, out, four: { xx64($0, $1) }, eight: { xx64($0, $1) },
            text: { xx64($0, $1) }, other: { try xx64($0, $1, seed: $2) })
        return .flat(.int64, count: count, values: buffer)
    }

    private static let p1: UInt64 = 0x9e37_79b1_85eb_ca87
    private static let p2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
    private static let p3: UInt64 = 0x1656_67b1_9e37_79f9
    private static let p4: UInt64 = 0x85eb_ca77_c2b2_ae63
    private static let p5: UInt64 = 0x27d4_eb2f_1656_67c5

    @inline(__always)
    private static func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 {
        value &<< by | value &>> (64 &- by)
    }

    @inline(__always)
    private static func avalanche(_ h: UInt64) -> UInt64 {
        var h = (h ^ h >> 33) &* p2
        h = (h ^ h >> 29) &* p3
        return h ^ h >> 32
    }

    static func xx64(_ column: Column, _ row: Int, seed: UInt64) throws -> UInt64 {
        if let folded = try nested(column, row, seed: seed, { try xx64($0, $1, seed: $2) }) { return folded }
        switch try form(column, row) {
        case nil: return seed
        case .int(let value): return xx64(value, seed)
        case .long(let value): return xx64(value, seed)
        case .bytes(let bytes): return bytes.withUnsafeBytes { xx64($0, seed) }
        }
    }

    @inline(__always)
    private static func xx64(_ value: UInt32, _ seed: UInt64) -> UInt64 {
        let h = (seed &+ p5 &+ 4) ^ (UInt64(value) &* p1)
        return avalanche(rotate(h, 23) &* p2 &+ p3)
    }

    @inline(__always)
    private static func xx64(_ value: UInt64, _ seed: UInt64) -> UInt64 {
        avalanche(round8(seed &+ p5 &+ 8, value))
    }

    @inline(__always)
    private static func round8(_ h: UInt64, _ value: UInt64) -> UInt64 {
        rotate(h ^ rotate(value &* p2, 31) &* p1, 27) &* p1 &+ p4
    }

    private static func xx64(_ bytes: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        func word(_ at: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
        func lane(_ lane: UInt64, _ at: Int) -> UInt64 { rotate(lane &+ word(at) &* p2, 31) &* p1 }
        func join(_ h: UInt64, _ lane: UInt64) -> UInt64 {
            (h ^ rotate(lane &* p2, 31) &* p1) &* p1 &+ p4
        }
        var at = 0
        var h = seed &+ p5
        if bytes.count >= 32 {
            var (a, b, c, d) = (seed &+ p1 &+ p2, seed &+ p2, seed, seed &- p1)
            while at &+ 32 <= bytes.count {
                (a, b) = (lane(a, at), lane(b, at &+ 8))
                (c, d) = (lane(c, at &+ 16), lane(d, at &+ 24))
                at &+= 32
            }
            h = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
            h = join(join(join(join(h, a), b), c), d)
        }
        h = h &+ UInt64(bytes.count)
        while at &+ 8 <= bytes.count {
            h = round8(h, word(at))
            at &+= 8
        }
        if at &+ 4 <= bytes.count {
            let half = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
            h = rotate(h ^ UInt64(half) &* p1, 23) &* p2 &+ p3
            at &+= 4
        }
        while at < bytes.count {
            h = rotate(h ^ UInt64(bytes[at]) &* p5, 11) &* p1
            at &+= 1
        }
        return avalanche(h)
    }
}
