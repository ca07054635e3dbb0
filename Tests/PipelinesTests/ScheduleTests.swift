import Pipelines
import Testing
import Vocabulary

/// Holds when pipelines run; zones and summer time included.
@Suite("A schedule")
struct ScheduleTests {
    static func minutes(_ text: String) -> Int { CivilTime.parse(text) ?? -1 }

    /// Returns the first ends of intervals from a time on, in UTC.
    static func ends(_ cron: String, _ zone: String, from start: String, _ count: Int) throws -> [String] {
        let schedule = try PipelineSchedule(
            cron, timezone: zone, start: minutes(start), catchup: true)
        var last: PipelineSchedule.Interval?
        return (0..<count).map { _ in
            last = schedule.nextInterval(after: last, now: minutes(start))
            return last.map { CivilTime.text($0.end) } ?? "none"
        }
    }

    static let ticks: [(cron: String, zone: String, start: String, ends: [String])] = [
        ("0 2 * * *", "UTC", "2024-01-01", ["2024-01-02T02:00", "2024-01-03T02:00"]),
        (
            "*/20 8-9 * * *", "UTC", "2024-01-01T09:00",
            ["2024-01-01T09:20", "2024-01-01T09:40", "2024-01-02T08:00"]
        ),
        ("0 0 29 2 *", "UTC", "2023-01-01", ["2028-02-29T00:00"]),
        ("0 0 29 2 *", "UTC", "2096-03-01", ["2108-02-29T00:00"]),
        ("0 0 13 * fri", "UTC", "2024-09-01", ["2024-09-13T00:00", "2024-09-20T00:00"]),
        ("0 0 * * 1-5", "UTC", "2024-03-08", ["2024-03-11T00:00", "2024-03-12T00:00"]),
        ("0 0 * * 7", "UTC", "2024-03-04", ["2024-03-17T00:00"]),
        ("0 12 1 jan,jul *", "UTC", "2024-01-01", ["2024-07-01T12:00", "2025-01-01T12:00"]),
        ("@monthly", "UTC", "2024-01-31", ["2024-03-01T00:00", "2024-04-01T00:00"]),
        // A fixed hour follows the clock on the wall: 2 o'clock is 01:00, then 00:00 UTC.
        ("0 2 * * *", "Europe/Berlin", "2024-04-01", ["2024-04-02T00:00"]),
        ("0 2 * * *", "Europe/Berlin", "2024-01-01", ["2024-01-02T01:00"]),
        // A time that the clock skips is later by the gap; of one that it shows twice the second counts.
        ("30 2 * * *", "Europe/Berlin", "2024-03-29T12:00", ["2024-03-31T01:30"]),
        ("30 2 * * *", "Europe/Berlin", "2024-10-26", ["2024-10-27T01:30", "2024-10-28T01:30"]),
        ("0 0 L * *", "America/New_York", "2024-03-01", ["2024-04-30T04:00"]),
        // Every hour stays every hour through the hour that comes twice.
        (
            "0 * * * *", "Europe/Berlin", "2024-10-27T01:00",
            ["2024-10-27T00:00", "2024-10-27T01:00", "2024-10-27T02:00", "2024-10-27T03:00"]
        ),
    ]

    /// Expressions and the days on which they come from 2024 on; all as croniter 7 gives them.
    static let days: [(cron: String, days: [String])] = [
        ("0 0 L * *", ["01-31", "02-29", "03-31", "04-30"]), ("0 0 l * *", ["01-31", "02-29"]),
        ("0 0 1,L * *", ["01-31", "02-01", "02-29", "03-01"]), ("0 0 30,L * *", ["01-30", "01-31", "02-29"]),
        ("0 0 10-L * *", ["01-10", "01-11"]), ("0 0 L * 5", ["01-05", "01-12", "01-19", "01-26", "01-31"]),
        ("0 0 * * L5", ["01-26", "02-23", "03-29"]), ("0 0 * * L0", ["01-28", "02-25", "03-31"]),
        ("0 0 * * L7", ["01-28", "02-25"]), ("0 0 * * L1,L2", ["01-29", "01-30", "02-26", "02-27"]),
        ("0 0 * * fri#3", ["01-19", "02-16", "03-15"]), ("0 0 * * 7#1", ["01-07", "02-04", "03-03"]),
        ("0 0 * * 5#5", ["03-29", "05-31", "08-30"]),
        ("0 0 * * 0#1,6#2", ["01-07", "01-13", "02-04", "02-10"]),
        ("0 0 15W * *", ["01-15", "02-15", "03-15", "04-15", "05-15", "06-14"]),
        ("0 0 1W 6,9 *", ["06-03", "09-02"]),
        ("0 0 31W 2-6 *", ["02-29", "03-29", "04-30", "05-31", "06-28"]),
        ("0 0 * * fri-mon", ["01-05", "01-06", "01-07", "01-08", "01-12"]),
        ("0 0 * * 5-1/2", ["01-05", "01-07"]),
        ("0 0 28-3/2 * *", ["01-03", "01-28", "01-30", "02-01", "02-03", "02-28"]),
        ("0 0 1 11-2/2 *", ["11-01", "01-01"]), ("0 0 * * 5-7", ["01-05", "01-06", "01-07", "01-12"]),
    ]

    @Test(
        "knows the last day, weekdays by their number, the nearest one, and ranges over the end",
        arguments: days)
    func fields(cron: String, days: [String]) throws {
        // The first end is that of the interval that begins with the first tick.
        let ends = try Self.ends(cron, "UTC", from: "2023-06-01", 220).filter { $0 > "2024-01-01T00:00" }
        #expect(ends.prefix(days.count).map { String($0.dropFirst(5).prefix(5)) } == days)
    }

    static let remedies = [
        ("@dayly", "Did you mean @daily?"), ("@every 5m", "*/5 * * * *"),
        ("*/5 * * * * *", "Seconds and years"),
        ("0 0 * * 5L", "Write L5"), ("0 0 * * L", "Write L6"), ("0 0 L-2 * *", "L is the last day"),
        ("0 0 1W,15 * *", "Write 15W"), ("0 0 LW * *", "Write 15W"), ("0 0 * * 5#6", "Write L5"),
    ]

    @Test("says what to write instead", arguments: remedies)
    func helps(text: String, remedy: String) {
        let error = #expect(throws: EngineError.self) { try PipelineSchedule(text) }
        #expect(error?.remedy?.contains(remedy) == true, "\(error?.description ?? "")")
    }

    @Test("backfills the intervals that begin in the stretch and are over, as Airflow does")
    func backfills() throws {
        let schedule = try PipelineSchedule("@monthly")
        func starts(to end: String, now: String) -> [String] {
            let (from, to, now) = (Self.minutes("2024-01-01"), Self.minutes(end), Self.minutes(now))
            return schedule.intervals(from: from, to: to, now: now, limit: 9).map { CivilTime.text($0.start) }
        }
        #expect(starts(to: "2024-01-15", now: "2024-06-01") == ["2024-01-01T00:00"])
        #expect(starts(to: "2024-02-01", now: "2024-06-01") == ["2024-01-01T00:00"])
        #expect(starts(to: "2024-02-02", now: "2024-06-01") == ["2024-01-01T00:00", "2024-02-01T00:00"])
        #expect(starts(to: "2024-02-02", now: "2024-02-29T23:59") == ["2024-01-01T00:00"])
    }

    @Test("ends its intervals at the ticks of cron", arguments: ticks)
    func intervals(cron: String, zone: String, start: String, ends: [String]) throws {
        #expect(try Self.ends(cron, zone, from: start, ends.count) == ends)
    }

    @Test("without catchup starts with the latest whole interval")
    func latest() throws {
        let schedule = try PipelineSchedule("0 0 * * *", start: Self.minutes("2024-01-01"))
        let inside = schedule.nextInterval(after: nil, now: Self.minutes("2024-06-10T15:00"))
        #expect(inside.map { CivilTime.text($0.start) } == "2024-06-09T00:00")
        let onTick = schedule.nextInterval(after: nil, now: Self.minutes("2024-06-10"))
        #expect(onTick.map { CivilTime.text($0.start) } == "2024-06-09T00:00")
        #expect(onTick.map { CivilTime.text($0.end) } == "2024-06-10T00:00")
        // A run that came late does not make the ones between come again.
        let next = schedule.nextInterval(after: inside, now: Self.minutes("2024-06-15T01:00"))
        #expect(next.map { CivilTime.text($0.start) } == "2024-06-14T00:00")
    }

    @Test("with catchup runs every interval once, from start_date to end_date")
    func catchup() throws {
        let schedule = try PipelineSchedule(
            "0 0 * * *", start: Self.minutes("2024-01-01T10:00"), end: Self.minutes("2024-01-04"),
            catchup: true)
        var starts: [String] = []
        var last: PipelineSchedule.Interval?
        while let next = schedule.nextInterval(after: last, now: Self.minutes("2024-02-01")) {
            starts.append(CivilTime.text(next.start))
            last = next
        }
        #expect(starts == ["2024-01-02T00:00", "2024-01-03T00:00", "2024-01-04T00:00"])
    }

    @Test("@once runs once")
    func once() throws {
        let schedule = try PipelineSchedule("@once", start: Self.minutes("2024-01-01"))
        let first = schedule.nextInterval(after: nil, now: 0)
        #expect(first != nil && schedule.nextInterval(after: first, now: 0) == nil)
    }

    static let wrong = [
        "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *",
        "a * * * *", "0 0 * * Lx", "0 0 * * fri#x", "0 0 0-L * *", "1,, * * * *", "1/2/3 * * * *",
        "0 0 31 2 *", "@dayly", "- * * * *",
        "1-2-3 * * * *", "*/9223372036854775807 * * * *", "99999999999999999999 * * * *",
    ]

    @Test("refuses what is no cron", arguments: wrong)
    func refuses(text: String) {
        let error = #expect(throws: EngineError.self) { try PipelineSchedule(text) }
        #expect(error?.code == "PIPELINE_FORMAT")
    }

    @Test("refuses a zone that is not there")
    func zone() {
        #expect(throws: EngineError.self) { try PipelineSchedule("@daily", timezone: "Mars/Olympus") }
    }
}
