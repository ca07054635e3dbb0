import Vocabulary

/// Keeps other jobs from publishing to the same place at the same time, by an object `_publishing` in the
/// output that is replaced, or in each of its folders that are. It is put by `If-None-Match`, and renewed by
/// `If-Match` on a thread of its own for as long as the publication lasts.
///
/// ```
/// none ──put──▶ ours ──renewed every 4 s──▶ ours ──▶ deleted
///                 └── not for 20 s, or `_SUCCESS` names its statement ──▶ any other job takes it over
/// ```
/// Whoever meets another's claim watches it: renewed or released it is of a job at work, and the one that
/// watches fails and leaves what is there; else it was left by a coordinator that died, and is taken over.
/// Folders are claimed in their order, so that of two jobs with folders in common one gets all. A job that
/// could not renew a claim stops before it is void. A store without conditions is written to without: there
/// nothing keeps them apart.
///
/// `@unchecked Sendable`: what changes is behind the monitor's lock, `stage` is the publishing thread's own.
final class S3Claims: @unchecked Sendable {
    let keys: [String]
    /// How far the publication under them has come in undoing what was there.
    var stage = Stage.beside
    private let publication: Publication
    private let store: S3FileSystem
    private let times: Times
    private let monitor = Monitor()
    private var holding = Holding.none
    /// Tells each version of a claim from the one before, since tags are digests of the text.
    private var version = 0
    private var renewedAt = ContinuousClock.now

    private enum Holding { case none, held, lost, released }

    /// Says what of the output before is gone: nothing, its `_SUCCESS`, or files of it.
    enum Stage: Int, Comparable {
        case beside, unmarked, replacing

        static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
    }

    /// Holds milliseconds of a claim's life.
    struct Times {
        var renewal = 4_000
        /// Held for so long without a renewal, it is not acted under any more.
        var safe = 12_000
        /// Not renewed for so long, it is void.
        var void = 20_000
        /// Between two looks at another's.
        var look = 500
    }

    private static let name = "_publishing"

    init(_ publication: Publication, in store: S3FileSystem, times: Times = Times()) {
        self.publication = publication
        self.store = store
        self.times = times
        keys = publication.mode == .append ? [] : publication.replacedPlaces.map { $0 + S3Claims.name }
    }

    static func isClaim(_ key: String) -> Bool { key.split(separator: "/").last.map(String.init) == name }

    /// Whether all of them are this statement's, as far as is known.
    var isHeld: Bool { monitor.locked { holding == .held } }

    private var bucket: String { publication.location.authority }

    /// A claim's text: whose it is, and which version.
    private func text() -> [UInt8] { Array("\(publication.job)\n\(version)".utf8) }

    private static func owner(_ text: [UInt8]) -> String {
        String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    // MARK: taking

    /// Claims all places. Throws `OUTPUT_REPLACED` when one is that of another job at work. Blocks for up to
    /// 20 s where one was left by a job that died.
    func take() throws(EngineError) {
        renewedAt = .now
        var taken: [String] = []
        for key in keys {
            guard try take(key) else {
                try? store.client.delete(bucket: bucket, keys: taken)
                throw lost()
            }
            taken.append(key)
        }
        // Those taken first have aged while others were waited for.
        if ContinuousClock.now - renewedAt >= .milliseconds(times.renewal) { try renewAll() }
        monitor.locked { holding = .held }
        try DetachedThread.run { self.keepRenewing() }
        // One that replaces all has no claims in folders.
        if publication.mode == .overwritePartitions { try checkOthers() }
    }

    /// Claims a place; false when it is another's. A claim of this statement was put before a restart.
    private func take(_ key: String) throws(EngineError) -> Bool {
        for _ in 0..<3 {
            if try store.client.put(bucket: bucket, key: key, body: text(), over: nil) { return true }
            guard let found = try store.client.get(bucket: bucket, key: key) else { continue }
            if S3Claims.owner(found.body) != publication.job, try !isVoid(key, found) { return false }
            version += 1
            if try store.client.put(bucket: bucket, key: key, body: text(), over: found.tag) { return true }
        }
        return false
    }

    /// Watches another's claim until it is known to stand for nothing: its job has published, or died. False
    /// when its job is at work.
    private func isVoid(
        _ key: String, _ claim: (body: [UInt8], tag: String)
    ) throws(EngineError) -> Bool {
        if try publication.hasSucceeded(S3Claims.owner(claim.body), in: store) { return true }
        let end = ContinuousClock.now + .milliseconds(times.void)
        while true {
            guard let head = try store.client.head(bucket: bucket, key: key) else { return false }
            if let tag = head["etag"], tag != claim.tag { return false }
            // Its age by the store's clock: who was dead before this one came need not be watched for long.
            if let now = head["date"].flatMap(HTTPDate.seconds(of:)),
                let put = head["last-modified"].flatMap(HTTPDate.seconds(of:)),
                // Seconds are cut off.
                (now - put - 1) * 1000 >= times.void
            {
                return true
            }
            if ContinuousClock.now >= end { return true }
            monitor.locked { _ = monitor.wait(until: Monitor.Deadline(milliseconds: times.look)) }
        }
    }

    // MARK: holding

    /// Renews the claims until they are released or lost.
    private func keepRenewing() {
        monitor.lock()
        defer { monitor.unlock() }
        while holding == .held {
            let due = renewedAt + .milliseconds(times.renewal)
            let wait = (due - .now) / .milliseconds(1)
            if wait > 0 {
                _ = monitor.wait(until: Monitor.Deadline(milliseconds: Int(wait) + 1))
                continue
            }
            do throws(EngineError) {
                try renewAll()
            } catch {
                // Of no matter if the next try succeeds in time; `check` decides.
                _ = monitor.wait(until: Monitor.Deadline(milliseconds: times.look))
            }
        }
    }

    /// Puts the next version of each claim. Throws `OUTPUT_REPLACED` when one is another's by now.
    private func renewAll() throws(EngineError) {
        let began = ContinuousClock.now
        version += 1
        for key in keys {
            let found = try store.client.get(bucket: bucket, key: key)
            guard let found, S3Claims.owner(found.body) == publication.job,
                try store.client.put(bucket: bucket, key: key, body: text(), over: found.tag)
            else {
                holding = .lost
                throw lost()
            }
        }
        renewedAt = began
    }

    /// Makes sure that the claims stand. Throws `OUTPUT_REPLACED` when another job has one, and the store's
    /// error when it could not be asked for too long.
    func check() throws(EngineError) {
        try monitor.locked { () throws(EngineError) in
            if keys.isEmpty || holding == .none { return }
            guard holding == .held else { throw lost() }
            if ContinuousClock.now - renewedAt >= .milliseconds(times.safe) { try renewAll() }
        }
    }

    /// Throws `OUTPUT_REPLACED` when another job replaces the whole output at this time.
    func checkOthers() throws(EngineError) { try checkOthers([publication.prefix + S3Claims.name]) }

    /// Throws `OUTPUT_REPLACED` when one of these claims is another job's.
    func checkOthers(_ others: [String]) throws(EngineError) {
        for key in others {
            guard let found = try store.client.get(bucket: bucket, key: key),
                S3Claims.owner(found.body) != publication.job
            else { continue }
            if try !isVoid(key, found) { throw lost() }
        }
    }

    /// Renews the claims no more, as a process that dies.
    func abandon() {
        monitor.locked {
            holding = .released
            monitor.broadcast()
        }
    }

    /// Gives up the claims that are this statement's.
    func release() throws(EngineError) {
        abandon()
        for key in keys {
            guard let found = try store.client.get(bucket: bucket, key: key),
                S3Claims.owner(found.body) == publication.job
            else { continue }
            // Once `_SUCCESS` names this statement another job may take it over at any time.
            try store.client.delete(bucket: bucket, key: key, version: found.tag)
        }
    }

    private func lost() -> EngineError { .outputReplaced(publication.output) }
}

extension EngineError {
    /// Says that another job published to the same place.
    static func outputReplaced(_ output: String) -> EngineError {
        .system(
            "OUTPUT_REPLACED",
            "Another job wrote to the same directory meanwhile, and its output replaced what this one had "
                + "staged there: \(output)",
            remedy: "Have jobs that write to one directory run one after the other. To have this one's "
                + "output there, submit it again.")
    }
}
