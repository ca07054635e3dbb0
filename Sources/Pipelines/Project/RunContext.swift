import Templates

/// Names the table of a step: the step, and the folder below `tables/` that holds it.
package struct TableName: Sendable, Hashable {
    package var step: String
    package var folder: String
}

/// Says what templates may know of the run that they are rendered for.
package struct RunContext: Sendable {
    package var runID: String
    /// Data interval, minutes since 1970 UTC.
    package var intervalStart: Int
    package var intervalEnd: Int
    /// When the run was accepted, milliseconds since 1970.
    package var acceptedAt: Int64
    package var fullRefresh: Bool
    /// Whether the run makes its interval again and nothing else.
    package var isBackfill = false
    /// Says whether a step's table is published already.
    package var hasTable: @Sendable (TableName) -> Bool
    /// Returns where a file of the pipeline's directory is for jobs; the path itself for all others.
    package var place: @Sendable (String) throws -> String

    package init(
        runID: String, intervalStart: Int, intervalEnd: Int, acceptedAt: Int64, fullRefresh: Bool = false,
        hasTable: @escaping @Sendable (TableName) -> Bool = { _ in false },
        place: @escaping @Sendable (String) throws -> String = { $0 }
    ) {
        self.runID = runID
        self.intervalStart = intervalStart
        self.intervalEnd = intervalEnd
        self.acceptedAt = acceptedAt
        self.fullRefresh = fullRefresh
        self.hasTable = hasTable
        self.place = place
    }

    /// Makes the context of a run.
    package init(
        _ header: RunHeader, hasTable: @escaping @Sendable (TableName) -> Bool,
        place: @escaping @Sendable (String) throws -> String = { $0 }
    ) {
        self.init(
            runID: header.id, intervalStart: header.intervalStart, intervalEnd: header.intervalEnd,
            acceptedAt: header.acceptedAt, fullRefresh: header.fullRefresh, hasTable: hasTable, place: place)
        isBackfill = header.isBackfill
    }

    /// Names that templates may use, with Airflow's and dbt's meaning. All times are UTC.
    var values: [String: TemplateValue] {
        let (start, end) = (CivilTime.text(intervalStart), CivilTime.text(intervalEnd))
        let day = String(start.prefix(10))
        func stamp(_ text: String) -> TemplateValue { .text(text + ":00+00:00") }
        func bare(_ text: String) -> String { text.filter { !"-:".contains($0) } }
        let accepted = CivilTime.text(Int(acceptedAt / 60_000))
        let seconds = String(Int(acceptedAt / 1000 % 60))
        return [
            "ds": .text(day), "ds_nodash": .text(bare(day)), "ts": stamp(start),
            "ts_nodash": .text(bare(start) + "00"), "logical_date": stamp(start),
            "data_interval_start": stamp(start), "data_interval_end": stamp(end), "run_id": .text(runID),
            "invocation_id": .text(runID),
            "run_started_at": .text(
                accepted + ":" + (seconds.count == 1 ? "0" : "") + seconds + "+00:00"),
        ]
    }
}
