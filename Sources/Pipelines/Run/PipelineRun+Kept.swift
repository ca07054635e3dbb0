import Vocabulary

// Steps that the run before had done, where this one goes on with it.
extension PipelineRun {
    /// Returns the steps that count as done, and whose tables are another run's by now, where a step of this
    /// run is still to read them: it would mix two runs' data. Tables that keep earlier rows hold this run's
    /// beside those of later ones, and stay.
    func replacedSteps() throws -> [String] {
        let header = record.header
        guard let makers = header.makers ?? header.retryOf.map({ [$0] }) else { return [] }
        let kept = record.kept
        var remade = Set<String>()
        while true {
            let working = chosen.filter { !kept.contains($0.name) || remade.contains($0.name) }
            let read = Set(working.flatMap { $0.dependencies + $0.testDependencies })
            let count = remade.count
            for step in chosen where kept.contains(step.name) && !remade.contains(step.name) {
                guard step.load == nil, !step.keepsEarlierRows, read.contains(step.name) else { continue }
                if try !tables.isMade(step.name, by: Set(makers)) { remade.insert(step.name) }
            }
            // What is made again may read others that were replaced.
            if remade.count == count { return chosen.map(\.name).filter { remade.contains($0) } }
        }
    }

    /// Whether the step was done by the run before, and is done again for its table alone.
    func isRemade(_ step: PipelineStep) -> Bool {
        record.header.kept.contains(step.name) && !record.kept.contains(step.name)
    }

    /// Throws where a step cannot give again what it gave in the run before.
    func refuseWhatIsGone(_ step: PipelineStep) throws {
        guard isRemade(step), step.extract?.cursor != nil else { return }
        throw EngineError.user(
            "TABLE_REPLACED",
            "The table that the run before made was replaced by a later run, and its rows cannot be read "
                + "again, as the step goes on from a cursor: \(step.name)",
            remedy: "Set the cursor back with `etl-submit state rewind` and run anew, or keep earlier rows "
                + "with write_disposition: append or merge.")
    }
}
