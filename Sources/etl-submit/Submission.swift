import Pipelines
import Protocol
import Vocabulary

/// Submits a job under an id that this program chose, so that asking again is harmless.
///
/// A coordinator that dies between the request and its answer may have accepted the job or not; only the same
/// question, put to it when it is back, tells.
enum Submission {
    /// Submits and returns how the job stands. Throws at once when nobody listens; once a request is on its
    /// way it waits for an answer as long as a follower of the job would, and says so on `display`.
    static func send(
        _ request: JobRequest, to service: any JobService, display: ProgressDisplay = ProgressDisplay(.plain)
    ) async throws -> JobStatus {
        var request = request
        request.id = request.id ?? RunIdentity.new(milliseconds: NodeClock.moment().wallMilliseconds)
        let asked = request
        do {
            return try await service.submit(asked)
        } catch let error as EngineError where mayHaveArrived(error) {
            if await isStrange(service, asked.id) { throw error }
            return try await CoordinatorPatience(hasAnswered: false).call(display) {
                try await service.submit(asked)
            }
        }
    }

    /// So many connections that close without an answer, one after the other, are another program's port.
    private static let strangeCloses = 4
    private static let pauseMilliseconds = 250

    /// Whether the other end closes each connection, as a port that speaks TLS, or another program's, does. A
    /// coordinator that died refuses connections, and one that is back answers; one that dies again as soon
    /// as it is back closes a few connections, but refuses some between.
    private static func isStrange(_ service: any JobService, _ id: String?) async -> Bool {
        for _ in 0..<strangeCloses {
            do {
                _ = try await service.job(id ?? "")
                return false
            } catch {
                if (error as? EngineError)?.code != "CONNECTION_LOST" { return false }
            }
            try? await Task.sleep(for: .milliseconds(pauseMilliseconds))
        }
        return true
    }

    /// Whether the coordinator may have taken the request although there was no answer.
    private static func mayHaveArrived(_ error: EngineError) -> Bool {
        ["CONNECTION_LOST", "PEER_TIMEOUT", "REQUEST_TIMEOUT", RemoteJobService.notReached]
            .contains(error.code)
    }
}
