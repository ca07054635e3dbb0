import Synchronization
import Transport
import Vocabulary

/// Writes copies of outputs on threads of its own, which may wait for the storage: none of an actor's.
///
/// Thread-safe: the turn is atomic, and nothing else in it changes.
package final class CopyWriter: Sendable {
    private let outputs: SharedOutputs
    private let threads: [EventLoop]
    private let turn = Atomic<Int>(0)

    /// So many outputs are written at once.
    private static let threadCount = 4

    /// Throws `OUT_OF_RESOURCES` (system).
    package init(_ outputs: SharedOutputs) throws(EngineError) {
        self.outputs = outputs
        var threads: [EventLoop] = []
        for number in 0..<Self.threadCount { threads.append(try EventLoop(name: "shuffle-write-\(number)")) }
        self.threads = threads
    }

    deinit { for thread in threads { thread.stop() } }

    /// Writes a copy of an output of the job with this id, after those that were asked for before; then calls
    /// `done` with what went wrong, on a thread of the writer's.
    package func write(
        _ output: ShuffleOutput, job: String, done: @escaping @Sendable (EngineError?) -> Void
    ) {
        let number = turn.add(1, ordering: .relaxed).oldValue
        threads[number % threads.count].execute { [outputs] in
            do throws(EngineError) {
                try outputs.write(output, job: job)
                done(nil)
            } catch {
                done(error)
            }
        }
    }
}
