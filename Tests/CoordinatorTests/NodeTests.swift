import Foundation
import Protocol
import Shuffle
import Storage
import Synchronization
import Testing
import Vocabulary
import Web

@testable import Coordinator
@testable import Scheduling

/// Drives a coordinator's node with workers that only say what the test has them say.
@Suite("The coordinator's node")
struct NodeTests {
    /// Stands for a worker's connection: keeps what it is told to launch.
    final class Line: WorkerLine {
        let worker: WorkerLife
        private let state = Mutex<[AttemptID]>([])

        init(_ address: String) { worker = WorkerLife(address: address, incarnation: 1) }

        func send(_ message: CoordinatorMessage, orders: [TaskOrder], grants: JobGrants) {
            let attempts = message.launches.map(\.attempt)
            state.withLock { state in state += attempts.filter { !state.contains($0) } }
        }

        /// Attempts that were launched, in order.
        var launched: [AttemptID] { state.withLock { $0 } }
    }

    private let node = CoordinatorNode(
        environment: CoordinatorEnvironment(
            log: NoLog(), results: LocalShuffleSource(store: ShuffleStore()),
            storage: StoredJobs(rules: .unrestricted)
        ) { _ in })

    /// Starts the node and registers a worker of one slot.
    private func begin() async throws -> Line { try await NodeTests.begin(node) }

    static func begin(_ node: CoordinatorNode) async throws -> Line {
        try await node.start()
        let line = Line("w1")
        let identity = WorkerIdentity(
            address: "w1", incarnation: 1, version: 1, slots: 1, memoryBytes: 1 << 30)
        await node.receive(
            .register(
                Registration(
                    identity: identity, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                    running: [], outputs: [], reports: [])), from: line)
        return line
    }

    private func report(_ report: Report, number: UInt64, from line: Line) async {
        await node.receive(
            .heartbeat(
                Heartbeat(
                    life: line.worker, session: 1, sentAt: Instant(milliseconds: Int64(number)),
                    isDraining: false, commandsSeen: 0, firstReport: number, reports: [report], progress: [],
                    usedMemoryBytes: 0, shuffleBytes: 0)), from: line)
    }

    private func eventually(_ ask: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<3_000 {
            if try await ask() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    private func log(_ job: JobStatus) async throws -> String {
        try await node.logs(job.id, from: 0).map(\.message).joined(separator: "\n")
    }

    @Test("a worker's loss is told to the jobs that had something on it, and to no other")
    func loss() async throws {
        let line = try await begin()
        let job = try await node.submit(JobRequest(sql: "SELECT max(id) FROM range(0, 9)"))
        #expect(try await eventually { line.launched.count == 1 })
        let other = try await node.submit(JobRequest(sql: "SELECT min(id) FROM range(0, 9)"))
        #expect(try await eventually { try await log(other).contains("planned") })
        await node.handle(.workerDied(WorkerID(0)))
        let text = try await log(job)
        #expect(text.contains("worker w1 was lost: its process died"), "\(text)")
        #expect(text.contains(" failed on worker w1: "), "\(text)")
        #expect(text.hasSuffix("; the task runs again\nworker w1 was lost: its process died"), "\(text)")
        #expect(try await !log(other).contains("lost"))
    }

    @Test("rows that are gone with their worker are told by status 410 and what to do, before any is sent")
    func lostResult() async throws {
        let line = try await begin()
        let job = try await node.submit(JobRequest(sql: "SELECT id FROM range(0, 9)"))
        var done = 0
        let succeeded = try await eventually {
            while done < line.launched.count {
                done += 1
                let output = TaskOutput(attempt: line.launched[done - 1])
                await report(.completed(output), number: UInt64(done), from: line)
            }
            return try await node.job(job.id).state == .succeeded
        }
        #expect(succeeded)
        // The worker is there, its output is not; then the worker is gone too.
        try await expectLost(job, "is no longer on worker w1")
        await node.handle(.workerDied(WorkerID(0)))
        try await expectLost(job, "worker w1 was lost: its process died")
    }

    private func expectLost(_ job: JobStatus, _ reason: String) async throws {
        let answer = await RESTRouter(service: node).handle(
            WebRequest(
                method: "GET", path: "/api/v1/jobs/\(job.id)/result", query: [:], headers: [],
                authority: "etl:8080", body: []))
        #expect(answer.status == 410)
        guard case .bytes(let bytes) = answer.body else {
            Issue.record("rows are streamed")
            return
        }
        let problem = try JSONDecoder().decode(Problem.self, from: Data(bytes))
        #expect(problem.error.code == "RESULT_LOST" && problem.detail.contains(reason), "\(problem)")
        #expect(problem.error.remedy == "Run it again with: etl-submit retry \(job.id)")
    }
}
