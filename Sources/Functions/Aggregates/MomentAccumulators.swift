import Columns
import Kernels
import Memory
import Plans

/// Computes variance, deviation, skewness and kurtosis from central moments (Pébay, SAND2008-6212, as Spark
/// does).
final class MomentAccumulator: Accumulator {
    enum Statistic {
        case varianceSample, variancePopulation, deviationSample, deviationPopulation, skewness, kurtosis
    }
    private let statistic: Statistic
    private let n = GroupArray<Double>()
    private let mean = GroupArray<Double>()
    private let m2 = GroupArray<Double>()
    private let m3 = GroupArray<Double>()
    private let m4 = GroupArray<Double>()
    private var all: [GroupArray<Double>] { [n, mean, m2, m3, m4] }

    init(_ statistic: Statistic) {
        self.statistic = statistic
        super.init(stateTypes: Array(repeating: .double, count: 5), type: .double)
    }

    override var memoryBytes: Int { all.reduce(0) { $0 + $1.memoryBytes } }
    override func resize(groups: Int) { for array in all { array.resize(groups) } }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        let flat = vector.flattened()
        let nulls = RowNulls([flat])
        let input = flat.pointer(as: Double.self)
        for i in 0..<count where nulls.isValid(i) { add(Int(groups[i]), 1, input[i], 0, 0, 0) }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let flat = states.map { $0.flattened() }
        for i in 0..<count where flat[0].pointer(as: Double.self)[i] > 0 {
            let s = flat.map { $0.pointer(as: Double.self)[i] }
            add(Int(groups[i]), s[0], s[1], s[2], s[3], s[4])
        }
    }

    /// Joins a set of `nb` values with the given mean and moments to a group.
    private func add(_ g: Int, _ nb: Double, _ meanB: Double, _ b2: Double, _ b3: Double, _ b4: Double) {
        let na = n.base[g]
        let total = na + nb
        let delta = meanB - mean.base[g]
        let d = total == 0 ? 0 : delta / total
        let (a2, a3) = (m2.base[g], m3.base[g])
        m4.base[g] +=
            b4 + d * d * d * delta * na * nb * (na * na - na * nb + nb * nb)
            + d * d * 6 * (na * na * b2 + nb * nb * a2) + 4 * d * (na * b3 - nb * a3)
        m3.base[g] += b3 + d * d * delta * na * nb * (na - nb) + 3 * d * (na * b2 - nb * a2)
        m2.base[g] += b2 + delta * d * na * nb
        mean.base[g] += d * nb
        n.base[g] = total
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        let (n, mean, m2, m3, m4) = (n.base, mean.base, m2.base, m3.base, m4.base)
        direction.scan(groups) { into, from in add(into, n[from], mean[from], m2[from], m3[from], m4[from]) }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        all.map { $0.vector(.double, from: from, count: count) }
    }

    override func results(from: Int, count: Int) -> [Vector] {
        [Doubles.vector(count) { i in self.result(from + i) }]
    }

    private func result(_ g: Int) -> Double? {
        let (n, m2, m3, m4) = (n.base[g], m2.base[g], m3.base[g], m4.base[g])
        if n == 0 { return nil }
        switch statistic {
        case .variancePopulation: return m2 / n
        case .deviationPopulation: return (m2 / n).squareRoot()
        case .varianceSample: return n == 1 ? nil : m2 / (n - 1)
        case .deviationSample: return n == 1 ? nil : (m2 / (n - 1)).squareRoot()
        case .skewness: return m2 == 0 ? nil : n.squareRoot() * m3 / (m2 * m2 * m2).squareRoot()
        case .kurtosis: return m2 == 0 ? nil : n * m4 / (m2 * m2) - 3
        }
    }
}

/// Makes vectors of doubles row by row.
enum Doubles {
    static func vector(_ count: Int, _ value: (Int) -> Double?) -> Vector {
        let buffer = Buffer.zeroed(byteCount: max(count * 8, 16))
        let out = buffer.pointer(as: Double.self)
        var nulls = NullCollector(nil, count: count)
        for i in 0..<count {
            if let number = value(i) { out[i] = number } else { nulls.setNull(i) }
        }
        return .flat(.double, count: count, values: buffer, validity: nulls.validity)
    }
}

/// Computes covariance and correlation of two columns.
final class CovarianceAccumulator: Accumulator {
    enum Statistic {
        case sample, population, correlation
        /// Of y, the first argument, and x: `regr_…`.
        case pairs, meanX, meanY, squaresX, squaresY, products, slope, intercept, determination
    }
    private let statistic: Statistic
    /// n, mean x, mean y, co-moment, x moment, y moment.
    private let state = (0..<6).map { _ in GroupArray<Double>() }

    init(_ statistic: Statistic) {
        self.statistic = statistic
        super.init(
            stateTypes: Array(repeating: .double, count: 6), type: statistic == .pairs ? .int64 : .double)
    }

    override var memoryBytes: Int { state.reduce(0) { $0 + $1.memoryBytes } }
    override func resize(groups: Int) { for array in state { array.resize(groups) } }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        if arguments.contains(where: { $0.isNullConstant || $0.type == .null }) { return }
        let (a, b) = (arguments[0].flattened(), arguments[1].flattened())
        let nulls = RowNulls([a, b])
        let (x, y) = (a.pointer(as: Double.self), b.pointer(as: Double.self))
        for i in 0..<count where nulls.isValid(i) { add(Int(groups[i]), [1, x[i], y[i], 0, 0, 0]) }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let flat = states.map { $0.flattened() }
        for i in 0..<count where flat[0].pointer(as: Double.self)[i] > 0 {
            add(Int(groups[i]), flat.map { $0.pointer(as: Double.self)[i] })
        }
    }

    private func add(_ g: Int, _ other: [Double]) {
        let (na, nb) = (state[0].base[g], other[0])
        let total = na + nb
        let (dx, dy) = (other[1] - state[1].base[g], other[2] - state[2].base[g])
        state[3].base[g] += other[3] + dx * dy * na * nb / total
        state[4].base[g] += other[4] + dx * dx * na * nb / total
        state[5].base[g] += other[5] + dy * dy * na * nb / total
        state[1].base[g] += dx * nb / total
        state[2].base[g] += dy * nb / total
        state[0].base[g] = total
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        direction.scan(groups) { into, from in
            if state[0].base[from] > 0 { add(into, state.map { $0.base[from] }) }
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        state.map { $0.vector(.double, from: from, count: count) }
    }

    override func results(from: Int, count: Int) -> [Vector] {
        if statistic == .pairs {
            return [.of(.int64, (0..<count).map { .integer(Int64(state[0].base[from + $0])) })]
        }
        return [
            Doubles.vector(count) { i in
                let s = self.state.map { $0.base[from + i] }
                if s[0] == 0 { return nil }
                switch self.statistic {
                case .population: return s[3] / s[0]
                case .sample: return s[0] == 1 ? nil : s[3] / (s[0] - 1)
                case .pairs: return s[0]
                case .meanX: return s[2]
                case .meanY: return s[1]
                case .squaresX: return s[5]
                case .squaresY: return s[4]
                case .products: return s[3]
                case .slope: return s[5] == 0 ? nil : s[3] / s[5]
                case .intercept: return s[5] == 0 ? nil : s[1] - s[3] / s[5] * s[2]
                case .determination:
                    return s[5] == 0 ? nil : s[4] == 0 ? 1 : s[3] * s[3] / (s[4] * s[5])
                case .correlation:
                    return s[0] == 1 || s[4] == 0 || s[5] == 0 ? nil : s[3] / (s[4] * s[5]).squareRoot()
                }
            }
        ]
    }
}

/// Estimates the number of distinct values (HyperLogLog with 512 registers a group; Flajolet et al. 2007,
/// small counts by linear counting as HyperLogLog++ does). Standard error about 4.6 %.
final class DistinctEstimateAccumulator: Accumulator {
    private static let registers = 512
    private static let indexBits: UInt64 = 9
    private let state = GroupArray<UInt8>()

    init() { super.init(stateTypes: [.binary], type: .int64) }

    override var memoryBytes: Int { state.memoryBytes }
    override func resize(groups: Int) { state.resize(groups * Self.registers) }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        let nulls = RowNulls(vector.form == .constant ? [] : [vector])
        let buffer = Hashing.hash([vector], count: count)
        let hashes = buffer.pointer(as: UInt64.self)
        let out = state.base
        for i in 0..<count where nulls.isValid(i) {
            let hash = Hashing.hash(hashes[i])
            let index = Int(hash >> (64 - Self.indexBits))
            let rank = UInt8((hash << Self.indexBits | 1 << (Self.indexBits - 1)).leadingZeroBitCount + 1)
            let at = Int(groups[i]) * Self.registers + index
            if out[at] < rank { out[at] = rank }
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let flat = states[0].flattened()
        let views = flat.pointer(as: StringView.self)
        for i in 0..<count {
            let target = state.base + Int(groups[i]) * Self.registers
            views[i].withBytes { bytes in
                for (k, value) in bytes.enumerated() where target[k] < value { target[k] = value }
            }
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        let builder = ViewBuilder(count: count)
        for i in 0..<count { builder.put(state.base + (from + i) * Self.registers, count: Self.registers, i) }
        return [builder.finish(.binary, validity: nil)]
    }

    override func results(from: Int, count: Int) -> [Vector] {
        let buffer = Buffer(byteCount: max(count * 8, 16))
        let out = buffer.pointer(as: Int64.self)
        for i in 0..<count { out[i] = estimate(state.base + (from + i) * Self.registers) }
        return [.flat(.int64, count: count, values: buffer)]
    }

    private func estimate(_ registers: UnsafePointer<UInt8>) -> Int64 {
        let m = Double(Self.registers)
        var (sum, zeros) = (0.0, 0.0)
        for k in 0..<Self.registers {
            sum += 1 / Double(UInt64(1) << UInt64(registers[k]))
            if registers[k] == 0 { zeros += 1 }
        }
        let raw = 0.7213 / (1 + 1.079 / m) * m * m / sum
        if raw <= 2.5 * m, zeros > 0 { return Int64((m * Logarithm.natural(m / zeros)).rounded()) }
        return Int64(raw.rounded())
    }
}
