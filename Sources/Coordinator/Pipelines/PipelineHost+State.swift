import Pipelines
import Protocol
import Vocabulary

// What pipelines remember between their runs, deployed or not.
extension PipelineHost {
    package func state(of name: String) async throws -> PipelineState {
        PipelineState(try knownTables(of: name).progress)
    }

    /// Changes the tables on the actor, without waiting, so that no run begins meanwhile.
    package func change(_ change: StateChange, ofState name: String) async throws -> PipelineState {
        let tables = try knownTables(of: name)
        guard !ledger.open.contains(where: { ledger.runs[$0]?.header.pipeline == name }) else {
            throw EngineError.user(
                "PIPELINE_STATE", "Another run of this pipeline is at work: \(name)",
                remedy:
                    "Wait for its end, or cancel it; `etl-submit pause` keeps the next one from beginning."
            )
        }
        try tables.change(change)
        return PipelineState(tables.progress)
    }

    /// Returns the tables of a pipeline that was deployed or has run. Throws `PIPELINE_NOT_FOUND`.
    private func knownTables(of name: String) throws -> TableFolder {
        let hasRun = ledger.order.contains { ledger.runs[$0]?.header.pipeline == name }
        guard hasRun || ledger.deployments[name] != nil else { throw missing(name) }
        return try tables(of: name)
    }
}
