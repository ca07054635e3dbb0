import Columns
import Protocol
import Vocabulary

// Models of dbt's strategy microbatch.
//
//     batch 1 ─ inputs of its time ─▶ query ─▶ staging/RUN/NAME.new/batch-0 ┐
//     batch 2 ─ inputs of its time ─▶ query ─▶ staging/RUN/NAME.new/batch-1 ┼▶ staging/RUN/NAME
//                 the table's rows outside of the batches ──────────────────┘
extension PipelineRun {
    /// Builds the model's batches one after the other, then the table with them. Each batch is a job whose id
    /// follows from its place, so that a run that goes on after a restart builds none twice.
    func stageBatches(_ this: Try, of microbatch: Microbatch) async throws -> StepJob.Outcome {
        let step = this.step
        let path = tables.staged(step.name, run: run)
        let new = tables.staged(step.name + TableFolder.freshSuffix, run: run)
        let inputs = step.relations.filter { $0.step != step.name }
        if !inputs.isEmpty, inputs.allSatisfy({ $0.eventTime == nil }) {
            job.warn(
                "\(step.name): no table that the model reads has an event_time, so each batch reads all rows")
        }
        var outcome = StepJob.Outcome()
        let framed = framed(step)
        for (place, batch) in step.batches.enumerated() {
            let made = try await job.run(
                order(
                    this, ["make", "\(place)"],
                    prelude: try views(step.relations, staged: nil, batch: batch)
                        + [overwrite("\(new)/batch-\(place)")] + framed.prelude,
                    sql: framed.sql, step.label))
            outcome.rowsIn += made.rowsIn
            outcome.rowsOut += made.rowsOut
        }
        guard let first = step.batches.first, let last = step.batches.last else { return outcome }
        let range = TimeRange(start: first.start, end: last.end)
        let all = view(IncrementalPlan.newView, "\(new)/batch-*")
        try await warnOfStrays(this, all, microbatch, range)
        var (prelude, query) = ([all], "SELECT * FROM \(IncrementalPlan.newView)")
        if keepsTable(step) {
            prelude.append(view(IncrementalPlan.oldView, tables.table(step.name)))
            let plan = IncrementalPlan(
                how: step.materialization,
                old: try await columns(this, [prelude[1]], IncrementalPlan.oldView, "old"),
                new: try await columns(this, [all], IncrementalPlan.newView, "new"), replaced: range)
            query = try plan.query()
        }
        _ = try await job.run(
            order(this, ["merge"], prelude: prelude + [overwrite(path)], sql: query, "merge of \(step.name)"))
        tables.discard(step.name + TableFolder.freshSuffix, run: run)
        return outcome
    }

    /// Warns of rows whose time lies in none of the batches: no later run would replace them.
    private func warnOfStrays(
        _ this: Try, _ all: String, _ microbatch: Microbatch, _ range: TimeRange
    ) async throws {
        let column = SQLText.name(microbatch.eventTime)
        let count = try await job.run(
            order(
                this, ["strays"], prelude: [all],
                sql: "SELECT count(*) FROM \(IncrementalPlan.newView) WHERE \(column) IS NULL "
                    + "OR NOT (\(range.condition(column)))", "batches of \(this.step.name)")
        ).row.first.flatMap { $0 }
        if let count, count != "0" {
            job.warn(
                "\(this.step.name): \(count) rows of the query have a \(microbatch.eventTime) outside of the "
                    + "batches that it ran for, or none; another run of the same batches brings them again")
        }
    }
}
