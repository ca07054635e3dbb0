import Execution
import Logging
import Scheduling
import Shuffle
import Vocabulary

// Writes copies of outputs to shared storage.
extension WorkerNode {
    /// Writes outputs of a job to shared storage and tells of each.
    func store(_ attempts: [AttemptID], job: String) {
        for attempt in attempts {
            guard let copies, let output = resources.store.output(of: attempt) else {
                notStored(attempt)
                continue
            }
            copies.write(output, job: job) { error in
                Task { await self.storingEnded(attempt, error) }
            }
        }
    }

    private func storingEnded(_ attempt: AttemptID, _ error: EngineError?) {
        guard let error else { return stored(attempt) }
        logger.warning(
            "an output could not be written to shared storage: \(message(of: error))",
            metadata: ["output": "\(attempt)"])
        notStored(attempt)
    }
}
