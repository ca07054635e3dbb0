import Vocabulary

/// Estimates how many distinct values a set has by its least hashes: the theta sketch of Apache DataSketches.
/// As soon as more than `k` hashes are known, `theta` is the least of those that were left out, and each kept
/// hash stands for 2⁶³ ÷ theta values. The k least hashes do not depend on the order of the values, so that
/// sketches are the same on any number of tasks.
///
/// Source: Dasgupta, Lang, Rhodes and Thaler, "A Framework for Estimating Stream Expression Cardinalities"
/// (ICDT 2016).
struct ThetaSketch: HashSketch {
    /// Theta of a sketch that knows all hashes.
    static let whole = UInt64(Int64.max)
    /// Logarithms of k that there are.
    static let sizes = 4...26

    let logK: Int
    private(set) var theta = whole
    private(set) var hashes: Set<UInt64> = []
    /// False for a sketch of no values at all.
    private(set) var isEmpty = true

    init(logK: Int) { self.logK = logK }

    /// Wraps hashes below `theta`.
    init(logK: Int, theta: UInt64, hashes: Set<UInt64>, isEmpty: Bool) {
        self.logK = logK
        self.theta = theta
        self.hashes = hashes
        self.isEmpty = isEmpty
    }

    private var k: Int { 1 << logK }
    /// Bytes of a sketch in memory, about.
    var memoryBytes: Int { 64 + hashes.capacity * 12 }

    /// Adds a value by 63 bits of its hash.
    mutating func add(_ halves: (first: UInt64, second: UInt64)) {
        let hash = halves.first >> 1
        if hash == 0 { return }
        isEmpty = false
        insert(hash)
    }

    private mutating func insert(_ hash: UInt64) {
        guard hash < theta else { return }
        hashes.insert(hash)
        if hashes.count > 2 * k + 64 { shrink() }
    }

    /// Leaves all but the k least hashes out.
    mutating func shrink() {
        guard hashes.count > k else { return }
        let sorted = hashes.sorted()
        theta = sorted[k]
        hashes = Set(sorted.prefix(k))
    }

    private mutating func lower(_ other: UInt64) {
        guard other < theta else { return }
        theta = other
        hashes = hashes.filter { $0 < other }
    }

    /// Adds the values of another sketch.
    mutating func unite(_ other: ThetaSketch) {
        if other.isEmpty { return }
        isEmpty = false
        lower(other.theta)
        for hash in other.hashes { insert(hash) }
    }

    /// Keeps the values that another sketch has too.
    mutating func intersect(_ other: ThetaSketch) {
        lower(other.theta)
        hashes = isEmpty || other.isEmpty ? [] : hashes.filter { other.hashes.contains($0) }
        settle(isEmpty || other.isEmpty)
    }

    /// Leaves out the values that another sketch has.
    mutating func subtract(_ other: ThetaSketch) {
        if isEmpty || other.isEmpty { return }
        lower(other.theta)
        hashes = hashes.filter { !other.hashes.contains($0) }
        settle(false)
    }

    /// A sketch that knows all hashes and has none is one of no values.
    private mutating func settle(_ isNothing: Bool) {
        if isNothing { theta = Self.whole }
        isEmpty = hashes.isEmpty && theta == Self.whole
    }

    /// The number of distinct values.
    var estimate: Double {
        Double(hashes.count) / (Double(theta) / Double(Self.whole))
    }
}

/// Computes the 128-bit murmur hash (MurmurHash3 x64) by which DataSketches tells values apart.
enum SketchHash {
    /// DataSketches' default seed.
    static let seed: UInt64 = 9001
    /// What sketches of that seed are marked with: 16 bits of the seed's own hash.
    static let seedMark: UInt16 = 0x93CC

    /// Returns both halves of a value's hash.
    static func halves(_ bytes: [UInt8]) -> (first: UInt64, second: UInt64) { murmur(bytes, seed) }

    static func halves(_ number: UInt64) -> (first: UInt64, second: UInt64) {
        halves((0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) })
    }

    private static func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { value << by | value >> (64 - by) }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var k = value
        k = (k ^ k >> 33) &* 0xff51_afd7_ed55_8ccd
        k = (k ^ k >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return k ^ k >> 33
    }

    private static func word(_ bytes: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
        var value: UInt64 = 0
        for at in start..<max(start, end) { value |= UInt64(bytes[at]) << UInt64(8 * (at - start)) }
        return value
    }

    private static func first(_ k: UInt64) -> UInt64 {
        rotate(k &* 0x87c3_7b91_1142_53d5, 31) &* 0x4cf5_ad43_2745_937f
    }

    private static func second(_ k: UInt64) -> UInt64 {
        rotate(k &* 0x4cf5_ad43_2745_937f, 33) &* 0x87c3_7b91_1142_53d5
    }

    private static func murmur(_ bytes: [UInt8], _ seed: UInt64) -> (first: UInt64, second: UInt64) {
        var (h1, h2) = (seed, seed)
        let whole = bytes.count & ~15
        for at in stride(from: 0, to: whole, by: 16) {
            h1 ^= first(word(bytes, at, at + 8))
            h1 = (rotate(h1, 27) &+ h2) &* 5 &+ 0x52dc_e729
            h2 ^= second(word(bytes, at + 8, at + 16))
            h2 = (rotate(h2, 31) &+ h1) &* 5 &+ 0x3849_5ab5
        }
        if bytes.count > whole + 8 { h2 ^= second(word(bytes, whole + 8, bytes.count)) }
        if bytes.count > whole { h1 ^= first(word(bytes, whole, min(whole + 8, bytes.count))) }
        h1 ^= UInt64(bytes.count)
        h2 ^= UInt64(bytes.count)
        h1 = h1 &+ h2
        h2 = h2 &+ h1
        let half = mixed(h2)
        let sum = mixed(h1) &+ half
        return (sum, half &+ sum)
    }
}
