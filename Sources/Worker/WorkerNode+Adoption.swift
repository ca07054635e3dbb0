import Execution
import Logging
import Scheduling
import Shuffle
import Vocabulary

// Takes over outputs of workers that leave.
extension WorkerNode {
    /// Copies outputs of other workers' tasks from an address into this worker's store, and tells of each.
    func adopt(_ outputs: [TaskOutput], from address: String) {
        let wanted = outputs.map { output in
            WantedOutput(
                output: OutputAddress(attempt: output.attempt, address: address, checksum: output.checksum),
                partitionBytes: output.partitionBytes)
        }
        let place = CopyPlace(budget: resources.budget, spillDirectory: resources.spillDirectory)
        let adoption = Adoption(resources.shuffle.copy(wanted, into: place), into: resources.store)
        // Copies go from disk to disk where memory is short: not on the threads of actors.
        Task.detached {
            var rest = outputs.map(\.attempt)
            do {
                while let attempt = try await adoption.next() {
                    rest.removeAll { $0 == attempt }
                    await self.adopted(attempt)
                }
            } catch {
                await self.adoptionFailed(address, error)
            }
            for attempt in rest { await self.notAdopted(attempt) }
        }
    }
}

/// Walks through a copy of outputs and puts each into a store.
///
/// `@unchecked Sendable`: the one task that walks owns it.
private final class Adoption: @unchecked Sendable {
    private let copy: OutputCopy?
    private let store: ShuffleStore

    init(_ copy: OutputCopy?, into store: ShuffleStore) {
        self.copy = copy
        self.store = store
    }

    /// Returns the next attempt whose output is in the store; nil at the end.
    func next() async throws -> AttemptID? {
        while let copy {
            switch try copy.next() {
            case .output(let output):
                store.put(output)
                return output.attempt
            case .blocked(let wakeup):
                await withCheckedContinuation { continuation in
                    wakeup.whenSignalled { continuation.resume() }
                }
            case .finished: return nil
            }
        }
        return nil
    }
}
