import Columns
import Memory
import Vocabulary

extension CastJob {
    /// Casts among dates, timestamps and numbers of seconds.
    func times() throws(EngineError) -> Vector {
        let zone = self.zone
        let day = ClockTime.microsecondsPerDay
        switch (input.type, target) {
        case (.date, .timestamp), (.date, .timestampNTZ): return try fromDates()
        case (.timestamp, .date), (.timestampNTZ, .date):
            let (buffer, out) = Loops.values(Int32.self, count)
            let local = input.type == .timestampNTZ
            Loops.unary(input, count, out) { (x: Int64) in
                let micros = local ? Int(x) : zone.local(Int(x))
                return Int32(truncatingIfNeeded: ClockTime.floorDivide(micros, day))
            }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case (.timestamp, .timestampNTZ):
            let (buffer, out) = Loops.values(Int64.self, count)
            Loops.unary(input, count, out) { (x: Int64) in Int64(zone.local(Int(x))) }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case (.timestampNTZ, .timestamp):
            let (buffer, out) = Loops.values(Int64.self, count)
            Loops.unary(input, count, out) { (x: Int64) in Int64(zone.instant(local: Int(x))) }
            return .flat(target, count: count, values: buffer, validity: input.validity)
        case (.timestamp, _): return try toSeconds()
        case (.boolean, .timestamp):
            // Spark takes true as one microsecond.
            return try Casting.cast(input, to: .int64, mode: mode, zone: zone).retyped(.timestamp)
        case (_, .timestamp): return try fromSeconds()
        case (.timestampNTZ, _), (_, .timestampNTZ), (_, .date), (.date, _):
            return .nulls(target, count: count)
        default: throw .internal("no cast from \(input.type.sqlName) to \(target.sqlName)")
        }
    }

    /// Days whose begin fits 64 bits of microseconds, on both sides of 1970.
    private static let mostDays: Int32 = 106_751_991

    /// Takes the first moment of each day; days too far away fail in legacy mode as well.
    private func fromDates() throws(EngineError) -> Vector {
        let (buffer, out) = Loops.values(Int64.self, count)
        let zone = self.zone
        let local = target == .timestampNTZ
        let most = CastJob.mostDays
        var bad: UInt8 = 0
        Loops.unary(input, count, out) { (x: Int32) in
            bad |= (x > most ? 1 : 0) | (x < -most ? 1 : 0)
            let micros = Int(x) &* ClockTime.microsecondsPerDay
            return Int64(local ? micros : zone.instant(local: micros))
        }
        if bad == 0 { return .flat(target, count: count, values: buffer, validity: input.validity) }
        var nulls = NullCollector(input.validity, count: count)
        let days = input.pointer(as: Int32.self)
        for row in 0..<count where !nulls.wasNull(row) && (days[row] > most || days[row] < -most) {
            if mode != .null { throw Failure.timeOverflow("\(shown(row)) is no \(target.sqlName)") }
            nulls.setNull(row)
        }
        return .flat(target, count: count, values: buffer, validity: nulls.validity)
    }

    private func toSeconds() throws(EngineError) -> Vector {
        if target.isFloating {
            let (buffer, out) = Loops.values(Double.self, count)
            Loops.unary(input, count, out) { (x: Int64) in Double(x) / 1e6 }
            let doubles = Vector.flat(.double, count: count, values: buffer, validity: input.validity)
            return try Casting.cast(doubles, to: target, mode: mode, zone: zone)
        }
        if target.isDecimal {
            // 64 bits hold 19 digits: one more than the narrow decimals have, so they are widened first.
            let wide = try CastJob(
                input: input.retyped(.int64), target: .decimal(precision: 19, scale: 0), mode: mode,
                zone: zone
            ).toDecimal()
            let micros = wide.retyped(.decimal(precision: 19, scale: 6))
            return try Casting.cast(micros, to: target, mode: mode, zone: zone)
        }
        if target == .boolean {
            return try Casting.cast(input.retyped(.int64), to: target, mode: mode, zone: zone)
        }
        let (buffer, out) = Loops.values(Int64.self, count)
        Loops.unary(input, count, out) { (x: Int64) in Int64(ClockTime.floorDivide(Int(x), 1_000_000)) }
        let seconds = Vector.flat(.int64, count: count, values: buffer, validity: input.validity)
        return try Casting.cast(seconds, to: target, mode: mode == .legacy ? .null : mode, zone: zone)
    }

    private func fromSeconds() throws(EngineError) -> Vector {
        if input.type.isFloating {
            let doubles = try Casting.cast(input, to: .double, mode: mode, zone: zone)
            let (buffer, out) = Loops.values(Int64.self, count)
            let values = doubles.pointer(as: Double.self)
            let limit = 0x1p63
            var bad = false
            for row in 0..<count {
                let micros = values[row] * 1e6
                if micros >= -limit && micros < limit {
                    out[row] = Int64(micros)
                } else {
                    out[row] = micros < 0 ? Int64.min : Int64.max
                    bad = true
                }
            }
            let error = { row in values[row].isFinite ? overflow(row) : malformed(row) }
            let saturates = mode == .legacy
            return try finish(buffer, failed: bad, error: error) {
                // 2⁶³ itself is what the greatest number rounds to: Java takes it as that.
                !values[$0].isFinite || !saturates && !(abs(values[$0] * 1e6) <= limit)
            }
        }
        if input.type.isDecimal { return decimalSeconds() }
        let seconds = try Casting.cast(input, to: .int64, mode: mode, zone: zone)
        let (buffer, out) = Loops.values(Int64.self, count)
        let values = seconds.pointer(as: Int64.self)
        for row in 0..<count {
            let (micros, over) = values[row].multipliedReportingOverflow(by: 1_000_000)
            out[row] = over ? (values[row] < 0 ? Int64.min : Int64.max) : micros
        }
        return .flat(target, count: count, values: buffer, validity: input.validity)
    }

    /// Takes decimals as seconds: what is below a microsecond is cut off, what is above 64 bits as well, in
    /// every mode (`BigDecimal.longValue`).
    private func decimalSeconds() -> Vector {
        let (buffer, out) = Loops.values(Int64.self, count)
        let (_, scale) = DecimalArithmetic.shape(input.type)
        let reader = DecimalArithmetic.Reader(input)
        let up = WideDecimal.power(max(0, 6 - scale))
        let down = WideDecimal.power(max(0, scale - 6))
        for row in 0..<count {
            out[row] = Int64(truncatingIfNeeded: (Self.javaDigits(reader[row]) &* up) / down)
        }
        return .flat(target, count: count, values: buffer, validity: input.validity)
    }

    /// Rounds to the 34 digits in which Spark multiplies decimals here (`MathContext.DECIMAL128`).
    private static func javaDigits(_ value: Int128) -> Int128 {
        let limit = WideDecimal.power(34)
        if value > -limit && value < limit { return value }
        var unit: Int128 = 10
        while value / unit >= limit || value / unit <= -limit { unit *= 10 }
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: unit)
        let twice = Int128(rest.magnitude) * 2
        let goesUp = twice > unit || twice == unit && quotient & 1 == 1
        return (quotient + (goesUp ? (value < 0 ? -1 : 1) : 0)) * unit
    }
}
