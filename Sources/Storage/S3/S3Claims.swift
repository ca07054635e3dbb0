import Vocabulary

/// Keeps other jobs from publishing to the same place at the same time, by an object `_publishing` in the
/// output that is replaced, or in each of its folders that are, up to 16. It is put by `If-None-Match`, and
/// renewed by `If-Match` on threads of its own for as long as the publication lasts.
///
/// ```
/// none ──put──▶ ours ──renewed every 4 s──▶ ours ──▶ deleted
///                 └── not for 20 s, or `_SUCCESS` names its statement ──▶ any other job takes it over
/// ```
/// Whoever meets another's claim watches it: renewed or released it is of a job at work, and the one that
/// watches fails and leaves what is there; else it was left by a coordinator that died, and is taken over.
/// Folders are claimed in their order, so that of two jobs with folders in common one gets all. Who claims
/// folders looks for a claim on the output after that, and again between listing old files and deleting them;
/// who claims the output looks for claims in folders once it has listed: files that one of them completed
/// before the other listed are never deleted unseen. A job that could not renew a claim stops before it is
/// void; one whose process stood still (SIGSTOP, a frozen machine) for longer finds it taken over or
/// deleted when it goes on, as it renews what is older than `safe` before every request that deletes. What
/// is left is a process that stands still between that look and the request itself, for longer than claims
/// live: no condition ties the deletion of one object to another's version. A store without conditions is
/// written to without: there nothing keeps them apart.
///
/// `@unchecked Sendable`: what changes is behind the monitor's lock, which is not held during requests;
/// `stage` is the publishing thread's own.
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
    /// When each claim that was put was so last.
    private var renewedAt: [String: ContinuousClock.Instant] = [:]
    /// Claims that one of the threads renews at this moment.
    private var renewing: Set<String> = []

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
    /// Most folders that are claimed each by itself: all are renewed within seconds. For more the output is.
    static let folderLimit = 16
    /// Most threads that renew claims: not the pool's, which large uploads may occupy for minutes.
    private static let renewerLimit = 4

    init(_ publication: Publication, in store: S3FileSystem, times: Times = Times()) {
        self.publication = publication
        self.store = store
        self.times = times
        let places = publication.mode == .append ? [] : publication.replacedPlaces
        let claimed = places.count > S3Claims.folderLimit ? [publication.prefix] : places
        keys = claimed.map { $0 + S3Claims.name }
    }

    static func isClaim(_ key: String) -> Bool { key.split(separator: "/").last.map(String.init) == name }

    /// Whether all of them are this statement's, as far as is known.
    var isHeld: Bool { monitor.locked { holding == .held } }

    private var bucket: String { publication.location.authority }

    /// The text of a claim's next version: whose it is, and which version. Called with the lock held.
    private func nextText() -> [UInt8] {
        version += 1
        return Array("\(publication.job)\n\(version)".utf8)
    }

    private static func owner(_ text: [UInt8]) -> String {
        String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    // MARK: taking

    /// Claims all places. Throws `OUTPUT_REPLACED` when one is that of another job at work; then, as after
    /// any other error, none is claimed. Blocks for up to 20 s where one was left by a job that died.
    func take() throws(EngineError) {
        do throws(EngineError) {
            try takeAll()
        } catch {
            try? release()
            throw error
        }
    }

    private func takeAll() throws(EngineError) {
        monitor.locked { holding = .held }
        // From the first on they are renewed while others are waited for.
        for _ in 0..<min(keys.count, S3Claims.renewerLimit) {
            try DetachedThread.run { self.keepRenewing() }
        }
        for key in keys {
            let began = ContinuousClock.now
            guard try take(key) else { throw lost() }
            monitor.locked {
                renewedAt[key] = began
                monitor.broadcast()
            }
        }
        // One that replaces all looks for claims in folders once it has listed them.
        if publication.mode == .overwritePartitions { try checkOthers() }
        guard isHeld else { throw lost() }
    }

    /// Claims a place; false when it is another's. A claim of this statement was put before a restart.
    private func take(_ key: String) throws(EngineError) -> Bool {
        for _ in 0..<3 {
            let text = monitor.locked { nextText() }
            if try store.client.put(bucket: bucket, key: key, body: text, over: nil) { return true }
            guard let found = try store.client.get(bucket: bucket, key: key) else { continue }
            if S3Claims.owner(found.body) != publication.job, try !isVoid(key, found) { return false }
            let next = monitor.locked { nextText() }
            if try store.client.put(bucket: bucket, key: key, body: next, over: found.tag) { return true }
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

    /// Renews claims, the oldest first, until they are released or lost.
    private func keepRenewing() {
        monitor.lock()
        defer { monitor.unlock() }
        while holding == .held {
            let oldest = renewedAt.filter { !renewing.contains($0.key) }.min { $0.value < $1.value }
            let due = (oldest?.value ?? .now) + .milliseconds(times.renewal)
            let wait = (due - .now) / .milliseconds(1)
            guard let oldest, wait <= 0 else {
                _ = monitor.wait(until: Monitor.Deadline(milliseconds: Int(max(wait, 0)) + 1))
                continue
            }
            do throws(EngineError) {
                try renew(oldest.key)
            } catch {
                // Of no matter if the next try succeeds in time; `check` decides.
                _ = monitor.wait(until: Monitor.Deadline(milliseconds: times.look))
            }
        }
    }

    /// Puts a claim's next version. Throws `OUTPUT_REPLACED` when it is another's by now. Called with the
    /// lock held, which it gives up meanwhile, and for a claim that no other thread renews.
    private func renew(_ key: String) throws(EngineError) {
        let began = ContinuousClock.now
        let text = nextText()
        renewing.insert(key)
        monitor.unlock()
        let isOurs = Result { () throws(EngineError) in try replaceOwn(key, with: text) }
        monitor.lock()
        renewing.remove(key)
        monitor.broadcast()
        guard try isOurs.get() else {
            if holding == .held { holding = .lost }
            throw lost()
        }
        renewedAt[key] = began
    }

    private func replaceOwn(_ key: String, with text: [UInt8]) throws(EngineError) -> Bool {
        guard let found = try store.client.get(bucket: bucket, key: key),
            S3Claims.owner(found.body) == publication.job
        else { return false }
        return try store.client.put(bucket: bucket, key: key, body: text, over: found.tag)
    }

    /// Makes sure that the claims stand. Throws `OUTPUT_REPLACED` when another job has one, and the store's
    /// error when it could not be asked for too long.
    func check() throws(EngineError) {
        monitor.lock()
        defer { monitor.unlock() }
        if keys.isEmpty || holding == .none { return }
        // Each is renewed once at most, however long that takes.
        let safe = ContinuousClock.now - .milliseconds(times.safe)
        for key in keys {
            while holding == .held, let time = renewedAt[key], time <= safe {
                if renewing.contains(key) { monitor.wait() } else { try renew(key) }
            }
        }
        guard holding == .held else { throw lost() }
    }

    /// Throws `OUTPUT_REPLACED` when another job replaces the whole output at this time.
    func checkOthers() throws(EngineError) { try checkOthers(in: [publication.prefix]) }

    /// Throws `OUTPUT_REPLACED` when another job has claimed one of these places.
    func checkOthers(in places: [String]) throws(EngineError) {
        try checkOthers(places.map { $0 + S3Claims.name })
    }

    /// Throws `OUTPUT_REPLACED` when one of these claims is another job's at work. One that is void is
    /// deleted: should its job only have stood still, it finds its claim gone before it deletes anything.
    func checkOthers(_ others: [String]) throws(EngineError) {
        let (client, bucket) = (store.client, bucket)
        let requests = RequestsUnderWay<Found?>()
        for key in others {
            try requests.start(limit: Publication.requestLimit) { () throws(EngineError) in
                try client.get(bucket: bucket, key: key).map { Found(key: key, body: $0.body, tag: $0.tag) }
            }
        }
        for case let found? in try requests.finish() where S3Claims.owner(found.body) != publication.job {
            guard try isVoid(found.key, (found.body, found.tag)),
                try client.delete(bucket: bucket, key: found.key, version: found.tag)
            else { throw lost() }
        }
    }

    private struct Found {
        var key: String
        var body: [UInt8]
        var tag: String
    }

    /// Renews the claims no more, as a process that dies.
    func abandon() {
        monitor.locked {
            holding = .released
            monitor.broadcast()
            while !renewing.isEmpty { monitor.wait() }
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
