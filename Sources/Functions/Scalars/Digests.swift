import Columns
import Vocabulary

/// Computes message digests and checksums (RFC 1321, FIPS 180-4, IEEE 802.3), for SQL functions only: nothing
/// here guards secrets.
enum Digests {
    /// Appends the bit 1, zeros and the message's length, to a multiple of `block` bytes.
    private static func padded(_ message: [UInt8], block: Int, bigEndian: Bool) -> [UInt8] {
        var bytes = message
        let bits = UInt64(message.count) * 8
        bytes.append(0x80)
        while bytes.count % block != block - 8 { bytes.append(0) }
        for i in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64((bigEndian ? 7 - i : i) * 8)))
        }
        return bytes
    }

    private static func rotate(_ value: UInt32, _ by: UInt32) -> UInt32 { value << by | value >> (32 - by) }

    private static let md5Shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
    /// ⌊2³² × |sin(i + 1)|⌋.
    private static let md5Constants: [UInt32] = (1...64).map {
        UInt32(4_294_967_296 * abs(Trigonometry.sine(Double($0))))
    }

    static func md5(_ message: [UInt8]) -> [UInt8] {
        let bytes = padded(message, block: 64, bigEndian: false)
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
        for start in stride(from: 0, to: bytes.count, by: 64) {
            let words = (0..<16).map { k in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + k * 4 + $1]) << UInt32($1 * 8) }
            }
            var (a, b, c, d) = (state[0], state[1], state[2], state[3])
            for i in 0..<64 {
                let (f, g): (UInt32, Int) =
                    switch i / 16 {
                    case 0: (b & c | ~b & d, i)
                    case 1: (d & b | ~d & c, (5 * i + 1) % 16)
                    case 2: (b ^ c ^ d, (3 * i + 5) % 16)
                    default: (c ^ (b | ~d), 7 * i % 16)
                    }
                let sum = a &+ f &+ md5Constants[i] &+ words[g]
                (a, d, c, b) = (d, c, b, b &+ rotate(sum, md5Shifts[i / 16 * 4 + i % 4]))
            }
            state = [state[0] &+ a, state[1] &+ b, state[2] &+ c, state[3] &+ d]
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) } }
    }

    static func sha1(_ message: [UInt8]) -> [UInt8] {
        let bytes = padded(message, block: 64, bigEndian: true)
        var h: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        for start in stride(from: 0, to: bytes.count, by: 64) {
            var w = (0..<16).map { k in
                (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[start + k * 4 + $1]) }
            }
            for i in 16..<80 { w.append(rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1)) }
            var (a, b, c, d, e) = (h[0], h[1], h[2], h[3], h[4])
            for i in 0..<80 {
                let (f, k): (UInt32, UInt32) =
                    switch i / 20 {
                    case 0: (b & c | ~b & d, 0x5a82_7999)
                    case 1: (b ^ c ^ d, 0x6ed9_eba1)
                    case 2: (b & c | b & d | c & d, 0x8f1b_bcdc)
                    default: (b ^ c ^ d, 0xca62_c1d6)
                    }
                let next = rotate(a, 5) &+ f &+ e &+ k &+ w[i]
                (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
            }
            h = [h[0] &+ a, h[1] &+ b, h[2] &+ c, h[3] &+ d, h[4] &+ e]
        }
        return h.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - $0 * 8)) } }
    }

    /// The first primes, whose roots give SHA-2 its constants.
    private static let primes: [Int] = {
        var list: [Int] = []
        var n = 2
        while list.count < 80 {
            if list.allSatisfy({ n % $0 != 0 }) { list.append(n) }
            n += 1
        }
        return list
    }()

    /// Returns the first 64 bits of the fraction of the `degree`-th root of n, by bisection on integers.
    private static func rootFraction(_ n: Int, degree: Int) -> UInt64 {
        func atMost(_ root: UInt128) -> Bool {
            // root is fixed-point with 64 fractional bits; compare root^degree with n.
            let square = root.multipliedFullWidth(by: root)
            if degree == 2 { return square.high < UInt128(n) || square.high == UInt128(n) && square.low == 0 }
            // root² has 128 fractional bits: high is its whole part, low its fraction.
            let lower = square.low.multipliedFullWidth(by: root)
            let upper = square.high * root
            let total = upper + lower.high
            return total >> 64 < UInt128(n)
        }
        var (low, high) = (UInt128(0), UInt128(32) << 64)
        while high - low > 1 {
            let middle = (low + high) / 2
            if atMost(middle) { low = middle } else { high = middle }
        }
        return UInt64(truncatingIfNeeded: low)
    }

    private static let cubeRoots: [UInt64] = primes.map { rootFraction($0, degree: 3) }
    private static let squareRoots: [UInt64] = primes.prefix(16).map { rootFraction($0, degree: 2) }

    /// Returns the SHA-2 digest of 224, 256 (also 0), 384 or 512 bits; nil for other sizes.
    static func sha2(_ message: [UInt8], bits: Int) -> [UInt8]? {
        switch bits {
        case 0, 256: return sha256(message, squareRoots.prefix(8).map { UInt32($0 >> 32) })
        case 224:
            return Array(sha256(message, squareRoots[8...].map { UInt32(truncatingIfNeeded: $0) }).prefix(28))
        case 512: return sha512(message, Array(squareRoots.prefix(8)))
        case 384: return Array(sha512(message, Array(squareRoots[8...])).prefix(48))
        default: return nil
        }
    }

    private static func sha256(_ message: [UInt8], _ initial: [UInt32]) -> [UInt8] {
        let bytes = padded(message, block: 64, bigEndian: true)
        var h = initial
        func right(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
        for start in stride(from: 0, to: bytes.count, by: 64) {
            var w = (0..<16).map { k in
                (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[start + k * 4 + $1]) }
            }
            for i in 16..<64 {
                let s0 = right(w[i - 15], 7) ^ right(w[i - 15], 18) ^ w[i - 15] >> 3
                let s1 = right(w[i - 2], 17) ^ right(w[i - 2], 19) ^ w[i - 2] >> 10
                w.append(w[i - 16] &+ s0 &+ w[i - 7] &+ s1)
            }
            var v = h
            for i in 0..<64 {
                let s1 = right(v[4], 6) ^ right(v[4], 11) ^ right(v[4], 25)
                let t1 = v[7] &+ s1 &+ (v[4] & v[5] ^ ~v[4] & v[6]) &+ UInt32(cubeRoots[i] >> 32) &+ w[i]
                let s0 = right(v[0], 2) ^ right(v[0], 13) ^ right(v[0], 22)
                let t2 = s0 &+ (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
                v = [t1 &+ t2, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
            }
            h = zip(h, v).map { $0 &+ $1 }
        }
        return h.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - $0 * 8)) } }
    }

    private static func sha512(_ message: [UInt8], _ initial: [UInt64]) -> [UInt8] {
        var bytes = message
        bytes.append(0x80)
        while bytes.count % 128 != 120 { bytes.append(0) }
        for i in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: UInt64(message.count) * 8 >> UInt64((7 - i) * 8)))
        }
        var h = initial
        func right(_ x: UInt64, _ n: UInt64) -> UInt64 { x >> n | x << (64 - n) }
        for start in stride(from: 0, to: bytes.count, by: 128) {
            var w = (0..<16).map { k in
                (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[start + k * 8 + $1]) }
            }
            for i in 16..<80 {
                let s0 = right(w[i - 15], 1) ^ right(w[i - 15], 8) ^ w[i - 15] >> 7
                let s1 = right(w[i - 2], 19) ^ right(w[i - 2], 61) ^ w[i - 2] >> 6
                w.append(w[i - 16] &+ s0 &+ w[i - 7] &+ s1)
            }
            var v = h
            for i in 0..<80 {
                let s1 = right(v[4], 14) ^ right(v[4], 18) ^ right(v[4], 41)
                let t1 = v[7] &+ s1 &+ (v[4] & v[5] ^ ~v[4] & v[6]) &+ cubeRoots[i] &+ w[i]
                let s0 = right(v[0], 28) ^ right(v[0], 34) ^ right(v[0], 39)
                let t2 = s0 &+ (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
                v = [t1 &+ t2, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
            }
            h = zip(h, v).map { $0 &+ $1 }
        }
        return h.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
    }

    private static let crcTable: [UInt32] = (0..<256).map { i in
        (0..<8).reduce(UInt32(i)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ value >> 1 : value >> 1 }
    }

    static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes { crc = crcTable[Int((crc ^ UInt32(byte)) & 255)] ^ crc >> 8 }
        return ~crc
    }
}
