import Vocabulary

/// Holds what keeps other jobs from publishing to the same place at the same time: an object `_publishing` in
/// the output that is replaced, or in each of its folders that are, put by `If-None-Match` and naming the
/// statement.
///
/// ```
/// none ──put──▶ ours ──renewed once a minute──▶ ours ──▶ deleted
///                 └── not for 15 minutes, or `_SUCCESS` names its statement ──▶ any other job takes it over
/// ```
/// Folders are claimed in their order, so that of two jobs with folders in common one gets all. Whoever finds
/// another's claim, or its own gone, fails and leaves what is there. A store without conditions is written to
/// without: there nothing keeps them apart.
///
/// Used by one thread at a time.
final class S3Claims {
    let keys: [String]
    /// Whether all of them are this statement's, as far as is known.
    private(set) var isHeld = false
    /// How far the publication under them has come in undoing what was there.
    var stage = Stage.beside
    private let publication: Publication
    private let store: S3FileSystem
    private let body: [UInt8]
    private var renewedAt = ContinuousClock.now

    /// Says what of the output before is gone: nothing, its `_SUCCESS`, or files of it.
    enum Stage: Int, Comparable {
        case beside, unmarked, replacing

        static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
    }

    private static let name = "_publishing"
    /// Seconds after which a claim that nobody renewed is void.
    private static let claimSeconds = 900
    private static let renewal = Duration.seconds(60)

    init(_ publication: Publication, in store: S3FileSystem) {
        self.publication = publication
        self.store = store
        body = Array(publication.job.utf8)
        keys = publication.mode == .append ? [] : publication.replacedPlaces.map { $0 + S3Claims.name }
    }

    static func isClaim(_ key: String) -> Bool { key.split(separator: "/").last.map(String.init) == name }

    private var bucket: String { publication.location.authority }

    /// Claims all places. Throws `OUTPUT_REPLACED` when one is another job's.
    func take() throws(EngineError) {
        var taken: [String] = []
        for key in keys {
            guard try take(key) else {
                try? store.client.delete(bucket: bucket, keys: taken)
                throw lost()
            }
            taken.append(key)
        }
        isHeld = true
        renewedAt = .now
        // One that replaces all has no claims in folders.
        if publication.mode == .overwritePartitions { try checkOthers() }
    }

    private func take(_ key: String) throws(EngineError) -> Bool {
        for _ in 0..<3 {
            if try store.client.put(bucket: bucket, key: key, body: body, over: nil) { return true }
            guard let found = try store.client.get(bucket: bucket, key: key) else { continue }
            guard try isVoid(key, found.body) else { return false }
            return try store.client.put(bucket: bucket, key: key, body: body, over: found.tag)
        }
        return false
    }

    /// Whether another's claim stands for nothing any more: it has published, or has not been heard of.
    private func isVoid(_ key: String, _ body: [UInt8]) throws(EngineError) -> Bool {
        if try publication.hasSucceeded(String(decoding: body, as: UTF8.self), in: store) { return true }
        guard let head = try store.client.head(bucket: bucket, key: key) else { return true }
        // Both by the store's clock.
        guard let now = head["date"].flatMap(HTTPDate.seconds(of:)),
            let put = head["last-modified"].flatMap(HTTPDate.seconds(of:))
        else { return false }
        return now - put >= S3Claims.claimSeconds
    }

    /// Says that the job is still at it. Throws `OUTPUT_REPLACED` when another has taken a claim over.
    func renew() throws(EngineError) {
        for key in keys {
            let found = try store.client.get(bucket: bucket, key: key)
            guard let found, found.body == body,
                try store.client.put(bucket: bucket, key: key, body: body, over: found.tag)
            else {
                isHeld = false
                throw lost()
            }
        }
        renewedAt = .now
    }

    /// Renews the claims when a minute has gone by.
    func renewLater() throws(EngineError) {
        if ContinuousClock.now - renewedAt >= S3Claims.renewal { try renew() }
    }

    /// Throws `OUTPUT_REPLACED` when another job replaces the whole output at this time.
    func checkOthers() throws(EngineError) { try check([publication.prefix + S3Claims.name]) }

    /// Throws `OUTPUT_REPLACED` when one of these claims is another job's.
    func check(_ others: [String]) throws(EngineError) {
        for key in others {
            guard let found = try store.client.get(bucket: bucket, key: key), found.body != body else {
                continue
            }
            if try !isVoid(key, found.body) { throw lost() }
        }
    }

    /// Gives up the claims that are this statement's.
    func release() throws(EngineError) {
        isHeld = false
        for key in keys where try store.client.get(bucket: bucket, key: key)?.body == body {
            try store.client.delete(bucket: bucket, keys: [key])
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
