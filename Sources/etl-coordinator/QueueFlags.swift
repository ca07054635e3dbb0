import Scheduling
import Vocabulary

/// Reads the flag `--queues`.
enum QueueFlags {
    /// Returns the weights of queues given as `name=weight`, and that of the queue of jobs that name none;
    /// none for no queues. Throws `USAGE`.
    static func weights(_ pairs: [String]) throws(EngineError) -> [String: Int] {
        var weights: [String: Int] = [:]
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let weight = Int(parts[1]),
                (1...Limits.queueWeight).contains(weight)
            else {
                throw .user(
                    "USAGE", "--queues takes name=weight, not \(pair)",
                    remedy: "Give each queue a whole weight from 1 to \(Limits.queueWeight), such as "
                        + "interactive=3 nightly=1.")
            }
            guard weights.updateValue(weight, forKey: String(parts[0])) == nil else {
                throw .user("USAGE", "--queues names a queue twice: \(parts[0])")
            }
        }
        if !weights.isEmpty, weights[JobHeader.defaultPool] == nil { weights[JobHeader.defaultPool] = 1 }
        return weights
    }
}
