import Protocol
import Shuffle
import Storage
import Synchronization
import Testing
import Vocabulary

@testable import Coordinator
@testable import Scheduling

/// Facts are durable before what follows from them is done.
@Suite("The coordinator's node over a slow and a broken log", .timeLimit(.minutes(1)))
struct DurabilityTests {
    /// A log whose writes wait until they are let through, or fail.
    private final class HeldLog: FactLog {
        private struct State {
            var waiting: (records: [LogRecord], done: CheckedContinuation<Void, any Error>)?
            var isOpen = true
            var written = 0
        }

        private let state = Mutex(State())

        func load() -> [LogRecord] { [] }
        var isDurable: Bool { true }
        func result(of attempt: AttemptID) -> [UInt8]? { nil }

        func append(_ records: [LogRecord]) async throws {
            try await withCheckedThrowingContinuation { done in
                let isOpen = state.withLock { state in
                    if state.isOpen { state.written += 1 } else { state.waiting = (records, done) }
                    return state.isOpen
                }
                if isOpen { done.resume() }
            }
        }

        /// Holds all writes from now on.
        func close() { state.withLock { $0.isOpen = false } }

        /// What the write that waits would make durable; empty when none waits.
        var waiting: [LogRecord] { state.withLock { $0.waiting?.records ?? [] } }
        /// Jobs that it would accept.
        var submissions: Int {
            waiting.count { if case .submission = $0 { true } else { false } }
        }
        var written: Int { state.withLock { $0.written } }

        /// Ends the write that waits, well or with an error.
        func end(with error: EngineError? = nil) {
            let waiting = state.withLock { state in
                defer { state.waiting = nil }
                state.written += state.waiting == nil ? 0 : 1
                return state.waiting
            }
            if let error { waiting?.done.resume(throwing: error) } else { waiting?.done.resume() }
        }
    }

    private let log = HeldLog()

    private func eventually(_ ask: () -> Bool) async throws -> Bool {
        for _ in 0..<3_000 {
            if ask() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// Plays a job up to the write that holds its plan, and with it the first launch.
    private func untilPlanned(
        _ fail: @escaping @Sendable (any Error) -> Void
    ) async throws -> NodeTests.Line {
        let node = CoordinatorNode(
            environment: CoordinatorEnvironment(
                log: log, results: LocalShuffleSource(store: ShuffleStore()),
                storage: StoredJobs(rules: .unrestricted), fail: fail))
        let line = try await NodeTests.begin(node)
        #expect(try await eventually { log.written >= 2 })
        log.close()
        Task { try await node.submit(JobRequest(sql: "SELECT max(id) FROM range(0, 9)")) }
        let isPlanned = try await eventually {
            let holdsPlan = log.waiting.contains {
                if case .fact(.statementPlanned) = $0 { true } else { false }
            }
            if !holdsPlan { log.end() }
            return holdsPlan
        }
        #expect(isPlanned)
        return line
    }

    @Test("a task is launched when the fact of its plan is durable, and not before")
    func held() async throws {
        let line = try await untilPlanned { _ in }
        try await Task.sleep(for: .milliseconds(200))
        #expect(line.launched.isEmpty)
        log.end()
        #expect(try await eventually { line.launched.count == 1 })
    }

    @Test("a write that fails ends the coordinator, and nothing that follows from it is sent")
    func broken() async throws {
        let failed = Failed()
        let line = try await untilPlanned { failed.set("\($0)") }
        log.end(with: .system("DISK_FULL", "Could not write"))
        #expect(try await eventually { failed.text?.contains("Could not write") == true })
        try await Task.sleep(for: .milliseconds(200))
        #expect(line.launched.isEmpty && log.waiting.isEmpty)
    }

    @Test("what a hundred clients ask for while a flush is under way is written with the next one, together")
    func shared() async throws {
        let node = CoordinatorNode(
            environment: CoordinatorEnvironment(
                log: log, results: LocalShuffleSource(store: ShuffleStore()),
                storage: StoredJobs(rules: .unrestricted)) { _ in })
        try await node.start()
        #expect(try await eventually { log.written >= 2 })
        log.close()
        // One that comes alone waits for no other.
        async let first = node.submit(JobRequest(sql: "SELECT 0 AS n"))
        #expect(try await eventually { log.submissions == 1 })
        async let others = withThrowingTaskGroup(of: String.self) { group in
            for number in 1..<100 {
                group.addTask { try await node.submit(JobRequest(sql: "SELECT \(number) AS n")).id }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        for _ in 0..<3_000 where await node.scheduler.ledger.jobs.count < 100 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(log.submissions == 1, "the flush that is under way takes no more")
        log.end()
        #expect(try await eventually { log.submissions == 99 })
        log.end()
        let ids = try await others
        let id = try await first.id
        #expect(ids.count == 99 && !ids.contains(id))
    }

    @Test("who cancels a job is answered when that is durable, and not before")
    func cancelled() async throws {
        let node = CoordinatorNode(
            environment: CoordinatorEnvironment(
                log: log, results: LocalShuffleSource(store: ShuffleStore()),
                storage: StoredJobs(rules: .unrestricted)) { _ in })
        try await node.start()
        let job = try await node.submit(JobRequest(sql: "SELECT max(id) FROM range(0, 9)"))
        func isPlanned() async throws -> Bool {
            try await node.logs(job.id, from: 0).contains { $0.message.contains("planned") }
        }
        for _ in 0..<3_000 where try await !isPlanned() {
            try await Task.sleep(for: .milliseconds(10))
        }
        await node.keep([])
        log.close()
        let told = Failed()
        let cancelling = Task {
            let answer = try await node.cancel(job.id)
            told.set(answer.state.rawValue)
        }
        let isAsked = try await eventually {
            log.waiting.contains { if case .fact(.cancelRequested) = $0 { true } else { false } }
        }
        #expect(isAsked)
        try await Task.sleep(for: .milliseconds(200))
        #expect(told.text == nil)
        let isTold = try await eventually {
            log.end()
            return told.text != nil
        }
        #expect(isTold && told.text == "cancelled")
        _ = await cancelling.result
    }

    private final class Failed: Sendable {
        private let state = Mutex<String?>(nil)
        func set(_ text: String) { state.withLock { $0 = text } }
        var text: String? { state.withLock { $0 } }
    }
}
