import Logging
import Synchronization
import Vocabulary

/// Tells in the log of workers whose sessions were refused or broken off, each reason of a host once in a
/// while: a worker comes again and again.
final class SessionNotes: Sendable {
    private let logger: Logger
    private let told = Mutex<[String: ContinuousClock.Instant]>([:])

    private static let pause = Duration.seconds(60)
    /// Most reasons that are kept; beyond, nothing is told till some are forgotten.
    private static let limit = 256

    init(_ logger: Logger) { self.logger = logger }

    /// Tells why a worker at `address` (with its port, which differs each time) has no session. Returns
    /// whether it was told.
    @discardableResult
    func note(_ why: String, from address: String) -> Bool {
        let host = String(address[..<(address.lastIndex(of: ":") ?? address.endIndex)])
        let isNew = told.withLock { told in
            let now = ContinuousClock.now
            told = told.filter { now - $0.value < Self.pause }
            let key = host + " " + why
            guard told[key] == nil, told.count < Self.limit else { return false }
            told[key] = now
            return true
        }
        if isNew { logger.warning("a worker got no session: \(why)", metadata: ["from": "\(host)"]) }
        return isNew
    }
}
