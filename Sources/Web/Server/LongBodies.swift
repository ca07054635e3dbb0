import Synchronization
import Vocabulary

/// Counts the bodies under way that are longer than those of most requests, so that clients without a token
/// cannot have the port hold many: who they are is looked at once the body is there.
final class LongBodies: Sendable {
    static let refusal = "TOO_MANY_LONG_REQUESTS"
    /// Most bodies of that kind at once.
    static let limit = 8

    private let count = Mutex(0)

    /// Takes a place, which `leave` gives back. Throws a `system` error when there is none.
    func enter() throws(EngineError) {
        let isFree = count.withLock { count in
            if count >= Self.limit { return false }
            count += 1
            return true
        }
        if isFree { return }
        throw .system(
            Self.refusal, "Too many long requests come in at once", remedy: "Send it again in a moment.")
    }

    func leave() { count.withLock { $0 -= 1 } }
}
