import Synchronization
import Vocabulary

/// Counts the bodies under way that are longer than those of most requests, so that clients cannot have a
/// program hold many: it is one for all of the program's ports that take such bodies.
package final class LongBodies: Sendable {
    static let refusal = "TOO_MANY_LONG_REQUESTS"
    /// Most bodies of that kind at once.
    static let limit = 8

    private let count = Mutex(0)

    package init() {}

    /// Bodies that have a place.
    var taken: Int { count.withLock { $0 } }

    /// Takes a place, which `leave` gives back, for a body that has become long. Throws a `system` error when
    /// there is none.
    func enter(_ byteCount: Int, _ isLong: inout Bool) throws(EngineError) {
        if isLong || byteCount <= Limits.requestBodyBytes { return }
        isLong = count.withLock { count in
            if count >= Self.limit { return false }
            count += 1
            return true
        }
        if isLong { return }
        throw .system(
            Self.refusal, "Too many long requests come in at once", remedy: "Send it again in a moment.")
    }

    /// Gives the place back of a body that took one.
    func leave(_ isLong: Bool) {
        if isLong { count.withLock { $0 -= 1 } }
    }

    /// The status that tells of a body that was not taken.
    static func status(of error: any Error) -> Int {
        switch (error as? EngineError)?.code {
        case "BODY_TOO_SLOW": 408
        case refusal: 503
        default: 413
        }
    }
}
