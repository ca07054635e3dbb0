import Kernels
import Vocabulary

/// Says when a pipeline runs: cron ticks in a zone bound data intervals, and the run of an interval is due at
/// its end. The meaning is that of Airflow's `CronDataIntervalTimetable`. A pure value: the time is passed
/// in. All instants are minutes since 1970 UTC.
package struct PipelineSchedule: Sendable {
    /// The time that one run covers; it is due at `end`.
    package struct Interval: Sendable, Hashable {
        package var start: Int
        package var end: Int
    }

    private let cron: CronExpression?
    private let isFixed: Bool
    private let zone: Zone
    private let earliest: Int?
    private let latest: Int?
    private let catchup: Bool

    /// Makes a schedule of cron text or `@once`; start and end are local times of the zone (`CivilTime`).
    /// Throws `PIPELINE_FORMAT` when the text is wrong, `INVALID_TIMEZONE` when the zone is.
    package init(
        _ text: String, timezone: String = "UTC", start: Int? = nil, end: Int? = nil, catchup: Bool = false
    ) throws {
        do {
            cron = text == "@once" ? nil : try CronExpression(text)
        } catch let mistake as CronExpression.Mistake {
            throw EngineError.user(
                "PIPELINE_FORMAT", "The schedule is wrong: \(mistake.message): \(text)",
                remedy: mistake.remedy ?? "Write it like \"0 2 * * *\" (every day at 2), or @daily.")
        }
        isFixed = cron?.isFixed ?? true
        let zone = try Zone.named(timezone)
        self.zone = zone
        earliest = start.map { PipelineSchedule.instant($0, zone) }
        latest = end.map { PipelineSchedule.instant($0, zone) }
        self.catchup = catchup
    }

    /// Returns the instant of a local time; of one that the clock shows twice the second, as Airflow does.
    private static func instant(_ local: Int, _ zone: Zone) -> Int {
        let micros = local * 60_000_000
        let first = zone.instant(local: micros)
        let nextDay = first + 86_400_000_000
        let second = micros - (zone.local(nextDay) - nextDay)
        let isTwice = second > first && zone.local(second) == micros
        return ClockTime.floorDivide(isTwice ? second : first, 60_000_000)
    }

    private func local(_ instant: Int) -> Int {
        ClockTime.floorDivide(zone.local(instant * 60_000_000), 60_000_000)
    }

    /// The first tick after an instant.
    private func next(_ cron: CronExpression, after instant: Int) -> Int? {
        let here = local(instant)
        guard let tick = cron.next(after: here) else { return nil }
        return isFixed ? PipelineSchedule.instant(tick, zone) : instant + (tick - here)
    }

    private func previous(_ cron: CronExpression, before instant: Int) -> Int? {
        let here = local(instant)
        guard let tick = cron.previous(before: here) else { return nil }
        return isFixed ? PipelineSchedule.instant(tick, zone) : instant - (here - tick)
    }

    /// The first tick at an instant or after it.
    private func aligned(_ cron: CronExpression, up instant: Int) -> Int? {
        guard let before = previous(cron, before: instant) else { return nil }
        return next(cron, after: before) == instant ? instant : next(cron, after: instant)
    }

    /// The last tick at an instant or before it.
    private func aligned(_ cron: CronExpression, down instant: Int) -> Int? {
        guard let before = previous(cron, before: instant) else { return nil }
        return next(cron, after: before) == instant ? instant : before
    }

    /// Returns the interval to run after the last one, nil when there is none any more. It may be due only
    /// later than `now`. Without catchup, intervals before the latest whole one are left out.
    package func nextInterval(after last: Interval?, now: Int) -> Interval? {
        guard let cron else {
            return last == nil ? Interval(start: earliest ?? now, end: earliest ?? now) : nil
        }
        var floor: Int? = earliest.flatMap { aligned(cron, up: $0) }
        if !catchup {
            guard let tick = aligned(cron, down: now), let start = previous(cron, before: tick) else {
                return nil
            }
            floor = max(start, floor ?? start)
        }
        let after = last.flatMap { aligned(cron, down: $0.end) }
        guard let start = [floor, after].compactMap({ $0 }).max() else { return nil }
        if let latest, start > latest { return nil }
        return next(cron, after: start).map { Interval(start: start, end: $0) }
    }

    /// Returns the latest interval that is whole at a time: what a run that is asked for by hand covers, as
    /// in Airflow.
    package func latestInterval(now: Int) -> Interval {
        guard let cron, let end = aligned(cron, down: now), let start = previous(cron, before: end) else {
            return Interval(start: earliest ?? now, end: earliest ?? now)
        }
        return Interval(start: start, end: end)
    }

    /// Returns the intervals that begin from `from` on and before `to`, and are whole by `now`, at most
    /// `limit`: what a backfill runs, whatever catchup and start_date say. As in Airflow the begin of an
    /// interval counts, so that the month of a stretch of three days is run.
    package func intervals(from: Int, to: Int, now: Int, limit: Int) -> [Interval] {
        guard let cron, var start = aligned(cron, up: from) else { return [] }
        var found: [Interval] = []
        while found.count < limit, start < to, let end = next(cron, after: start), end <= now {
            found.append(Interval(start: start, end: end))
            start = end
        }
        return found
    }
}
