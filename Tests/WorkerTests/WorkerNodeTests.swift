import Columns
import Execution
import Memory
import Plans
import Protocol
import Shuffle
import Synchronization
import Testing
import Vocabulary

@testable import Scheduling
@testable import Worker

/// Drives a worker's node with a coordinator that only says what the test has it say.
@Suite("The worker's node")
struct WorkerNodeTests {
    /// Keeps what the worker says.
    private final class Line: CoordinatorLine {
        private let state = Mutex<[WorkerMessage]>([])

        func send(_ message: WorkerMessage, carrying outputs: [CarriedOutput]) {
            state.withLock { $0.append(message) }
        }

        /// Attempts of which it said that they were stopped.
        var stopped: Set<AttemptID> {
            let heartbeats = state.withLock { messages in
                messages.compactMap { if case .heartbeat(let heartbeat) = $0 { heartbeat } else { nil } }
            }
            return Set(
                heartbeats.flatMap(\.reports).compactMap { report in
                    if case .stopped(let attempt) = report { attempt } else { nil }
                })
        }
    }

    private struct NoFiles: FileAccess {
        func open(_ path: String) throws(EngineError) -> any ByteSource {
            throw .user("PATH_NOT_FOUND", "No files here: \(path)")
        }

        func create(
            _ relativePath: String, write: FileWrite, job: String, attempt: AttemptID
        ) throws(EngineError) -> any ByteSink {
            throw .user("PATH_NOT_FOUND", "No files here: \(relativePath)")
        }

        func discard(_ attempt: AttemptID) {}
    }

    private static func attempt(_ number: UInt32) -> AttemptID {
        let stage = StageKey(job: JobID(rawValue: number), statement: 0, stage: StageID(0))
        return AttemptID(task: TaskID(stage: stage, index: 0), epoch: 1, number: number)
    }

    /// Orders one attempt, as the delivery of this number.
    private static func delivery(_ number: UInt32) -> CoordinatorMessage {
        let launch = Launch(attempt: attempt(number), memoryBytes: 0, inputs: [])
        return .deliver(
            Delivery(
                epoch: 1, session: 1, firstCommand: UInt64(number), commands: [.launch(launch)],
                reportsSeen: 0, heardSentAt: Instant(milliseconds: 0)))
    }

    private static let order = TaskOrder(
        jobID: "test",
        fragment: TaskFragment(
            stage: StageID(0), taskIndex: 0, taskCount: 1, plan: .values(rows: [], schema: Schema([])),
            output: .shuffle(.single), splits: [], settings: SessionSettings()))

    @Test("orders that come again, too late or too early, or to a worker that leaves, are not kept")
    func repeatedOrders() async {
        let store = ShuffleStore()
        let pool = ComputePool(threadCount: 1)
        defer { pool.stop() }
        let line = Line()
        let node = WorkerNode(
            identity: WorkerIdentity(
                address: "w1", incarnation: 1, version: WorkerIdentity.currentVersion, slots: 2,
                memoryBytes: 1 << 30),
            resources: WorkerResources(
                budget: MemoryBudget(limitBytes: 1 << 30), store: store,
                shuffle: LocalShuffleSource(store: store), spillDirectory: "/tmp", encodesShuffle: false,
                files: NoFiles()),
            pool: pool, line: line, clock: { Instant(milliseconds: 0) }, leave: { _ in })
        await node.start()
        await node.receive(
            .welcome(epoch: 1, session: 1, worker: WorkerID(0), heardSentAt: Instant(milliseconds: 0)),
            orders: [])
        // The second comes before the first; the first as often as a coordinator repeats what it has no word
        // of.
        for number in [2, 1, 1, 1, 2] as [UInt32] {
            await node.receive(Self.delivery(number), orders: [Self.order])
            #expect(await node.orderCount == 0)
        }
        await node.drain()
        await node.receive(Self.delivery(3), orders: [Self.order])
        #expect(await node.orderCount == 0)
        #expect(line.stopped == [Self.attempt(3)], "one that leaves begins nothing")
    }
}
