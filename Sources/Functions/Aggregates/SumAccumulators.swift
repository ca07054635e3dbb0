import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Sums integers in 64 bits.
final class IntegerSumAccumulator: Accumulator {
    private let sums = GroupArray<Int64>()
    private let seen = GroupArray<UInt8>()
    /// 1 where a sum overflowed; kept only where that makes the result null (`try_sum`).
    private let overflowed = GroupArray<UInt8>()
    private let mode: FailureMode

    init(type: DataType, mode: FailureMode) {
        self.mode = mode
        super.init(stateTypes: mode == .null ? [type, .int8] : [type], type: type)
    }

    override var memoryBytes: Int { sums.memoryBytes + seen.memoryBytes }
    override func resize(groups: Int) {
        sums.resize(groups)
        seen.resize(groups)
        overflowed.resize(groups)
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        if mode == .null { return addTrying(groups, arguments[0], count) }
        try add(groups, arguments[0], count)
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) throws {
        if mode != .null { return try add(groups, states[0], count) }
        addTrying(groups, states[0], count)
        let overflows = states[1].flattened()
        withExtendedLifetime(overflows) {
            let flags = overflows.pointer(as: Int8.self)
            for i in 0..<count where flags[i] != 0 { overflowed.base[Int(groups[i])] = 1 }
        }
    }

    /// Adds row by row and notes which groups overflow.
    private func addTrying(_ groups: UnsafePointer<UInt32>, _ input: Vector, _ count: Int) {
        if input.isNullConstant || input.type == .null { return }
        let flat = input.flattened()
        let column = Column(flat)
        let nulls = RowNulls([flat])
        var i = 0
        while i < count {
            if nulls.isValid(i) {
                let group = Int(groups[i])
                let (sum, over) = sums.base[group].addingReportingOverflow(Int64(column.integer(i)))
                sums.base[group] = sum
                seen.base[group] = 1
                if over { overflowed.base[group] = 1 }
            }
            i &+= 1
        }
    }

    private func add(_ groups: UnsafePointer<UInt32>, _ input: Vector, _ count: Int) throws {
        if input.isNullConstant || input.type == .null { return }
        let flat = input.flattened()
        let overflow: Bool =
            switch flat.type.physical {
            case .int8: add(Int8.self, groups, flat, count)
            case .int16: add(Int16.self, groups, flat, count)
            case .int32: add(Int32.self, groups, flat, count)
            default: add(Int64.self, groups, flat, count)
            }
        if overflow { try fail() }
    }

    private func fail() throws {
        if mode == .error { throw Failure.overflow(.int64, values: "sum", tryName: "try_sum") }
    }

    @inline(__always)
    private func add<T: FixedWidthInteger & SignedInteger>(
        _ type: T.Type, _ groups: UnsafePointer<UInt32>, _ vector: Vector, _ count: Int
    ) -> Bool {
        let (out, has, input) = (sums.base, seen.base, vector.pointer(as: T.self))
        let nulls = RowNulls([vector])
        var failed: Int64 = 0
        var i = 0
        while i < count {
            if nulls.isValid(i) {
                let group = Int(groups[i])
                let value = Int64(input[i])
                let old = out[group]
                let sum = old &+ value
                failed |= (old ^ sum) & (value ^ sum)
                out[group] = sum
                has[group] = 1
            }
            i &+= 1
        }
        return failed < 0
    }

    override func updateSingle(arguments: [Vector], count: Int) throws {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null || count == 0 { return }
        let flat = vector.flattened()
        if mode == .null || flat.hasNulls || flat.type.physical == .int64 {
            try super.updateSingle(arguments: [flat], count: count)
            return
        }
        var sum: Int64 = 0
        switch flat.type.physical {
        case .int8: sum = total(Int8.self, flat, count)
        case .int16: sum = total(Int16.self, flat, count)
        default: sum = total(Int32.self, flat, count)
        }
        let (next, overflow) = sums.base[0].addingReportingOverflow(sum)
        if overflow { try fail() }
        sums.base[0] = next
        seen.base[0] = 1
    }

    @inline(__always)
    private func total<T: FixedWidthInteger>(_ type: T.Type, _ vector: Vector, _ count: Int) -> Int64 {
        let input = vector.pointer(as: T.self)
        var sum: Int64 = 0
        var i = 0
        while i < count {
            sum &+= Int64(truncatingIfNeeded: input[i])
            i &+= 1
        }
        return sum
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) throws {
        let (out, has, marks) = (sums.base, seen.base, overflowed.base)
        var hasFailed = false
        direction.scan(groups) { into, from in
            let (sum, over) = out[into].addingReportingOverflow(out[from])
            out[into] = sum
            has[into] |= has[from]
            marks[into] |= marks[from] | (over ? 1 : 0)
            if over { hasFailed = true }
        }
        if hasFailed { try fail() }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        let sum = sums.vector(type, from: from, count: count, present: seen)
        return mode == .null ? [sum, overflowed.vector(.int8, from: from, count: count)] : [sum]
    }

    override func results(from: Int, count: Int) -> [Vector] {
        let sum = sums.vector(type, from: from, count: count, present: seen)
        guard mode == .null else { return [sum] }
        var nulls = NullCollector(sum.validity, count: count)
        for i in 0..<count where overflowed.base[from + i] != 0 { nulls.setNull(i) }
        return [.flat(type, count: count, values: sum.values, validity: nulls.validity)]
    }
}

/// Sums or averages doubles; averages of integers are of this kind too.
final class DoubleSumAccumulator: Accumulator {
    private let sums = GroupArray<Double>()
    private let counts = GroupArray<Int64>()
    private let isAverage: Bool

    init(isAverage: Bool) {
        self.isAverage = isAverage
        super.init(stateTypes: [.double, .int64], type: .double)
    }

    override var memoryBytes: Int { sums.memoryBytes + counts.memoryBytes }
    override func resize(groups: Int) {
        sums.resize(groups)
        counts.resize(groups)
    }
    override func hasSameStates(as other: Accumulator) -> Bool { other is DoubleSumAccumulator }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        let flat = vector.flattened()
        switch flat.type.physical {
        case .float: add(groups, flat, count) { (x: Float) in Double(x) }
        case .double: add(groups, flat, count) { (x: Double) in x }
        case .int8: add(groups, flat, count) { (x: Int8) in Double(x) }
        case .int16: add(groups, flat, count) { (x: Int16) in Double(x) }
        case .int32: add(groups, flat, count) { (x: Int32) in Double(x) }
        default: add(groups, flat, count) { (x: Int64) in Double(x) }
        }
    }

    @inline(__always)
    private func add<T>(
        _ groups: UnsafePointer<UInt32>, _ vector: Vector, _ count: Int, _ convert: (T) -> Double
    ) {
        let (out, number, input) = (sums.base, counts.base, vector.pointer(as: T.self))
        let nulls = RowNulls([vector])
        var i = 0
        while i < count {
            if nulls.isValid(i) {
                let group = Int(groups[i])
                out[group] += convert(input[i])
                number[group] &+= 1
            }
            i &+= 1
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let (sum, number) = (states[0].flattened(), states[1].flattened())
        let (x, n) = (sum.pointer(as: Double.self), number.pointer(as: Int64.self))
        for i in 0..<count {
            sums.base[Int(groups[i])] += x[i]
            counts.base[Int(groups[i])] &+= n[i]
        }
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        let (out, number) = (sums.base, counts.base)
        direction.scan(groups) { into, from in
            out[into] = out[from] + out[into]
            number[into] &+= number[from]
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [sums.vector(.double, from: from, count: count), counts.vector(.int64, from: from, count: count)]
    }

    override func results(from: Int, count: Int) -> [Vector] {
        let buffer = Buffer(byteCount: max(count * 8, 16))
        let out = buffer.pointer(as: Double.self)
        let words = Bitmap.makeWords(count)
        let bits = words.pointer(as: UInt64.self)
        for i in 0..<count {
            let n = counts.base[from + i]
            out[i] = n == 0 ? 0 : (isAverage ? sums.base[from + i] / Double(n) : sums.base[from + i])
            if n > 0 { bits[i >> 6] |= 1 << UInt64(i & 63) }
        }
        return [.flat(.double, count: count, values: buffer, validity: Bitmap(words, count: count))]
    }
}

/// Sums or averages decimals in 128 bits.
final class DecimalSumAccumulator: Accumulator {
    /// Sum and count side by side: one line of the cache for each row's group.
    private struct State {
        var sum: Int128
        var count: Int64
    }

    private let totals = GroupArray<State>()
    /// 1 where a sum left its type.
    private let overflowed = GroupArray<UInt8>()
    private let isAverage: Bool
    private let mode: FailureMode
    private let sumType: DataType
    private let inputDigits: Int

    /// Sums values of `input`, a decimal type; `type` is the result's.
    init(input: DataType, type: DataType, isAverage: Bool, mode: FailureMode) {
        let (precision, scale) = DecimalArithmetic.shape(input)
        sumType = .decimal(precision: min(precision + 10, 38), scale: scale)
        inputDigits = precision
        self.isAverage = isAverage
        self.mode = mode
        super.init(stateTypes: [sumType, .int64], type: type)
    }

    override var memoryBytes: Int { totals.memoryBytes + overflowed.memoryBytes }
    override func resize(groups: Int) {
        totals.resize(groups)
        overflowed.resize(groups)
    }
    override func hasSameStates(as other: Accumulator) -> Bool {
        guard let other = other as? DecimalSumAccumulator else { return false }
        return sumType == other.sumType && inputDigits == other.inputDigits
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        let flat = vector.flattened()
        if flat.type.physical == .int64 {
            addNarrow(groups, flat, count)
        } else {
            addWide(groups, flat, count)
        }
    }

    private func addNarrow(_ groups: UnsafePointer<UInt32>, _ vector: Vector, _ count: Int) {
        let (out, input) = (totals.base, vector.pointer(as: Int64.self))
        let nulls = RowNulls([vector])
        var i = 0
        if nulls.isEmpty {
            while i < count {
                let group = Int(groups[i])
                out[group].sum &+= Int128(input[i])
                out[group].count &+= 1
                i &+= 1
            }
            return
        }
        while i < count {
            if nulls.isValid(i) {
                let group = Int(groups[i])
                out[group].sum &+= Int128(input[i])
                out[group].count &+= 1
            }
            i &+= 1
        }
    }

    private func addWide(_ groups: UnsafePointer<UInt32>, _ vector: Vector, _ count: Int) {
        let (out, input) = (totals.base, vector.pointer(as: Int128.self))
        let marks = overflowed.base
        let nulls = RowNulls([vector])
        let mayOverflow = inputDigits > 26
        var i = 0
        while i < count {
            if nulls.isValid(i) {
                let group = Int(groups[i])
                let (sum, over) = out[group].sum.addingReportingOverflow(input[i])
                if mayOverflow && over { marks[group] = 1 }
                out[group].sum = sum
                out[group].count &+= 1
            }
            i &+= 1
        }
    }

    override func updateSingle(arguments: [Vector], count: Int) throws {
        let vector = arguments[0]
        // A block's sum fits 64 bits when rows × 10^digits does.
        guard vector.form == .flat, vector.type.physical == .int64, inputDigits <= 14, count <= 65_536,
            !vector.hasNulls
        else { return try super.updateSingle(arguments: arguments, count: count) }
        let input = vector.pointer(as: Int64.self)
        var sum: Int64 = 0
        var i = 0
        while i < count {
            sum &+= input[i]
            i &+= 1
        }
        totals.base[0].sum &+= Int128(sum)
        totals.base[0].count &+= Int64(count)
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) throws {
        let (sum, number) = (states[0].flattened(), states[1].flattened())
        if sumType.physical == .int64 {
            merge(Int64.self, groups, sum, number, count)
        } else {
            merge(Int128.self, groups, sum, number, count)
        }
    }

    @inline(__always)
    private func merge<T: FixedWidthInteger & SignedInteger>(
        _ type: T.Type, _ groups: UnsafePointer<UInt32>, _ sum: Vector, _ number: Vector, _ count: Int
    ) {
        let (out, marks) = (totals.base, overflowed.base)
        let (values, numbers) = (sum.pointer(as: T.self), number.pointer(as: Int64.self))
        let nulls = RowNulls([sum])
        var i = 0
        while i < count {
            let group = Int(groups[i])
            out[group].count &+= numbers[i]
            if nulls.isValid(i) {
                let (next, over) = out[group].sum.addingReportingOverflow(Int128(values[i]))
                if over { marks[group] = 1 }
                out[group].sum = next
            } else if numbers[i] > 0 {
                marks[group] = 1
            }
            i &+= 1
        }
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        let (out, marks) = (totals.base, overflowed.base)
        direction.scan(groups) { into, from in
            let (sum, over) = out[into].sum.addingReportingOverflow(out[from].sum)
            out[into].sum = sum
            out[into].count &+= out[from].count
            marks[into] |= marks[from] | (over ? 1 : 0)
        }
    }

    private func sum(_ group: Int) -> Int128? {
        let value = totals.base[group].sum
        let (precision, _) = DecimalArithmetic.shape(sumType)
        return overflowed.base[group] == 0 && WideDecimal.fits(value, precision: precision) ? value : nil
    }

    override func states(from: Int, count: Int) -> [Vector] {
        let sink = DecimalSink(sumType, count: count)
        var nulls = NullCollector(nil, count: count)
        for i in 0..<count {
            if let value = sum(from + i) { sink.put(value, i) } else { nulls.setNull(i) }
        }
        return [
            .flat(sumType, count: count, values: sink.buffer, validity: nulls.validity),
            counts(from: from, count: count),
        ]
    }

    private func counts(from: Int, count: Int) -> Vector {
        let buffer = Buffer(byteCount: max(count * 8, 16))
        let (out, state) = (buffer.pointer(as: Int64.self), totals.base + from)
        var i = 0
        while i < count {
            out[i] = state[i].count
            i &+= 1
        }
        return .flat(.int64, count: count, values: buffer)
    }

    override func results(from: Int, count: Int) throws -> [Vector] {
        let (precision, scale) = DecimalArithmetic.shape(type)
        let up = scale - DecimalArithmetic.shape(sumType).scale
        let sink = DecimalSink(type, count: count)
        var nulls = NullCollector(nil, count: count)
        for i in 0..<count {
            let n = totals.base[from + i].count
            if n == 0 {
                nulls.setNull(i)
                continue
            }
            var value = sum(from + i)
            if isAverage, let total = value {
                value = WideDecimal.divide(total, byScaled: Int128(n), addingDigits: up)
            }
            if let value, WideDecimal.fits(value, precision: precision) {
                sink.put(value, i)
            } else if mode == .error {
                if value == nil || !isAverage { throw Failure.decimalSumOverflow() }
                throw Failure.outOfRange("The average", type)
            } else {
                nulls.setNull(i)
            }
        }
        return [.flat(type, count: count, values: sink.buffer, validity: nulls.validity)]
    }
}
