import Protocol
import Vocabulary

// Extracts whose source gave nothing, so that it did not say its columns either.
extension PipelineRun {
    /// Writes an empty table aside: with the columns of the published one, or with those that the step
    /// declares. Returns nil where neither is known.
    func stageEmpty(_ this: Try) async throws -> StepJob.Outcome? {
        let name = this.step.name
        let query: String
        if tables.hasTable(name) {
            query = "SELECT * FROM parquet.\(SQLText.name(tables.table(name))) WHERE false"
        } else {
            let columns = this.step.columns.compactMap { column in
                column.type.map {
                    "CAST(NULL AS \(ModelContract.sqlType($0))) AS \(SQLText.name(column.name))"
                }
            }
            if columns.isEmpty { return nil }
            query = "SELECT \(columns.joined(separator: ", ")) FROM range(0)"
        }
        let state = StagedTables(tables: tables, run: run)
        state.discard(name)
        let outcome = try await job.run(
            order(
                this, ["empty"], prelude: [overwrite(state.staged(name))], sql: query,
                "declared columns of \(name)"))
        // The source is asked on from the same place.
        if this.step.extract?.cursor != nil, let before = try state.tableState(name) {
            try state.stage(before, of: name)
        }
        return outcome
    }

    /// Ends a step that can make no table, as dlt does: it has succeeded, and what needs the table has not.
    func passOver(_ this: Try, since start: ContinuousClock.Instant) async throws {
        job.warn(
            "\(this.step.name): the source gave no rows, so that there is no table yet. Declare columns to "
                + "have an empty one: columns: [{name: id, data_type: bigint}]")
        for test in this.step.tests {
            try await note(
                .tested(step: this.step.name, test: test.name, outcome: .skip, failures: 0, found: nil))
        }
        try await finish(this, since: start)
    }

    /// The error of a query that reads a table which is not there.
    func missing(_ step: String) -> EngineError {
        if state(of: step) == .succeeded, pipeline.step(named: step)?.kind == .extract {
            return .user(
                "TABLE_NOT_MADE",
                "The source of this step gave no rows yet, so that it has no table: \(step)",
                remedy: "Declare its columns for an empty one: columns: [{name: id, data_type: bigint}].")
        }
        return .user(
            "TABLE_NOT_MADE", "The table of this step has not been made yet: \(step)",
            remedy: "Run it first, or choose it too, with --select +name.")
    }
}
