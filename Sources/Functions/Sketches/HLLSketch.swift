import Foundation

/// Estimates how many distinct values a set has: the HyperLogLog sketch of Apache DataSketches, with a byte
/// for each register. A sketch of few values keeps coupons, which are parts of the values' hashes, and counts
/// nearly exactly:
///
///     coupon    | register's value, 6 bits | address, 26 bits |
///     list of 8 coupons  ─▶  hash table of up to 2^(logK - 3) places, ¾ full  ─▶  2^logK registers
///
/// Registers that one task fills in a row are counted by HIP, which is more exact; those of united sketches
/// by Ertl's estimator, the result of which lies within the sketch's error of DataSketches'.
///
/// Source: Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog" (2007); Cohen, "All-Distances Sketches,
/// Revisited" (2014); Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017).
struct HLLSketch: HashSketch {
    /// Logarithms of the number of registers that there are.
    static let sizes = 4...21
    /// Coupons that a list holds.
    static let listSize = 8

    private(set) var logK: Int
    /// Coupons in the order of the list, or the table with zero in free places; empty beside registers.
    private(set) var coupons: [UInt32] = []
    private(set) var couponCount = 0
    /// Registers; empty before there are any.
    private(set) var registers: [UInt8] = []
    /// The number of registers of each value.
    private var histogram: [Int] = []
    /// Estimates of values that arrived in order; zero once `isUnited`.
    private(set) var hip = 0.0
    /// Sums of 2^-value over registers of less than 32, and over those of more.
    private(set) var sums = (low: 0.0, high: 0.0)
    /// Whether registers came from several sketches.
    private(set) var isUnited = false

    init(logK: Int) { self.logK = logK }

    var isEmpty: Bool { registers.isEmpty && couponCount == 0 }
    var isTable: Bool { coupons.count > Self.listSize }
    /// Registers that are still zero.
    var zeroCount: Int { histogram[0] }
    /// Bytes of a sketch in memory, about.
    var memoryBytes: Int { 128 + coupons.capacity * 4 + registers.capacity + histogram.capacity * 8 }

    /// Makes a sketch of registers as they were stored.
    init(logK: Int, registers: [UInt8], hip: Double, isUnited: Bool) {
        self.init(logK: logK)
        startRegisters()
        for (address, value) in registers.enumerated() { raise(address, value) }
        self.isUnited = isUnited
        self.hip = isUnited ? 0 : hip
    }

    /// Adds a value by the halves of its hash.
    mutating func add(_ hash: (first: UInt64, second: UInt64)) {
        let value = UInt32(min(hash.second.leadingZeroBitCount, 62) + 1)
        insert(value << 26 | UInt32(truncatingIfNeeded: hash.first & 0x3FF_FFFF))
    }

    /// Adds a coupon.
    mutating func insert(_ coupon: UInt32) {
        if !registers.isEmpty {
            return raise(Int(coupon) & (registers.count - 1), UInt8(coupon >> 26))
        }
        if isTable {
            guard Self.place(coupon, in: &coupons) else { return }
            couponCount += 1
            guard 4 * couponCount > 3 * coupons.count else { return }
            if coupons.count >= 1 << (logK - 3) { return promote() }
            rehash(coupons.count * 2)
        } else {
            if coupons.contains(coupon) { return }
            coupons.append(coupon)
            couponCount += 1
            if couponCount < Self.listSize { return }
            if logK < 8 { return promote() }
            rehash(32)
        }
    }

    private mutating func rehash(_ size: Int) {
        var table = [UInt32](repeating: 0, count: size)
        for coupon in coupons where coupon != 0 { _ = Self.place(coupon, in: &table) }
        coupons = table
    }

    /// Puts a coupon into a table; false if it is there.
    private static func place(_ coupon: UInt32, in table: inout [UInt32]) -> Bool {
        let mask = table.count - 1
        let step = Int(coupon & 0x3FF_FFFF) >> mask.nonzeroBitCount | 1
        var at = Int(coupon) & mask
        while table[at] != 0 {
            if table[at] == coupon { return false }
            at = (at + step) & mask
        }
        table[at] = coupon
        return true
    }

    private mutating func startRegisters() {
        registers = Array(repeating: 0, count: 1 << logK)
        histogram = Array(repeating: 0, count: 64)
        histogram[0] = registers.count
        sums = (Double(registers.count), 0)
    }

    /// Goes over from coupons to registers.
    private mutating func promote() {
        let (estimated, known) = (estimate, coupons)
        startRegisters()
        for coupon in known where coupon != 0 { insert(coupon) }
        (hip, coupons, couponCount) = (estimated, [], 0)
    }

    private mutating func raise(_ address: Int, _ value: UInt8) {
        let old = registers[address]
        guard value > old else { return }
        if !isUnited { hip += Double(registers.count) / (sums.low + sums.high) }
        for (count, sign) in [(old, -1.0), (value, 1.0)] {
            let weight = sign * scalbn(1, -Int(count))
            if count < 32 { sums.low += weight } else { sums.high += weight }
        }
        registers[address] = value
        histogram[Int(old)] -= 1
        histogram[Int(value)] += 1
    }

    /// Adds the values of another sketch.
    mutating func unite(_ other: HLLSketch) {
        if other.registers.isEmpty {
            for coupon in other.coupons where coupon != 0 { insert(coupon) }
        } else if registers.isEmpty {
            let known = coupons
            self = other.reduced(to: min(logK, other.logK))
            for coupon in known where coupon != 0 { insert(coupon) }
        } else {
            if other.logK < logK { self = reduced(to: other.logK) }
            (isUnited, hip) = (true, 0)
            for (address, value) in other.registers.enumerated() {
                raise(address & (registers.count - 1), value)
            }
        }
    }

    /// Returns a sketch of fewer registers.
    private func reduced(to size: Int) -> HLLSketch {
        if size == logK { return self }
        var sketch = HLLSketch(logK: size)
        sketch.startRegisters()
        for (address, value) in registers.enumerated() {
            sketch.raise(address & (sketch.registers.count - 1), value)
        }
        // Values hidden by the reduction are no longer counted by what `hip` adds up.
        sketch.isUnited = isUnited
        sketch.hip = isUnited ? 0 : hip
        return sketch
    }

    /// The number of distinct values.
    var estimate: Double {
        if registers.isEmpty { return Self.couponEstimate(Double(couponCount)) }
        return isUnited ? ertlEstimate : hip
    }

    /// Corrects a number of coupons by the values that share one. Two do by chance one in 3·2²⁶.
    private static func couponEstimate(_ count: Double) -> Double {
        count + count * (count - 1) / (6 * 0x1p26)
    }

    /// Algorithm 6 of Ertl's paper.
    private var ertlEstimate: Double {
        let count = Double(registers.count)
        let last = 62
        var z = count * Self.tau(1 - Double(histogram[last + 1]) / count)
        for value in (1...last).reversed() { z = 0.5 * (z + Double(histogram[value])) }
        z += count * Self.sigma(Double(histogram[0]) / count)
        return count / (2 * log(2)) * count / z
    }

    private static func sigma(_ start: Double) -> Double {
        if start == 1 { return .infinity }
        var (x, y, z) = (start, 1.0, start)
        while true {
            x *= x
            let old = z
            z += x * y
            y += y
            if z == old { return z }
        }
    }

    private static func tau(_ start: Double) -> Double {
        if start == 0 || start == 1 { return 0 }
        var (x, y, z) = (start, 1.0, 1 - start)
        while true {
            x = x.squareRoot()
            let old = z
            y *= 0.5
            z -= (1 - x) * (1 - x) * y
            if z == old { return z / 3 }
        }
    }
}
