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
        // Every hour stays every hour through the hour that comes twice.
        (
            "0 * * * *", "Europe/Berlin", "2024-10-27T01:00",
            ["2024-10-27T00:00", "2024-10-27T01:00", "2024-10-27T02:00", "2024-10-27T03:00"]
        ),
    ]

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
        "5-1 * * * *", "a * * * *", "1,, * * * *", "1/2/3 * * * *", "0 0 31 2 *", "@dayly", "- * * * *",
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
