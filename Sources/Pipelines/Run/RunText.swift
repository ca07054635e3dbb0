import Protocol
import Vocabulary

/// Says facts of a run in words: for the terminal, and for the log of a run on a coordinator.
package enum RunText {
    /// Returns the level (`info`, `warning`, `error`) and the line of a fact; nil for those that nobody needs
    /// to read.
    package static func line(_ fact: RunFact, of record: RunRecord) -> (level: String, text: String)? {
        switch fact {
        case .stepDone(let step, let seconds):
            let rows = record.steps[step] ?? RunRecord.Step()
            // Steps that were only tested say no more than their tests do.
            if !rows.isMade { return nil }
            let time = (seconds * 100).rounded() / 100
            return (
                "info",
                "done    \(record.kinds[step] ?? "step") \(step): \(Counted.text(rows.rowsIn, "row")) in, "
                    + "\(Counted.text(rows.rowsOut, "row")) out, \(time) s"
            )
        case .tested(_, let test, .pass, _, _): return ("info", "pass    test \(test)")
        case .tested(_, let test, .warn, let count, let found):
            return ("warning", "warn    test \(test): \(found ?? "\(count) wrong")")
        case .tested(_, let test, .fail, let count, let found):
            return ("error", "FAIL    test \(test): \(found ?? "\(count) wrong")")
        case .tested(_, let test, .skip, _, _):
            return ("warning", "skipped test \(test): a table that it reads was not made")
        case .stepRetrying(let step, let attempt, let delay, let error):
            return ("warning", "again   \(step): try \(attempt) after \(delay) s; \(error.message)")
        case .stepFailed(let step, let error):
            return ("error", "failed  \(step)\n\(error.engineError.description)")
        case .stepSkipped(let step): return ("warning", "skipped \(step): a step that it needs failed")
        case .alerted(_, let event, let to, nil): return ("info", "alert   on \(event) sent to \(to)")
        case .alerted(_, let event, let to, let error?):
            return ("warning", "alert   on \(event) could not be sent to \(to): \(error.message)")
        case .ended(_, let error?): return ("error", error.engineError.description)
        case .ended(let state, nil): return ("info", "\(state.rawValue): \(record.summary.text)")
        case .cancelled: return ("warning", "cancelling")
        case .began, .stepStarted, .stepMade, .alerting, .closed: return nil
        }
    }
}
