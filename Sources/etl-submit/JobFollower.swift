import Protocol
import Vocabulary

/// Follows a job to its end: progress while it runs, then its rows, or its error as an exit status.
struct JobFollower {
    let service: any JobService
    let progress: ProgressForm
    let output: OutputForm

    /// Longest time between two looks at the job, milliseconds.
    private static let pollMilliseconds = 500

    /// Returns when the job has succeeded and its rows are written. Throws `ProgramExit` when it failed.
    func follow(_ first: JobStatus) async throws {
        var status = first
        let display = ProgressDisplay(progress)
        for warning in status.warnings { Terminal.printWarning(warning) }
        while !status.state.isEnd {
            status = try await service.waitForChange(
                status.id, after: status.version, milliseconds: JobFollower.pollMilliseconds)
            if display.wantsStages, !status.state.isEnd {
                display.show(status, stages: try await service.stages(status.id))
            }
        }
        display.clear()
        switch status.state {
        case .succeeded:
            if status.hasResult, output != .none {
                try await ResultWriter.write(try await service.result(status.id), form: output)
            }
            if progress != .none, display.wantsSummary {
                display.summarise(status, stages: try await service.stages(status.id))
            }
        case .cancelled:
            throw ProgramExit(status: 1, message: "The job was cancelled.")
        default:
            throw ProgramExit(
                status: 1, message: status.error?.engineError.description ?? "The job failed; see its logs.")
        }
    }
}
