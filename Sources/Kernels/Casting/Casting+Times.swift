import Columns
import Memory
import Vocabulary

extension CastJob {
    /// Casts among dates, timestamps and numbers of seconds.
    func times() throws(EngineError) -> Vector {
        let zone = self.zone
        let day = ClockTime.microsecondsPerDay
        switch (input.type, target) {
        case (.date, .timestamp), (.date, .timestampNTZ):
            let (buffer, out) = Loops.values(Int64.self, count)
            let local = target == .timestampNTZ
            Loops.unary(input, count, out) { (x: Int32) in
                let micros = Int(x) &* day
                return Int64(local ? micros : zone.instant(local: micros))
            }
            return .flat(target, count: count, values: buffer, validity: input.validity)
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

    private func toSeconds() throws(EngineError) -> Vector {
        if target.isFloating {
            let (buffer, out) = Loops.values(Double.self, count)
            Loops.unary(input, count, out) { (x: Int64) in Double(x) / 1e6 }
            let doubles = Vector.flat(.double, count: count, values: buffer, validity: input.validity)
            return try Casting.cast(doubles, to: target, mode: mode, zone: zone)
        }
        if target.isDecimal {
            let micros = input.retyped(.decimal(precision: 18, scale: 6))
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
            var bad = false
            for row in 0..<count {
                let micros = values[row] * 1e6
                if micros > -9.2e18 && micros < 9.2e18 {
                    out[row] = Int64(micros)
                } else {
                    out[row] = micros < 0 ? Int64.min : Int64.max
                    bad = true
                }
            }
            let error = { row in values[row].isFinite ? overflow(row) : malformed(row) }
            return try finish(buffer, failed: bad, error: error) { !(abs(values[$0] * 1e6) < 9.2e18) }
        }
        if input.type.isDecimal {
            let micros = try Casting.cast(
                input, to: .decimal(precision: 38, scale: 6), mode: mode, zone: zone)
            let whole = micros.retyped(.decimal(precision: 38, scale: 0))
            return try Casting.cast(whole, to: .int64, mode: mode, zone: zone).retyped(.timestamp)
        }
        let seconds = try Casting.cast(input, to: .int64, mode: mode, zone: zone)
        let (buffer, out) = Loops.values(Int64.self, count)
        let values = seconds.pointer(as: Int64.self)
        for row in 0..<count {
            let (micros, over) = values[row].multipliedReportingOverflow(by: 1_000_000)
            out[row] = over ? (values[row] < 0 ? Int64.min : Int64.max) : micros
        }
        return .flat(target, count: count, values: buffer, validity: input.validity)
    }
}
