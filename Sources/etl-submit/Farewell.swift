import Protocol
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Asks the user who pressed Ctrl-C what is to become of the job, and ends the program.
final class Farewell: Sendable {
    /// Longest time that a cancelled job's follower waits for the farewell.
    private static let patienceSeconds = 30

    private let service: any JobService
    private let id: String
    private let display: ProgressDisplay
    private let cancels = Atomic(false)

    private init(service: any JobService, id: String, display: ProgressDisplay) {
        self.service = service
        self.id = id
        self.display = display
    }

    /// Follows a job with `follow` to its end; on Ctrl-C the user is asked.
    static func following(
        _ status: JobStatus, of service: any JobService, display: ProgressDisplay,
        _ follow: () async throws -> Void
    ) async throws {
        let farewell = Farewell(service: service, id: status.id, display: display)
        let interruption = Interruption { Task { await farewell.say() } }
        do {
            try await follow()
        } catch {
            // What the user asked for is no failure to tell of: the farewell ends the program.
            if farewell.isCancelling { try await Task.sleep(for: .seconds(patienceSeconds)) }
            throw error
        }
        interruption.end()
    }

    /// Whether the user chose to cancel the job.
    private var isCancelling: Bool { cancels.load(ordering: .acquiring) }

    /// Asks on a terminal; elsewhere the job is left to the cluster. Does not return.
    private func say() async {
        display.stop()
        var hasAsked = false
        if Terminal.inputIsTerminal, Terminal.errorIsTerminal {
            hasAsked = true
            Terminal.write("\nDetach from the job, or cancel it? [d/c] ")
            if readLine()?.lowercased().hasPrefix("c") == true { await cancel() }
        }
        Terminal.printNote((hasAsked ? "" : "\n") + "Follow again with: etl-submit wait \(id)")
        _exit(130)
    }

    private func cancel() async {
        cancels.store(true, ordering: .releasing)
        do {
            let status = try await service.cancel(id)
            Terminal.printNote("job \(id) is \(status.state.rawValue)")
            _exit(130)
        } catch {
            Terminal.printError("\(error)")
        }
    }
}
