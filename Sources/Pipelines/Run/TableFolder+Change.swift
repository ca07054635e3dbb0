import Protocol
import Storage
import Vocabulary

// What `etl-submit state` and its REST routes show and change.
extension TableFolder {
    /// Returns how far the reads of all published tables have come, in order of names.
    package var progress: [TableProgress] {
        names.map { name in
            if let state = tableState(name), state.keepsRows != true {
                var table = TableProgress(step: name, kind: "cursor")
                (table.cursor, table.id) = (state.cursor, state.id)
                (table.rows, table.latestRows) = (state.totalRows, state.latestRows)
                return table
            }
            if let files = readFileCount(name) {
                var table = TableProgress(step: name, kind: "files")
                table.files = files
                return table
            }
            guard let state = tableState(name) else { return TableProgress(step: name, kind: "anew") }
            var table = TableProgress(step: name, kind: "grows")
            table.latestRows = state.latestRows
            return table
        }
    }

    /// Carries out a change; call it while no run of the pipeline is at work. Throws `PIPELINE_STATE` for a
    /// step that has no such table, and `INVALID_REQUEST` for what is no change.
    package func change(_ change: StateChange) throws {
        let isKnown = names.contains(change.step)
        switch (change.action, change.to) {
        case ("rewind", let to?):
            guard isKnown, var table = tableState(change.step), table.keepsRows != true else {
                throw unchangeable(change.step)
            }
            try CursorForm.check(to, like: table.cursor, table.form, of: change.step)
            table.cursor = to
            table.id = nil
            // What was open at the latest read may lie before the new place: its bound stays.
            table.isRewound = true
            try set(table, of: change.step)
        case ("reset", nil):
            guard isKnown else { throw unchangeable(change.step) }
            try reset(change.step)
        default:
            throw EngineError.user(
                "INVALID_REQUEST", "This is no change of a pipeline's state: \(change.action)",
                remedy: "action is rewind, with the value in `to`, or reset, without.")
        }
    }

    /// Why a step's table has no cursor to be set, or is not there.
    private func unchangeable(_ step: String) -> EngineError {
        guard names.contains(step) else {
            let near = Suggestion.nearest(to: step, among: names)
            return .user(
                "PIPELINE_STATE", "The state holds no table of this step: \(step)",
                remedy: near.map { "Did you mean \($0)?" } ?? "`etl-submit state show` lists them.")
        }
        if readFileCount(step) != nil {
            return .user(
                "PIPELINE_STATE", "The step reads files, each once, and has no cursor: \(step)",
                remedy: "`etl-submit state reset` forgets its table: the next run reads all files again.")
        }
        if tableState(step) != nil {
            return .user(
                "PIPELINE_STATE",
                "The step's table keeps the rows of earlier runs, and has no cursor: \(step)",
                remedy: "`etl-submit state reset` forgets it: the next run makes it from nothing.")
        }
        return .user(
            "PIPELINE_STATE", "The step's table has no cursor, as every run makes it anew: \(step)",
            remedy: "Only steps of extract with `incremental` go on from a cursor.")
    }
}
