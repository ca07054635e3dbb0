import Synchronization
import Vocabulary

/// Remembers the uploads of this process's attempts until they are completed or aborted. Thread-safe.
final class AttemptUploads: Sendable {
    /// By `JOB/ATTEMPT`.
    private let open = Mutex<[String: [Place]]>([:])

    struct Place: Hashable {
        var bucket: String
        var upload: OpenUpload
    }

    func add(_ place: Place, attempt: String) {
        open.withLock { $0[attempt, default: []].append(place) }
    }

    func remove(_ id: String, attempt: String) {
        open.withLock { open in
            open[attempt]?.removeAll { $0.upload.id == id }
            if open[attempt]?.isEmpty == true { open[attempt] = nil }
        }
    }

    /// Returns the uploads of an attempt, and forgets them.
    func take(attempt: String) -> [Place] { open.withLock { $0.removeValue(forKey: attempt) ?? [] } }

    /// Returns the uploads of all attempts of a statement's job, and forgets them.
    func take(job: String) -> [Place] {
        open.withLock { open in
            let attempts = open.keys.filter { $0.hasPrefix(job + "/") }
            return attempts.flatMap { open.removeValue(forKey: $0) ?? [] }
        }
    }
}
