import Execution
import Logging
import Protocol
import Scheduling
import Shuffle
import Vocabulary

// Writes copies of outputs to shared storage, and sends small results to the coordinator.
extension WorkerNode {
    /// Most bytes of outputs that go along with one message: what is beyond stays here.
    private static let messageBytes = 8 << 20

    /// Packs the outputs that go along with a message: those that the coordinator asked for, as far as they
    /// are small.
    func outputs(for message: WorkerMessage) -> [CarriedOutput] {
        if carried.isEmpty { return [] }
        var packed: [CarriedOutput] = []
        var rest = Self.messageBytes
        for attempt in message.outputs {
            // One that cannot be read is left to whoever asks for it.
            guard let limit = carried[attempt], let output = resources.store.output(of: attempt),
                let bytes = try? output.packed(limitBytes: min(limit, rest))
            else { continue }
            rest -= bytes.count
            packed.append(CarriedOutput(attempt: attempt, bytes: bytes))
        }
        return packed
    }

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
