/// Says where values stand among all, within an error: a KLL sketch of Apache DataSketches, which keeps of
/// ever more values ever fewer.
///
/// Source: Karnin, Lang, Liberty, "Optimal Quantile Approximation in Streams" (FOCS 2016), in the form of
/// Apache DataSketches' `KllSketch`.
///
/// ```
/// level 2   ▪ ▪        sorted, each stands for 4 values
/// level 1   ▪ ▪ ▪ ▪    sorted, each for 2: every second one of a full level below
/// level 0   ▪ ▪ ▪      as they came
/// ```
///
/// **Invariant:** the weights of the items that are kept add up to `count`.
struct KLLSketch {
    /// Says what the values are. Items are kept as integers of the same order.
    enum Kind: String, CaseIterable {
        case bigint, double, float

        var itemBytes: Int { self == .float ? 4 : 8 }
    }

    static let sizes = 8...65535
    static let defaultSize = 200
    /// Items that each level has room for at least.
    static let leastCapacity = 8

    let kind: Kind
    let size: Int
    /// The least size of the sketches that went into this one.
    var leastSize: Int
    var count: Int64 = 0
    /// The items by levels; level 0 in the order in which they came, the others sorted.
    var levels: [[Int64]] = [[]]
    var minimum: Int64 = .max
    var maximum: Int64 = .min
    private(set) var retained = 0
    private(set) var capacity: Int

    init(_ kind: Kind, size: Int) {
        (self.kind, self.size, leastSize) = (kind, size, size)
        capacity = Self.capacity(size, levels: 1)
    }

    /// Makes a sketch of what another one's bytes hold.
    init(
        _ kind: Kind, size: Int, leastSize: Int, count: Int64, levels: [[Int64]], minimum: Int64,
        maximum: Int64
    ) {
        (self.kind, self.size, self.leastSize) = (kind, size, leastSize)
        (self.count, self.levels, self.minimum, self.maximum) = (count, levels, minimum, maximum)
        retained = levels.reduce(0) { $0 + $1.count }
        capacity = Self.capacity(size, levels: levels.count)
    }

    var isEstimating: Bool { levels.count > 1 }

    // MARK: Room

    /// Returns the items that a level has room for: two thirds of what the level above has.
    private static func capacity(_ size: Int, levels: Int, at level: Int) -> Int {
        func part(_ size: Int, _ depth: Int) -> Int {
            var power = 1
            for _ in 0..<depth { power *= 3 }
            return ((size << (depth + 1)) / power + 1) >> 1
        }
        let depth = levels - level - 1
        let room = depth <= 30 ? part(size, depth) : part(part(size, depth / 2), depth - depth / 2)
        return max(leastCapacity, room)
    }

    static func capacity(_ size: Int, levels: Int) -> Int {
        (0..<levels).reduce(0) { $0 + capacity(size, levels: levels, at: $1) }
    }

    var memoryBytes: Int { 64 + levels.reduce(0) { $0 + 32 + $1.capacity * 8 } }

    // MARK: Values

    mutating func add(_ item: Int64) {
        minimum = min(minimum, item)
        maximum = max(maximum, item)
        if retained == capacity { compress() }
        levels[0].append(item)
        retained += 1
        count &+= 1
    }

    /// Halves the lowest level that is full, into the one above.
    private mutating func compress() {
        let level =
            levels.indices.first {
                levels[$0].count >= Self.capacity(size, levels: levels.count, at: $0)
            } ?? levels.count - 1
        if level == levels.count - 1 {
            levels.append([])
            capacity = Self.capacity(size, levels: levels.count)
        }
        retained -= halve(&levels, level)
    }

    /// Moves every second item of a level to the one above, and keeps one where their number is odd; returns
    /// how many are gone. The newest item of level 0 counts as its first.
    private func halve(_ levels: inout [[Int64]], _ level: Int) -> Int {
        var items = levels[level]
        var rest: [Int64] = []
        if items.count % 2 == 1 {
            rest = [level == 0 ? items.removeLast() : items.removeFirst()]
        }
        if level == 0 { items.sort() }
        // A coin that falls the same way each time, so that a task that runs again has the same result.
        var coin = UInt64(bitPattern: count) &+ UInt64(level) &* 0x9E37_79B9_7F4A_7C15
        coin = (coin ^ (coin >> 30)) &* 0xBF58_476D_1CE4_E5B9
        coin = (coin ^ (coin >> 27)) &* 0x94D0_49BB_1331_11EB
        let kept = stride(from: Int(coin >> 63), to: items.count, by: 2).map { items[$0] }
        levels[level] = rest
        levels[level + 1] = Self.merged(kept, levels[level + 1])
        return items.count / 2
    }

    private static func merged(_ left: [Int64], _ right: [Int64]) -> [Int64] {
        if left.isEmpty { return right }
        if right.isEmpty { return left }
        var result: [Int64] = []
        result.reserveCapacity(left.count + right.count)
        var (i, j) = (0, 0)
        while i < left.count || j < right.count {
            if j == right.count || i < left.count && left[i] <= right[j] {
                result.append(left[i])
                i += 1
            } else {
                result.append(right[j])
                j += 1
            }
        }
        return result
    }

    /// Takes in what another sketch holds.
    mutating func merge(_ other: KLLSketch) {
        if other.count == 0 { return }
        let total = count &+ other.count
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        for item in other.levels[0].reversed() { add(item) }
        if other.isEstimating {
            takeLevels(of: other)
            leastSize = min(leastSize, other.leastSize)
        }
        count = total
    }

    /// Merges the levels above the lowest, then halves those that are full from below on.
    private mutating func takeLevels(of other: KLLSketch) {
        var work = levels
        while work.count < other.levels.count { work.append([]) }
        for level in 1..<other.levels.count { work[level] = Self.merged(work[level], other.levels[level]) }
        var top = work.count - 1
        var held = work.reduce(0) { $0 + $1.count }
        var target = Self.capacity(size, levels: work.count)
        var level = 0
        while level <= top {
            if held >= target, work[level].count >= Self.capacity(size, levels: top + 1, at: level) {
                if level == top {
                    work.append([])
                    top += 1
                    target = Self.capacity(size, levels: top + 1)
                }
                held -= halve(&work, level)
            }
            level += 1
        }
        (levels, retained, capacity) = (work, held, target)
    }

    // MARK: Answers

    /// Returns the items in order, each with the number of values up to it.
    private func sorted() -> [(item: Int64, through: Int64)] {
        var all: [(item: Int64, through: Int64)] = []
        for (level, items) in levels.enumerated() { all += items.map { ($0, Int64(1) << level) } }
        all.sort { $0.item < $1.item }
        var sum: Int64 = 0
        for index in all.indices {
            sum &+= all[index].through
            all[index].through = sum
        }
        return all
    }

    /// Returns the least items up to which these shares of the values reach. Only where there are values. The
    /// ends are known exactly, whatever was dropped.
    func quantiles(_ ranks: [Double]) -> [Int64] {
        let all = sorted()
        return ranks.map { rank in
            if rank <= 0 { return minimum }
            if rank >= 1 { return maximum }
            var wanted = rank * Double(count)
            if count <= 1_000_000 { wanted = (wanted * 1e6).rounded() / 1e6 }
            return (all.first { Double($0.through) >= wanted.rounded(.up) } ?? all[all.count - 1]).item
        }
    }

    /// Returns the shares of the values that do not exceed these items. Only where there are values.
    func ranks(_ items: [Int64]) -> [Double] {
        let all = sorted()
        return items.map { item in
            Double(all.last { $0.item <= item }?.through ?? 0) / Double(count)
        }
    }

    // MARK: Items

    /// Returns an integer of the same order as the number; nil for NaN, which counts as no value.
    static func item(_ value: Double) -> Int64? {
        if value.isNaN { return nil }
        let bits = Int64(bitPattern: value.bitPattern)
        return bits >= 0 ? bits : bits ^ .max
    }

    static func number(_ item: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: item >= 0 ? item : item ^ .max))
    }
}
