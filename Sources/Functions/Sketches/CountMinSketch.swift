import Columns
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Counts values in `depth` rows of `width` counters, as Spark's `CountMinSketchImpl` does to the bit.
///
///     | version 4 | rows counted 8 | depth 4 | width 4 | multipliers depth × 8 | counters depth × width × 8
///     |
///
/// All numbers have their most significant byte first. Source: Cormode and Muthukrishnan, "An Improved Data
/// Stream Summary" (2005); Spark's org.apache.spark.util.sketch.
struct CountMinSketch {
    private static let version = 1
    /// Most counters of a sketch: 64 MiB of them.
    private static let counterLimit = 8 << 20

    let depth: Int
    let width: Int
    private let multipliers: [Int64]
    private var total: Int64 = 0
    private var counters: [Int64]

    /// Makes an empty sketch that is wrong by no more than `error` times the number of rows, with a
    /// probability of `confidence`.
    init(error: Double, confidence: Double, seed: Int64) throws {
        guard error > 0, error.isFinite, confidence > 0, confidence < 1 else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                "The error of `count_min_sketch` is above 0, its confidence between 0 and 1.")
        }
        let columns = (2 / error).rounded(.up)
        let rows = max(1, (-log1p(-confidence) / log(2)).rounded(.up))
        guard columns * rows <= Double(Self.counterLimit) else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                "The sketch would have more than \(Self.counterLimit) counters.",
                remedy: "Ask for a greater error.")
        }
        (width, depth) = (Int(columns), Int(rows))
        var random = JavaRandom(seed: Int64(Int32(truncatingIfNeeded: seed)))
        multipliers = (0..<depth).map { _ in Int64(random.next(below: Int32.max)) }
        counters = Array(repeating: 0, count: depth * width)
    }

    /// Bytes of a sketch in memory.
    var memoryBytes: Int { counters.count * 8 }

    /// Counts a whole number.
    mutating func add(_ value: Int64) {
        for row in 0..<depth {
            var hash = multipliers[row] &* value
            hash = hash &+ hash >> 32
            let bucket = Int(hash & 0x7FFF_FFFF) % width
            counters[row * width + bucket] &+= 1
        }
        total &+= 1
    }

    /// Counts a text or binary, by its murmur hash and by that with the first as seed.
    mutating func add(first: UInt32, second: UInt32) {
        for row in 0..<depth {
            let hash = Int32(bitPattern: first &+ UInt32(row) &* second)
            let bucket = Int(abs(Int(hash) % width))
            counters[row * width + bucket] &+= 1
        }
        total &+= 1
    }

    /// Adds the counters of a sketch's bytes, of one of the same form.
    mutating func add(_ bytes: [UInt8]) {
        guard bytes.count == 20 + 8 * (depth + counters.count) else { return }
        func number(_ at: Int) -> Int64 {
            bytes[at..<(at + 8)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        }
        total &+= number(4)
        let start = 20 + 8 * depth
        for place in counters.indices { counters[place] &+= number(start + 8 * place) }
    }

    /// The sketch as Spark writes it.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(20 + 8 * (depth + counters.count))
        func put(_ number: Int64, _ width: Int) {
            for place in (0..<width).reversed() {
                out.append(UInt8(truncatingIfNeeded: number >> Int64(8 * place)))
            }
        }
        put(Int64(Self.version), 4)
        put(total, 8)
        put(Int64(depth), 4)
        put(Int64(width), 4)
        for number in multipliers { put(number, 8) }
        for number in counters { put(number, 8) }
        return out
    }
}

/// Gives the numbers of `java.util.Random`, a linear congruential generator of 48 bits.
struct JavaRandom {
    private var state: UInt64

    init(seed: Int64) { state = (UInt64(bitPattern: seed) ^ 0x5_DEEC_E66D) & (1 << 48 - 1) }

    private mutating func bits31() -> Int32 {
        state = (state &* 0x5_DEEC_E66D &+ 0xB) & (1 << 48 - 1)
        return Int32(truncatingIfNeeded: state >> 17)
    }

    /// Returns a number from 0 to below `bound`, which is no power of two.
    mutating func next(below bound: Int32) -> Int32 {
        while true {
            let bits = bits31()
            let value = bits % bound
            // Beyond the last whole multiple of the bound the sum overflows.
            if bits &- value &+ (bound - 1) >= 0 { return value }
        }
    }
}

/// Keeps a count-min sketch for each group.
final class CountMinAccumulator: Accumulator {
    private let empty: CountMinSketch
    private var sketches: [CountMinSketch] = []

    init(_ empty: CountMinSketch) {
        self.empty = empty
        super.init(stateTypes: [.binary], type: .binary)
    }

    override var memoryBytes: Int { sketches.count * empty.memoryBytes }

    override func resize(groups: Int) {
        while sketches.count < groups { sketches.append(empty) }
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let values = arguments[0].flattened()
        if values.type == .null || values.isNullConstant { return }
        let column = Column(values)
        let isText = values.type.physical == .view
        for row in 0..<count where !values.isNull(row) {
            let group = Int(groups[row])
            if isText {
                let first = try SparkHash.murmur(column, row, seed: 0)
                sketches[group].add(first: first, second: try SparkHash.murmur(column, row, seed: first))
            } else {
                sketches[group].add(Int64(column.integer(row)))
            }
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let values = states[0].flattened()
        if values.isNullConstant { return }
        let column = Column(values)
        for row in 0..<count where !values.isNull(row) { sketches[Int(groups[row])].add(column.bytes(row)) }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [.of(.binary, sketches[from..<(from + count)].map { .binary($0.bytes) })]
    }

    override func results(from: Int, count: Int) throws -> [Vector] { states(from: from, count: count) }
}
