import Columns

/// Gives the same numbers in every run (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
/// Generators").
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Makes the edge values of every type, and random ones.
enum MatrixValues {
    /// The edges, then random values up to `count` in all.
    static func pool(_ type: DataType, count: Int, seed: UInt64) -> [Scalar] {
        var random = SplitMix64(state: seed)
        var values = edges(type)
        while values.count < count { values.append(self.random(type, &random)) }
        return values
    }

    static func edges(_ type: DataType) -> [Scalar] {
        switch type {
        case .boolean: return [.boolean(false), .boolean(true)]
        case .int8: return integers(Int64(Int8.min), Int64(Int8.max))
        case .int16: return integers(Int64(Int16.min), Int64(Int16.max))
        case .int32, .yearMonthInterval: return integers(Int64(Int32.min), Int64(Int32.max))
        case .int64, .dayTimeInterval: return integers(Int64.min, Int64.max)
        // 0001-01-01, 9999-12-31, and the limits of 64-bit microseconds.
        case .date:
            return ([-719_162, 2_932_896, -106_751_991, 106_751_991, 0, -1, 1, 19_782] as [Int64]).map {
                .integer($0)
            }
        case .timestamp, .timestampNTZ:
            return integers(Int64.min, Int64.max)
                + ([253_402_300_799_999_999, -62_135_596_800_000_000, -999_999, 1_709_210_096_123_456]
                as [Int64])
                .map { .integer($0) }
        case .float: return numbers.map { .float(Float($0)) } + [.float(.leastNonzeroMagnitude)]
        case .double: return numbers.map { .double($0) } + [.double(.leastNonzeroMagnitude)]
        case .decimal(let precision, let scale): return decimals(precision, scale).map { .decimal($0) }
        case .string: return texts.map { .string($0) }
        case .binary:
            return texts.map { .binary(Array($0.utf8)) } + [.binary([0xFF]), .binary([0, 0xFF, 0x80])]
        default: return []
        }
    }

    private static func integers(_ low: Int64, _ high: Int64) -> [Scalar] {
        [low, low + 1, -100, -1, 0, 1, 7, 100, high - 1, high].map { .integer($0) }
    }

    private static let numbers: [Double] = [
        0, -0.0, .nan, .infinity, -.infinity, 1.5, -1.5, 0.1, -7, 127.9, 128, -128.9, -129, 32767.9,
        2_147_483_647.9,
        2_147_483_648, -2_147_483_648.9, 0x1p63, -0x1p63, 9.3e18, -9.3e18, 9.223372036e12, 9.3e12, 1e38,
        .greatestFiniteMagnitude, 16_777_217,
    ]

    private static func decimals(_ precision: Int, _ scale: Int) -> [Int128] {
        func power(_ n: Int) -> Int128 { (0..<n).reduce(1) { product, _ in product * 10 } }
        let top = power(precision) - 1
        let one = scale < precision ? power(scale) : top
        let half = scale > 0 ? 5 * power(scale - 1) : 5
        return [top, -top, top - 1, 0, 1, -1, one, -one, half, -half, half - 1, 3, -7, power(precision - 1)]
    }

    /// Around the 4 bytes of a view's prefix and the 12 bytes that it holds itself.
    private static let texts = [
        "", "a", "abc", "abcd", "abce", "abcde", "twelve bytes", "twelve bytez", "thirteen byte",
        "thirteen byta",
        "\0", "a\0", "ÿ", "ÿþ日本語", "abcdabcdabcd1", "abcdabcdabcd2", String(repeating: "long ", count: 60),
    ]

    private static func random(_ type: DataType, _ source: inout SplitMix64) -> Scalar {
        let bits = source.next()
        // Half of the numbers have few digits, so that operations on them fit.
        let number = Int64(bitPattern: bits) >> Int64(bits & 1 == 0 ? 0 : source.next() % 63)
        switch type {
        case .boolean: return .boolean(bits & 2 == 0)
        case .int8: return .integer(Int64(Int8(truncatingIfNeeded: number)))
        case .int16: return .integer(Int64(Int16(truncatingIfNeeded: number)))
        case .int32, .yearMonthInterval: return .integer(Int64(Int32(truncatingIfNeeded: number)))
        case .date: return .integer(number % 3_000_000)
        case .float: return .float(Float(number) / 1024)
        case .double: return .double(Double(number) / 1024)
        case .decimal(let precision, _):
            let wide = Int128(number) << Int128(source.next() % 64)
            let bound = (0..<Int(source.next() % UInt64(precision) + 1)).reduce(Int128(1)) { p, _ in p * 10 }
            return .decimal(wide % bound)
        case .string: return .string(text(&source))
        case .binary: return .binary(Array(text(&source).utf8))
        case .array(let element, _):
            return .array((0..<Int(bits % 4)).map { _ in self.element(element, &source) })
        case .structure(let fields): return .structure(fields.map { element($0.type, &source) })
        case .map(let key, let value, _):
            return .map(keys: [random(key, &source)], values: [element(value, &source)])
        default: return .integer(number)
        }
    }

    private static func element(_ type: DataType, _ source: inout SplitMix64) -> Scalar {
        switch source.next() % 4 {
        case 0: .null
        case 1: edges(type).randomElement(using: &source) ?? random(type, &source)
        default: random(type, &source)
        }
    }

    private static func text(_ source: inout SplitMix64) -> String {
        let bits = source.next()
        return String(
            (0..<Int(bits % 20)).map { Character(UnicodeScalar(97 + UInt8((bits >> UInt64($0)) & 3))) })
    }
}
