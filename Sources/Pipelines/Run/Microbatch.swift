import Kernels

/// Says how a model of dbt's strategy `microbatch` is cut into batches: stretches of UTC time, each built by
/// a query of its own. The arithmetic is that of dbt's `MicrobatchBuilder`: batches begin on whole hours,
/// days, months or years, and a run ends with the batch that its end lies in.
package struct Microbatch: Sendable, Hashable {
    /// How long a batch is.
    package enum Size: String, Sendable, Hashable, CaseIterable { case hour, day, month, year }

    /// Column of the model's rows that says when each happened.
    package var eventTime: String
    package var size: Size
    /// Batches before the latest that are built again, as rows may have come late.
    package var lookback = 1
    /// Where the first batch of a table that is made anew begins, minutes since 1970 UTC.
    package var begin: Int

    package init(eventTime: String, size: Size, lookback: Int = 1, begin: Int) {
        self.eventTime = eventTime
        self.size = size
        self.lookback = lookback
        self.begin = begin
    }

    /// Most batches of one run: each is a job.
    static let limit = 50_000

    /// Returns the batches that a run builds, at least one, in order; nil where there are more than
    /// `limit`. `isIncremental`: the table is there and goes on. A backfill builds its interval and nothing
    /// else; other runs go up to their interval's end, from `lookback` batches before or from its start.
    func batches(_ run: RunContext, isIncremental: Bool) -> [TimeRange]? {
        let end = ceiling(run.intervalEnd)
        var start = floor(run.intervalStart)
        if !run.isBackfill {
            if isIncremental {
                // An end between two batches belongs to the earlier one.
                let isBetween = run.intervalEnd == floor(run.intervalEnd)
                start = min(start, moved(run.intervalEnd, by: -(lookback + (isBetween ? 1 : 0))))
            } else {
                start = floor(begin)
            }
        }
        var batches: [TimeRange] = []
        repeat {
            if batches.count == Microbatch.limit { return nil }
            let next = moved(start, by: 1)
            batches.append(TimeRange(start: start, end: next))
            start = next
        } while start < end
        return batches
    }

    /// Returns the start of the batch that a time lies in.
    func floor(_ minutes: Int) -> Int {
        switch size {
        case .hour: return ClockTime.floorDivide(minutes, 60) * 60
        case .day: return ClockTime.floorDivide(minutes, CivilTime.minutesPerDay) * CivilTime.minutesPerDay
        case .month, .year:
            var date = CivilDate(days: ClockTime.floorDivide(minutes, CivilTime.minutesPerDay))
            date.day = 1
            if size == .year { date.month = 1 }
            return date.days * CivilTime.minutesPerDay
        }
    }

    private func ceiling(_ minutes: Int) -> Int {
        floor(minutes) == minutes ? minutes : moved(minutes, by: 1)
    }

    /// Returns the start of the batch that lies `count` batches after that of a time.
    func moved(_ minutes: Int, by count: Int) -> Int {
        let start = floor(minutes)
        switch size {
        case .hour: return start + 60 * count
        case .day: return start + CivilTime.minutesPerDay * count
        case .month, .year:
            let date = CivilDate(days: ClockTime.floorDivide(start, CivilTime.minutesPerDay))
            let months = date.year * 12 + date.month - 1 + (size == .year ? 12 * count : count)
            let moved = CivilDate(
                year: ClockTime.floorDivide(months, 12), month: ClockTime.floorRemainder(months, 12) + 1,
                day: 1)
            return moved.days * CivilTime.minutesPerDay
        }
    }
}

/// Holds a stretch of time, minutes since 1970 UTC; its end is not in it.
package struct TimeRange: Sendable, Hashable {
    package var start: Int
    package var end: Int

    package init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }

    /// Returns the condition that a column's time lies in it. The bounds are texts with a zone, as dbt writes
    /// them: compared, they become of the column's own type. So dates and times without a zone are compared
    /// as they stand, and instants as instants, whatever the session's zone is.
    func condition(_ column: String) -> String {
        "\(column) >= \(TimeRange.literal(start)) AND \(column) < \(TimeRange.literal(end))"
    }

    private static func literal(_ minutes: Int) -> String {
        let text = CivilTime.rfc3339(minutes).replacing("T", with: " ").replacing("Z", with: "+00:00")
        return SQLText.value(text)
    }
}
