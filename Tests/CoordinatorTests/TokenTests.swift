import Foundation
import Protocol
import Shuffle
import Synchronization
import Testing
import Vocabulary

@testable import Coordinator
@testable import Scheduling

@Suite("Tokens of jobs")
struct TokenTests {
    /// Keeps what a worker is sent.
    private final class Line: WorkerLine {
        private let state = Mutex<[JobGrants]>([])

        func send(_ message: CoordinatorMessage, orders: [TaskOrder], grants: JobGrants) {
            state.withLock { $0.append(grants) }
        }

        /// The tokens that came, and whether the last message says that they are needed.
        var heard: (tokens: [JobID: [UInt8]], isRequired: Bool?) {
            state.withLock { all in
                (all.reduce(into: [:]) { $0.merge($1.tokens) { $1 } }, all.last?.isRequired)
            }
        }
    }

    private static func node(_ log: any FactLog) async throws -> CoordinatorNode {
        let node = CoordinatorNode(
            environment: CoordinatorEnvironment(
                log: log, results: LocalShuffleSource(store: ShuffleStore()),
                storage: StoredJobs(rules: .unrestricted)
            ) { _ in })
        try await node.start()
        return node
    }

    private static func register(
        _ address: String, version: UInt32, at node: CoordinatorNode, incarnation: UInt64 = 1
    ) async -> Line {
        let line = Line()
        let identity = WorkerIdentity(
            address: address, incarnation: incarnation, version: version, slots: 1, memoryBytes: 1 << 30)
        await node.receive(
            .register(
                Registration(
                    identity: identity, session: 1, sentAt: Instant(milliseconds: 0), isDraining: false,
                    running: [], outputs: [], reports: [])), from: line)
        return line
    }

    /// Opens the log, once the coordinator before has let go of it.
    private static func opened(_ directory: String) async throws -> SQLiteFactLog {
        for _ in 0..<3_000 {
            do { return try SQLiteFactLog(directory: directory) } catch {
                guard error.code == "STATE_LOCKED" else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        throw EngineError.internal("the log stays locked")
    }

    /// Submits a job under an id, and returns the token with which its first task was launched.
    private static func token(of id: String, at node: CoordinatorNode, _ line: Line) async throws -> [UInt8]?
    {
        _ = try await node.submit(JobRequest(id: id, sql: "SELECT count(*) FROM range(0, 10)"))
        for _ in 0..<3_000 where line.heard.tokens.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        return line.heard.tokens.values.first
    }

    @Test("a token is HMAC-SHA-256 of the job's id")
    func vectors() throws {
        // RFC 4231, test cases 1 and 2.
        let first = try JobSecret(key: Array(repeating: 0x0b, count: 20)).token(of: "Hi There")
        #expect(first.prefix(8) == [0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53])
        let second = try JobSecret(key: Array("Jefe".utf8)).token(of: "what do ya want for nothing?")
        #expect(second.suffix(4) == [0x64, 0xec, 0x38, 0x43])
        #expect(JobSecret.newKey() != JobSecret.newKey() && JobSecret.newKey().count == 32)
    }

    @Test("a task is launched with its job's token, which the next coordinator knows as well")
    func restart() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "token-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let id = "01938c3e-0000-7000-8000-000000000001"
        var tokens: [[UInt8]] = []
        for life in UInt64(1)...2 {
            let log = try await Self.opened(folder.path)
            let node = try await Self.node(log)
            let line = await Self.register("w", version: 6, at: node, incarnation: life)
            tokens.append(try #require(try await Self.token(of: id, at: node, line)))
            #expect(line.heard.isRequired == true)
            withExtendedLifetime(log) {}
        }
        #expect(tokens[0] == tokens[1] && tokens[0].count == 32)
        let node = try await Self.node(NoLog())
        let line = await Self.register("w", version: 6, at: node)
        let other = try await Self.token(of: id, at: node, line)
        #expect(other != nil && other != tokens[0], "another log has another key")
    }

    @Test("none is needed while a worker takes part that knows of none")
    func earlierRelease() async throws {
        let node = try await Self.node(NoLog())
        let line = await Self.register("new", version: 6, at: node)
        for _ in 0..<3_000 where line.heard.isRequired == nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(line.heard.isRequired == true)
        let old = await Self.register("old", version: 5, at: node)
        #expect(old.heard.isRequired == false)
        let again = await Self.register("new", version: 6, at: node, incarnation: 2)
        #expect(again.heard.isRequired == false)
        // Another life in its place.
        let mended = await Self.register("old", version: 6, at: node, incarnation: 2)
        #expect(mended.heard.isRequired == true)
    }
}
