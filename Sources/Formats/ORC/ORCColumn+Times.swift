import Columns
import Kernels
import Memory
import Vocabulary

/// Decodes times: seconds since 2015 by the writer's clock, and nanoseconds. Gives what the writer's clock
/// showed as an instant of the session's zone, as Spark does.
final class ORCTimeColumn: ORCColumn {
    private let seconds: ORCIntegers
    private let nanoseconds: ORCIntegers
    private let clocks: ORCClocks
    private let scratch = Buffer(byteCount: 2 * ORCColumn.stepRows * 8)

    init(
        _ type: DataType, _ present: ORCByteRuns?, _ seconds: ORCIntegers, _ nanoseconds: ORCIntegers,
        _ clocks: ORCClocks
    ) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.clocks = clocks
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        let buffer = Buffer(byteCount: max(1, count) * 8)
        let out = buffer.pointer(as: Int64.self)
        let whole = scratch.pointer(as: Int64.self)
        let parts = whole + ORCColumn.stepRows
        var start = 0
        while start < count {
            let end = min(count, start + ORCColumn.stepRows)
            let stored = ORCColumn.stored(valid, start..<end)
            try seconds.read(whole, stored)
            try nanoseconds.read(parts, stored)
            var place = 0
            for row in start..<end {
                out[row] = 0
                if valid?[row] ?? true {
                    out[row] = try microseconds(whole[place], parts[place])
                    place &+= 1
                }
            }
            start = end
        }
        return try clocks.instants(
            .flat(.timestamp, count: count, values: buffer, validity: ORCColumn.bitmap(valid)))
    }

    private func microseconds(_ seconds: Int64, _ nanoseconds: Int64) throws(EngineError) -> Int64 {
        // The lowest three bits say how many zeros were left out, one fewer than there are.
        let zeros = nanoseconds & 7
        var fraction = nanoseconds >> 3
        guard fraction >= 0, fraction < 1_000_000_000 else { throw Self.impossible }
        if zeros != 0 { for _ in 0...zeros { fraction *= 10 } }
        guard fraction < 1_000_000_000 else { throw Self.impossible }
        var (whole, overflow) = seconds.addingReportingOverflow(clocks.epoch)
        // Writers cut seconds before 1970 towards zero.
        if whole < 0, fraction > 999_999, !overflow {
            (whole, overflow) = whole.subtractingReportingOverflow(1)
        }
        let (scaled, isLarge) = whole.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isLarger) = scaled.addingReportingOverflow(fraction / 1000)
        if overflow || isLarge || isLarger { throw Self.impossible }
        return sum
    }

    private static var impossible: EngineError {
        ORCTail.damaged("a time lies outside of what microseconds reach")
    }
}

/// Says how a stripe's times become instants.
struct ORCClocks {
    /// Seconds from 1970 to the beginning of 2015 by the writer's clock.
    let epoch: Int64
    private let writer: Zone
    private let reader: Zone
    private let isJulian: Bool

    /// Times of a writer with a clock of `writer`, read as those of `reader`.
    init(writer: Zone, reader: Zone, isJulian: Bool) {
        self.writer = writer
        self.reader = reader
        self.isJulian = isJulian
        let beginning = CivilDate(year: 2015, month: 1, day: 1).days * 86_400_000_000
        epoch = Int64(writer.instant(local: beginning) / 1_000_000)
    }

    /// Times that are instants, whose zone does not matter.
    static func instants(isJulian: Bool) -> ORCClocks {
        ORCClocks(writer: .utc, reader: .utc, isJulian: isJulian)
    }

    /// Takes instants by the writer's clock, and gives what that showed by the reader's.
    func instants(_ given: Vector) throws(EngineError) -> Vector {
        if writer.name == reader.name || (writer.isUTC && reader.isUTC), !isJulian { return given }
        let clock = try Casting.cast(given, to: .timestampNTZ, mode: .error, zone: writer)
        if isJulian, clock.form == .flat {
            let values = clock.pointer(as: Int64.self)
            for row in 0..<clock.count { values[row] = JulianCalendar.rebased(microseconds: values[row]) }
        }
        return try Casting.cast(clock, to: .timestamp, mode: .error, zone: reader)
    }
}
