import Columns
import Kernels
import Memory
import Vocabulary

/// Sums or averages intervals in 64 bits: months or microseconds. A sum that overflows fails in legacy mode
/// as well, as in Spark, and is null for `try_sum` and `try_avg`.
final class IntervalAccumulator: Accumulator {
    private let sums = GroupArray<Int64>()
    private let counts = GroupArray<Int64>()
    /// 1 where a sum overflowed; kept only where that makes the result null.
    private let overflowed = GroupArray<UInt8>()
    private let isAverage: Bool
    private let isTrying: Bool

    init(isAverage: Bool, isTrying: Bool, type: DataType) {
        self.isAverage = isAverage
        self.isTrying = isTrying
        super.init(stateTypes: [.int64, .int64, .int8], type: type)
    }

    override var memoryBytes: Int { sums.memoryBytes + counts.memoryBytes + overflowed.memoryBytes }

    override func resize(groups: Int) {
        sums.resize(groups)
        counts.resize(groups)
        overflowed.resize(groups)
    }

    override func hasSameStates(as other: Accumulator) -> Bool {
        (other as? IntervalAccumulator)?.isTrying == isTrying
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        let flat = vector.flattened()
        let nulls = RowNulls([flat])
        let isNarrow = flat.type.physical == .int32
        var i = 0
        while i < count {
            if nulls.isValid(i) {
                let amount =
                    isNarrow ? Int64(flat.pointer(as: Int32.self)[i]) : flat.pointer(as: Int64.self)[i]
                try add(amount, 1, Int(groups[i]))
            }
            i &+= 1
        }
    }

    private func add(_ amount: Int64, _ number: Int64, _ group: Int) throws {
        let (sum, overflow) = sums.base[group].addingReportingOverflow(amount)
        counts.base[group] &+= number
        // Months are 32 bits wide.
        if !overflow, type.isDayTimeInterval || Int32(exactly: sum) != nil {
            sums.base[group] = sum
        } else if isTrying {
            overflowed.base[group] = 1
        } else {
            throw EngineError.data(
                "INTERVAL_ARITHMETIC_OVERFLOW",
                "Interval overflow in a sum. Use `try_\(isAverage ? "avg" : "sum")` to tolerate overflow and "
                    + "return NULL instead.")
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) throws {
        let (sum, number, flag) = (states[0].flattened(), states[1].flattened(), states[2].flattened())
        for i in 0..<count {
            let group = Int(groups[i])
            if flag.pointer(as: Int8.self)[i] != 0 { overflowed.base[group] = 1 }
            try add(sum.pointer(as: Int64.self)[i], number.pointer(as: Int64.self)[i], group)
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [
            sums.vector(.int64, from: from, count: count), counts.vector(.int64, from: from, count: count),
            overflowed.vector(.int8, from: from, count: count),
        ]
    }

    override func results(from: Int, count: Int) -> [Vector] {
        let values = (from..<(from + count)).map { group -> Scalar in
            let (sum, number) = (sums.base[group], counts.base[group])
            if number == 0 || overflowed.base[group] != 0 { return .null }
            if !isAverage { return .integer(sum) }
            // Rounded to the nearest, halves away from zero.
            let (quotient, rest) = sum.quotientAndRemainder(dividingBy: number)
            let isUp = rest.magnitude >= number.magnitude - rest.magnitude
            return .integer(isUp ? quotient + (sum < 0 ? -1 : 1) : quotient)
        }
        return [.of(type, values)]
    }
}
