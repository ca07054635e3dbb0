import Vocabulary

// Steps that the run before had done, where this one goes on with it.
extension PipelineRun {
    /// Returns the steps that the run before had done and that are done again, in their order, and what is to
    /// be said of them.
    func remadeSteps() throws -> (names: [String], notices: [String]) {
        var notices: [String] = []
        let changed = changedSteps(&notices)
        let replaced = try replacedSteps(beside: changed)
        notices += replaced.map {
            "\($0): made again, as another run has replaced the table of the run before"
        }
        let all = changed.union(replaced)
        return (chosen.map(\.name).filter { all.contains($0) }, notices)
    }

    /// Returns the steps that count as done, but were changed since then, and those that read such ones: what
    /// was corrected further up is not to be missed.
    private func changedSteps(_ notices: inout [String]) -> Set<String> {
        guard let before = record.header.definitions else { return [] }
        var changed = Set<String>()
        for step in chosen where record.kept.contains(step.name) && !isOnlyTested(step) {
            let name = step.name
            let isOwn = before[name].map { !$0.isEmpty && $0 != step.definition } ?? false
            guard isOwn || step.dependencies.contains(where: { changed.contains($0) }) else { continue }
            let cause = isOwn ? "it was changed since the run before" : "a step that it reads is made again"
            if step.extract?.cursor != nil, !step.keepsEarlierRows {
                notices.append(
                    "\(name): \(cause), but it goes on from a cursor and cannot read the same rows again; "
                        + "its table stays as it is")
                continue
            }
            if !isOwn, step.load?.appends == true {
                notices.append(
                    "\(name): \(cause), but it has appended the rows of the run before, and does not append "
                        + "others beside them")
                continue
            }
            changed.insert(name)
            var text = "\(name): made again, as \(cause)"
            if step.keepsEarlierRows { text += "; rows that its table keeps stay as they are" }
            if step.write?.mode == .append { text += "; what it has appended to its write: path stays alone" }
            notices.append(text)
        }
        return changed
    }

    /// Returns the steps that count as done, and whose tables are another run's by now, where a step of this
    /// run is still to read them, as those of `changed` do: it would mix two runs' data. Tables that keep
    /// earlier rows hold this run's beside those of later ones, and stay.
    private func replacedSteps(beside changed: Set<String>) throws -> [String] {
        let header = record.header
        guard let makers = header.makers ?? header.retryOf.map({ [$0] }) else { return [] }
        let kept = record.kept.subtracting(changed)
        var remade = Set<String>()
        while true {
            let working = chosen.filter { !kept.contains($0.name) || remade.contains($0.name) }
            let read = Set(working.flatMap { $0.dependencies + $0.testDependencies })
            let count = remade.count
            for step in chosen where kept.contains(step.name) && !remade.contains(step.name) {
                guard step.load == nil, !isOnlyTested(step), !step.keepsEarlierRows, read.contains(step.name)
                else { continue }
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
        guard isRemade(step), step.extract?.cursor != nil, !step.keepsEarlierRows else { return }
        throw EngineError.user(
            "TABLE_REPLACED",
            "The table that the run before made was replaced by a later run, and its rows cannot be read "
                + "again, as the step goes on from a cursor: \(step.name)",
            remedy: "Set the cursor back with `etl-submit state rewind` and run anew, or keep earlier rows "
                + "with write_disposition: append or merge.")
    }
}
