import Vocabulary

// Models whose columns are agreed upon.
extension PipelineRun {
    /// Throws `CONTRACT_VIOLATED` when the model's query does not give the columns of its contract; before it
    /// runs, as dbt does.
    func checkContract(_ this: Try) async throws {
        let step = this.step
        guard let contract = step.contract else { return }
        let given = try await job.run(
            order(
                this, ["contract", "columns"],
                prelude: try views(step.relations, staged: nil) + ["SELECT * FROM ("],
                sql: step.sql + "\n) millrace_model LIMIT 0", step.label)
        ).fields
        let wanted: StepJob.Outcome
        do {
            wanted = try await job.run(
                order(this, ["contract", "types"], sql: contract.typesQuery, "contract of \(step.name)"))
        } catch var error as EngineError {
            error.location = contract.location
            throw error
        }
        if let error = contract.breach(given, wanted: wanted.fields) { throw error }
    }

    /// Returns what stands before the query of a step, on lines of its own, and the query.
    func framed(_ step: PipelineStep) -> (prelude: [String], sql: String) {
        guard let frame = step.contract?.frame else { return ([], step.sql) }
        return ([frame.before], step.sql + frame.after)
    }
}
