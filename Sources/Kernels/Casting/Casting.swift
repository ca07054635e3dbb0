import Columns
import Memory
import Vocabulary

/// Converts vectors between types as Spark's CAST does.
package enum Casting {
    /// Returns the values of `input` (flat or constant) as `type`. A value that does not fit fails, is null
    /// or wraps as `mode` says. Local times are those of `zone`.
    package static func cast(
        _ input: Vector, to type: DataType, mode: FailureMode, zone: Zone
    ) throws(EngineError) -> Vector {
        if input.type == type { return input }
        if input.isNullConstant || input.type == .null { return .nulls(type, count: input.count) }
        if input.form == .constant {
            if input.count == 0 { return .empty(type) }
            let one = try cast(input.flattenedOnce(count: 1), to: type, mode: mode, zone: zone)
            return one.form == .constant
                ? one.sliced(from: 0, count: input.count) : .constant(one, count: input.count)
        }
        if input.form == .dictionary { return try cast(input.flattened(), to: type, mode: mode, zone: zone) }
        let job = CastJob(input: input, target: type, mode: mode, zone: zone)
        if input.type == .variant { return try job.fromVariant() }
        if type == .variant { return try job.toVariant() }
        if type == .string { return try job.toText() }
        switch (input.type, type) {
        case (.string, _): return try job.fromText()
        case (.array, .array), (.map, .map), (.structure, .structure): return try job.nested()
        case (_, .binary): return job.toBinary()
        case (.time, _): return try job.clocks()
        case (.yearMonthInterval, _), (.dayTimeInterval, _), (_, .yearMonthInterval), (_, .dayTimeInterval):
            return try job.intervals()
        case (.date, _), (.timestamp, _), (.timestampNTZ, _), (_, .timestamp), (_, .date), (_, .timestampNTZ):
            return try job.times()
        case (_, .decimal): return try job.toDecimal()
        case (.decimal, _): return try job.fromDecimal()
        default: return try job.numbers()
        }
    }
}

/// Holds one cast while it runs. `input` is flat.
struct CastJob {
    let input: Vector
    let target: DataType
    let mode: FailureMode
    let zone: Zone
    var count: Int { input.count }

    /// Characters of a value that messages show.
    private static let shownCharacters = 200

    /// The value of a row as messages show it.
    func shown(_ row: Int) -> String {
        if case .string(let value) = input.scalar(at: row) {
            let rest = value.dropFirst(CastJob.shownCharacters)
            return "'\(value.prefix(CastJob.shownCharacters))\(rest.isEmpty ? "" : "…")'"
        }
        let text = (try? CastJob(input: input, target: .string, mode: .null, zone: zone).toText())?.scalar(
            at: row)
        guard case .string(let value)? = text else { return "null" }
        switch input.type {
        case .int64: return value + "L"
        case .int16: return value + "S"
        case .int8: return value + "T"
        case .double: return value + "D"
        case .date: return "DATE '\(value)'"
        case .timestamp: return "TIMESTAMP '\(value)'"
        case .time: return "TIME '\(value)'"
        case .decimal: return value + "BD"
        default: return value
        }
    }

    func malformed(_ row: Int) -> EngineError {
        Failure.invalidCast(shown(row), from: input.type, to: target)
    }
    func overflow(_ row: Int) -> EngineError {
        Failure.castOverflow(shown(row), from: input.type, to: target)
    }

    /// Finishes a cast of which some rows failed: the first such row's error, or nulls.
    func finish(
        _ buffer: Buffer, failed: Bool, error: (Int) -> EngineError, _ isBad: (Int) -> Bool
    ) throws(EngineError) -> Vector {
        guard failed else { return .flat(target, count: count, values: buffer, validity: input.validity) }
        var nulls = NullCollector(input.validity, count: count)
        for row in 0..<count where !nulls.wasNull(row) && isBad(row) {
            if mode == .error { throw error(row) }
            nulls.setNull(row)
        }
        return .flat(target, count: count, values: buffer, validity: nulls.validity)
    }

    /// Integers become their big-endian bytes; strings were handled before, binaries are the same.
    func toBinary() -> Vector {
        let builder = ViewBuilder(count: count)
        let width = input.type.physical.width
        for row in 0..<count {
            if input.isNull(row) { continue }
            if input.type == .string { break }
            let value = input.scalar(at: row).integerValue
            let bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> Int128((width - 1 - $0) * 8)) }
            builder.put(bytes, row)
        }
        return builder.finish(.binary, validity: input.validity)
    }
}
