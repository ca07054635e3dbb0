import Columns
import Memory
import Vocabulary

extension CastJob {
    /// Casts times of day to fewer digits, and to numbers of seconds: whole ones, and decimals with their
    /// fraction.
    func clocks() throws(EngineError) -> Vector {
        let values = input.pointer(as: Int64.self)
        if case .time(let precision) = target {
            let (buffer, out) = Loops.values(Int64.self, count)
            Loops.unary(input, count, out) { (x: Int64) in Int64(ClockText.cut(Int(x), to: precision)) }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        }
        if target.isDecimal { return try clockDecimals() }
        let isNarrow = target == .int8 || target == .int16
        let least: ClosedRange<Int64> =
            target == .int8 ? Int64(Int8.min)...Int64(Int8.max) : Int64(Int16.min)...Int64(Int16.max)
        let (buffer, seconds) = Loops.values(Int64.self, count)
        var nulls = NullCollector(input.validity, count: count)
        for row in 0..<count where !nulls.wasNull(row) {
            seconds[row] = values[row] / 1_000_000_000
            if !isNarrow || least.contains(seconds[row]) { continue }
            if mode == .error { throw overflow(row) }
            seconds[row] = 0
            nulls.setNull(row)
        }
        let whole = Vector.flat(.int64, count: count, values: buffer, validity: nulls.validity)
        return try Casting.cast(whole, to: target, mode: .null, zone: zone)
    }

    private func clockDecimals() throws(EngineError) -> Vector {
        let nanoseconds = DataType.decimal(precision: 14, scale: 9)
        return try Casting.cast(input.retyped(nanoseconds), to: target, mode: mode, zone: zone)
    }
}
