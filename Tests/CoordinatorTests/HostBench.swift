import Foundation
import Pipelines
import Protocol
import Shuffle
import Storage
import Synchronization
import Vocabulary

@testable import Coordinator

/// Holds a coordinator with pipelines and without workers, whose clock the test sets.
final class HostBench: Sendable {
    let folder = NSTemporaryDirectory() + "host-\(UUID().uuidString)"
    let clock = SetClock()
    let node: CoordinatorNode
    let host: PipelineHost

    /// Tells the time that it was set to, milliseconds since 1970.
    final class SetClock: Sendable {
        private let wall = Mutex<Int64>(1_704_153_600_000)

        func move(by milliseconds: Int64) { wall.withLock { $0 += milliseconds } }

        var moment: Moment {
            Moment(monotonic: NodeClock.moment().monotonic, wallMilliseconds: wall.withLock { $0 })
        }
    }

    let variables = SetVariables()
    let carrier = PostBox()

    /// Holds the environment, which the test changes.
    final class SetVariables: Sendable {
        private let values = Mutex<[String: String]>([:])

        subscript(_ name: String) -> String? {
            get { values.withLock { $0[name] } }
            set { values.withLock { $0[name] = newValue } }
        }
    }

    /// Takes what would be posted, as `URL event run`.
    final class PostBox: AlertCarrier {
        private let list = Mutex<[String]>([])
        var posts: [String] { list.withLock { $0 } }

        func post(_ json: String, to url: String, headers: [String], caFile: String?) async throws {
            let body = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            list.withLock { $0.append("\(url) \(body?["event"] ?? "") \(body?["run"] ?? "")") }
        }

        func mail(_ message: [UInt8], _ email: AlertRule.Email) async throws {}
    }

    /// `allowed`: what `--allow-http` says.
    init(allowed: [String] = []) async throws {
        let (clock, variables) = (clock, variables)
        node = CoordinatorNode(
            environment: CoordinatorEnvironment(
                log: NoLog(), results: LocalShuffleSource(store: ShuffleStore()),
                storage: StoredJobs(rules: .unrestricted), clock: { clock.moment }
            ) { _ in })
        try await node.start()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        host = PipelineHost(
            node: node,
            settings: PipelineSettings(
                stateDirectory: folder, rules: PathRules(base: folder + "/storage"), allowedVariables: ["*"],
                outside: try WebRules(allowed: allowed, for: .coordinator), environment: { variables[$0] }),
            carrier: carrier, clock: { clock.moment })
        try await host.start()
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Returns a pipeline's bundle; its step waits for ever, as there is no worker.
    func bundle(_ name: String, extra: String = "", maxActiveRuns: Int = 100) throws -> PipelineBundle {
        let directory = "\(folder)/sources/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let text =
            "name: \(name)\nmax_active_runs: \(maxActiveRuns)\n\(extra)"
            + "transform: [{name: a, sql: \"SELECT max(id) AS m FROM range(0, 9)\"}]\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/etl.yml"))
        return try PipelineBundle(directory: directory)
    }

    /// Stores a bundle and returns its digest.
    @discardableResult
    func store(_ bundle: PipelineBundle) async throws -> String {
        _ = try await host.store(bundle.bytes, at: 0, of: bundle.bytes.count, bundle: bundle.digest)
        return bundle.digest
    }

    /// Submits a run of a stored bundle.
    func run(_ digest: String) async throws -> JobStatus {
        try await host.submit(JobRequest(sql: "", pipeline: PipelineRequest(bundle: digest)))
    }

    /// Asks again until the answer is yes, 30 seconds at least.
    func eventually(_ ask: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<3_000 {
            if try await ask() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
