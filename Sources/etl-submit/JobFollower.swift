import Pipelines
import Protocol
import Settings
import Vocabulary

/// Follows a job to its end: progress while it runs, then its rows, or its error as an exit status.
struct JobFollower {
    let service: any JobService
    let progress: ProgressForm
    let output: OutputForm
    let display: ProgressDisplay
    /// The job's text, where it is known here.
    private let script: JobScript?

    /// Longest time between two looks at the job, milliseconds.
    private static let pollMilliseconds = 500

    init(
        service: any JobService, progress: ProgressForm, output: OutputForm, script: JobScript? = nil
    ) {
        self.script = script
        self.service = service
        self.progress = progress
        self.output = output
        display = ProgressDisplay(progress)
    }

    /// Returns when the job has succeeded and its rows are written. Throws `ProgramExit` when it failed.
    func follow(_ first: JobStatus) async throws {
        var status = first
        let line = CoordinatorPatience()
        var watch = WorkerWatch(service)
        var warned = 0
        var hasToldWait = false
        printWarnings(status, after: &warned)
        while !status.state.isEnd {
            let known = status
            status = try await line.call(display) {
                try await service.waitForChange(
                    known.id, after: known.version, milliseconds: JobFollower.pollMilliseconds)
            }
            printWarnings(status, after: &warned)
            if status.state.isEnd { break }
            if display.wantsStages {
                let now = status
                display.show(now, stages: try await line.call(display) { try await service.stages(now.id) })
            }
            if status.version == known.version { await watch.look(display) }
            if status.state == .queued, status.version == known.version, !hasToldWait, progress != .none,
                let reason = status.why
            {
                display.clear()
                Terminal.printNote(reason)
                hasToldWait = true
            }
        }
        display.clear()
        switch status.state {
        case .succeeded: try await finish(status, line)
        case .cancelled:
            throw ProgramExit(status: 1, message: "The job was cancelled.")
        default:
            let error = status.error?.engineError
            let located = error.map { script?.located($0) ?? $0 }
            throw ProgramExit(
                status: 1, message: located?.description ?? "The job failed; see its logs.")
        }
    }

    /// Prints the warnings that came since the last look: later statements are planned when they are reached.
    private func printWarnings(_ status: JobStatus, after known: inout Int) {
        for warning in status.warnings.dropFirst(known) { Terminal.printWarning(warning) }
        known = max(known, status.warnings.count)
    }

    private func finish(_ status: JobStatus, _ line: CoordinatorPatience) async throws {
        if status.hasResult, output != .none {
            let result = try await JobRows(service, of: status.id, display).fetch()
            try await ResultWriter.write(result, form: output, isPlan: status.resultIsPlan == true)
        }
        if progress != .none, display.wantsSummary {
            let stages = try await line.call(display) { try await service.stages(status.id) }
            display.summarise(status, stages: stages)
        }
    }
}

/// Bears with a coordinator that does not answer for a while: an accepted job is durable and goes on once the
/// coordinator is back.
final class CoordinatorPatience {
    /// Longest silence before the program gives up, seconds: of a coordinator that it knows, and of one that
    /// it was told of.
    static let seconds = 120
    private static let firstSeconds = 30
    /// Pause between two tries, milliseconds.
    private static let pauseMilliseconds = 250
    private static let passing: Set<String> = [
        "CONNECTION_REFUSED", "CONNECTION_LOST", "CONNECT_TIMEOUT", "PEER_TIMEOUT", "REQUEST_TIMEOUT",
        RemoteJobService.notReached,
    ]
    /// Whether the coordinator has answered this program before.
    private let hasAnswered: Bool

    private let seconds: Int

    init(hasAnswered: Bool = true, seconds: Int = CoordinatorPatience.seconds) {
        self.hasAnswered = hasAnswered
        self.seconds = seconds
    }

    /// Whether an error says only that nobody answers now. To a program that was answered before, a handshake
    /// that fails is a coordinator that died in the middle of it.
    static func isPassing(_ error: EngineError, hasAnswered: Bool = true) -> Bool {
        passing.contains(error.code) || hasAnswered && error.code == "TLS_HANDSHAKE_FAILED"
    }

    /// Asks a program's first question about a job that it was given the id of: a coordinator has taken it,
    /// and may just be starting again.
    static func first<Answer: Sendable>(
        _ progress: ProgressForm = .plain, _ body: () async throws -> Answer
    ) async throws -> Answer {
        try await CoordinatorPatience(hasAnswered: false, seconds: firstSeconds)
            .call(ProgressDisplay(progress), body)
    }

    /// Calls until there is an answer. Throws the call's error when it is another one, or time is over.
    func call<Answer: Sendable>(
        _ display: ProgressDisplay, _ body: () async throws -> Answer
    ) async throws -> Answer {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(seconds)
        var hasNoted = false
        while true {
            do {
                let answer = try await body()
                if hasNoted { display.note("The coordinator is back.") }
                return answer
            } catch let error as EngineError
                where CoordinatorPatience.isPassing(error, hasAnswered: hasAnswered) && clock.now < deadline
            {
                if !hasNoted {
                    display.note(
                        "The coordinator does not answer; waiting up to \(seconds) s "
                            + "for it. The job goes on when it is back.")
                }
                hasNoted = true
                try await Task.sleep(for: .milliseconds(CoordinatorPatience.pauseMilliseconds))
            }
        }
    }
}

/// Tells the user once when a job stands still because no worker is there.
struct WorkerWatch {
    private let service: any JobService
    private var quietLooks = 0
    private var hasTold = false

    init(_ service: any JobService) { self.service = service }

    /// Called whenever nothing changed for a while.
    mutating func look(_ display: ProgressDisplay) async {
        quietLooks += 1
        guard !hasTold, quietLooks >= 2, let cluster = try? await service.cluster(), cluster.slots.total == 0
        else { return }
        hasTold = true
        display.note(
            "No worker is connected; the job waits for one. Start it with: etl-worker --coordinator URL")
    }
}
