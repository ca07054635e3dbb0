import Coordinator
import Protocol
import Scheduling
import Synchronization
import Worker

/// Carries messages from the worker to the coordinator of the same process, in order.
final class UpLine: CoordinatorLine {
    private let queue: AsyncStream<WorkerMessage>
    private let input: AsyncStream<WorkerMessage>.Continuation

    init() { (queue, input) = AsyncStream.makeStream() }

    /// Begins to deliver. Called once.
    func connect(_ coordinator: CoordinatorNode, _ down: DownLine) {
        let queue = queue
        Task { for await message in queue { await coordinator.receive(message, from: down) } }
    }

    /// Outputs never go along: this process's coordinator has no log to keep them in.
    func send(_ message: WorkerMessage, carrying outputs: [CarriedOutput]) { input.yield(message) }
}

/// Carries messages from the coordinator to the worker of the same process, in order.
final class DownLine: WorkerLine {
    private let input: AsyncStream<(CoordinatorMessage, [TaskOrder])>.Continuation

    init(worker: WorkerNode) {
        let (queue, input) = AsyncStream<(CoordinatorMessage, [TaskOrder])>.makeStream()
        self.input = input
        Task { for await (message, orders) in queue { await worker.receive(message, orders: orders) } }
    }

    /// What is read here is at hand: no tokens are needed.
    func send(_ message: CoordinatorMessage, orders: [TaskOrder], grants: JobGrants) {
        input.yield((message, orders))
    }
}
