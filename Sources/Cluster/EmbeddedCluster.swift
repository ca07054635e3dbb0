import Catalog
import Connectors
import Coordinator
import Execution
import Memory
import Protocol
import Scheduling
import Shuffle
import Storage
import Vocabulary
import Worker

/// Holds a whole cluster in this process: a coordinator that remembers nothing beyond it, and one worker with
/// all cores. Messages and batches are handed over by reference; no port is opened, no file is left behind.
package final class EmbeddedCluster: Sendable {
    private let coordinator: CoordinatorNode
    private let worker: WorkerNode
    package let resources: WorkerResources

    /// Sizes the cluster; nil takes all processors and three quarters of the memory that this process may
    /// use.
    package struct Size: Sendable {
        package var slots: Int?
        package var memoryBytes: Int?
        package var spillDirectory = "/tmp"

        package init(slots: Int? = nil, memoryBytes: Int? = nil) {
            self.slots = slots
            self.memoryBytes = memoryBytes
        }
    }

    /// Starts the cluster; ready when this returns.
    package init(_ size: Size = Size()) async throws {
        let limits = MachineLimits.current()
        let slots = size.slots ?? limits.processors
        let memory = size.memoryBytes ?? limits.taskMemoryBytes
        let store = ShuffleStore()
        let shuffle = LocalShuffleSource(store: store)
        let files = WorkerFiles(rules: .unrestricted, isDurable: false)
        resources = WorkerResources(
            budget: MemoryBudget(limitBytes: memory), store: store, shuffle: shuffle,
            spillDirectory: size.spillDirectory, encodesShuffle: false, files: files,
            connectors: WorkerConnectors.all(.unrestricted))
        coordinator = CoordinatorNode(
            environment: CoordinatorEnvironment(
                log: NoLog(), results: shuffle,
                storage: StoredJobs(rules: .unrestricted, isDurable: false)
            ) { _ in })
        let up = UpLine()
        worker = WorkerNode(
            identity: WorkerIdentity(
                address: "embedded", incarnation: NodeClock.incarnation(),
                version: WorkerIdentity.currentVersion, slots: slots,
                memoryBytes: memory),
            resources: resources, pool: ComputePool(threadCount: slots), line: up, leave: { _ in })
        try await coordinator.start()
        up.connect(coordinator, DownLine(worker: worker))
        await worker.start()
    }

    /// Longest wait for the tasks of a job to stop.
    private static let settleTime = Duration.seconds(10)

    /// Waits until the tasks of a job that failed or was cancelled have stopped and nothing of what they
    /// wrote is left.
    package func settle(_ id: String) async {
        let deadline = ContinuousClock.now + EmbeddedCluster.settleTime
        while await !coordinator.isSettled(id), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    /// The cluster as clients see it.
    package var service: any JobService { coordinator }
}
