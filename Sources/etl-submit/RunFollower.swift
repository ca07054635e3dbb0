import Protocol
import Settings
import Vocabulary

/// Follows a pipeline's run on a coordinator to its end: says what becomes of each step and test.
struct RunFollower {
    let service: any JobService
    let progress: ProgressForm
    let display: ProgressDisplay

    /// Longest time between two looks at the run, milliseconds.
    private static let pollMilliseconds = 500

    init(service: any JobService, progress: ProgressForm) {
        self.service = service
        self.progress = progress
        display = ProgressDisplay(progress)
    }

    /// Returns when the run has succeeded. Throws `ProgramExit` when it did not.
    func follow(_ first: JobStatus) async throws {
        var status = first
        var next = 0
        let line = CoordinatorPatience()
        var watch = WorkerWatch(service)
        var (hasToldError, hasToldWait) = (false, false)
        while true {
            let (known, from) = (status, next)
            status = try await line.call(display) {
                try await service.waitForChange(
                    known.id, after: known.version, milliseconds: RunFollower.pollMilliseconds)
            }
            let lines = try await line.call(display) { try await service.logs(known.id, from: from) }
            next += lines.count
            for entry in lines where entry.message != "accepted" {
                PipelineText.show(entry.level, entry.message, progress)
                hasToldError = hasToldError || entry.level == "error"
            }
            if status.state.isEnd, lines.isEmpty { break }
            if status.state == .queued, !hasToldWait, let reason = status.why {
                PipelineText.show("info", reason, progress)
                hasToldWait = true
            }
            if !status.state.isEnd, status.version == known.version { await watch.look(display) }
        }
        display.clear()
        switch status.state {
        case .succeeded: break
        case .cancelled: throw ProgramExit(status: 1, message: "The run was cancelled.")
        default:
            guard let error = status.error?.engineError else {
                throw ProgramExit(status: 1, message: "The run failed; see its logs.")
            }
            if hasToldError {
                // What failed, and where, stands above.
                let remedy = error.code == "PIPELINE_FAILED" ? error.remedy.map { "\n  = \($0)" } : nil
                throw ProgramExit(status: 1, message: "The run failed: \(status.id)\(remedy ?? "")")
            }
            throw ProgramExit(status: 1, message: error.description)
        }
    }
}
