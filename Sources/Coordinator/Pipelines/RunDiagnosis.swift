import Pipelines
import Protocol

/// Says in one sentence what the time of a pipeline's run goes into: which step, and what that step's job
/// says.
struct RunDiagnosis {
    var record: RunRecord
    /// The jobs of the run's steps.
    var parts: [RunPart]
    /// Runs of the same pipeline, beside this one, that wait or are at work, as they were accepted.
    var otherRuns: [String]
    /// Milliseconds since 1970.
    var now: Int64

    /// A run shorter than that needs no explanation once it has ended.
    private static let leastEndedSeconds = 1.0

    var text: String? {
        switch record.state {
        case .queued: whileItWaits
        case .running: whileItRuns
        case .succeeded, .failed, .cancelled: afterItsEnd
        }
    }

    private var whileItWaits: String? {
        let header = record.header
        if header.kind == .retry, !header.kept.isEmpty, let first = otherRuns.first {
            return "Waits for run \(first) of the pipeline: a retry begins when no other run is at work."
        }
        let most = header.maxActiveRuns
        guard let first = otherRuns.first, otherRuns.count >= most else { return nil }
        let which = most == 1 ? "run \(first)" : "earlier runs"
        return "Waits for \(which) of the pipeline: max_active_runs is \(most)."
    }

    private var whileItRuns: String? {
        let running = record.order.filter { record.steps[$0]?.state == .running }
        let working = running.filter { (record.steps[$0]?.notBefore ?? 0) <= now }
        let first = { (names: [String]) in
            names.min { (record.steps[$0]?.startedAt ?? 0) < (record.steps[$1]?.startedAt ?? 0) }
        }
        if let name = first(working) {
            let took = time(now - (record.steps[name]?.startedAt ?? now))
            let more = working.count > 1 ? ", \(working.count - 1) more beside it" : ""
            let reason = parts.last { $0.step == name && $0.status.state == .running }?.status.why
            return "\(shown(name)) is at work, \(took) so far\(more)." + (reason.map { " " + $0 } ?? "")
        }
        guard let name = first(running), let step = record.steps[name] else { return nil }
        let code = step.error.map { " (\($0.code))" } ?? ""
        return "\(shown(name)) failed\(code) and is tried again in \(time(step.notBefore - now))."
    }

    private var afterItsEnd: String? {
        guard let start = record.startedAt, let end = record.endedAt else { return nil }
        let seconds = Double(end - start) / 1000
        let took = record.order.map { name -> (name: String, milliseconds: Int64) in
            guard let step = record.steps[name], let from = step.startedAt, let to = step.endedAt else {
                return (name, 0)
            }
            return (name, to - from)
        }
        guard seconds >= RunDiagnosis.leastEndedSeconds,
            let longest = took.max(by: { $0.milliseconds < $1.milliseconds }), longest.milliseconds > 0
        else { return nil }
        let share = Int((100 * min(1, Double(longest.milliseconds) / 1000 / seconds)).rounded())
        var line = "\(shown(longest.name)) took \(share) % of the time."
        let tries = record.steps[longest.name]?.attempt ?? 1
        if tries > 1 { line += " It was tried \(tries) times." }
        let reasons = parts.filter { $0.step == longest.name }.compactMap(\.status.why)
        return line + (reasons.first.map { " " + $0 } ?? "")
    }

    // MARK: - Words

    private func shown(_ name: String) -> String {
        "Step \(name)" + (record.kinds[name].map { " (\($0))" } ?? "")
    }

    private func time(_ milliseconds: Int64) -> String {
        let seconds = Double(max(0, milliseconds)) / 1000
        if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
        return seconds < 120 ? "\(Int(seconds)) s" : "\(Int(seconds / 60)) min"
    }
}
