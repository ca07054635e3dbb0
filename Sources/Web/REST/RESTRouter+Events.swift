import Protocol
import Transport
import Vocabulary

// Server-sent events: what a page shows, as it changes.
extension RESTRouter {
    /// Streams a job's status, stages, tasks and log lines until it ends; after `last-event-id` only newer
    /// states.
    func events(_ id: String, _ request: WebRequest) async throws -> WebResponse {
        let first = try await service.job(id)
        let seen = request.headers["last-event-id"].flatMap { Int($0) } ?? -1
        return RESTRouter.stream(JobFeed(service: service, id: id, seen: seen, first: first))
    }

    /// Streams the newest jobs, the workers and the cluster, without end.
    func changes() -> WebResponse { RESTRouter.stream(ClusterFeed(service: service)) }

    private static func stream(_ feed: some EventFeed) -> WebResponse {
        let pump = EventPump(feed)
        return WebResponse(
            status: 200, headers: [HeaderField("content-type", "text/event-stream")],
            body: .stream(AsyncThrowingStream { try await pump.next() }))
    }
}

/// Says what changed since it was last asked; nil once nothing more will.
protocol EventFeed: Sendable {
    /// Returns the events, none when nothing changed.
    mutating func changes() async throws -> [ServerEvent]?
}

/// Holds one event of a stream (HTML standard, 9.2).
struct ServerEvent: Sendable {
    var name: String
    /// Given back by clients that connect again.
    var id: Int?
    /// One line.
    var data: [UInt8]

    var bytes: [UInt8] {
        let head = (id.map { "id: \($0)\n" } ?? "") + "event: \(name)\ndata: "
        return Array(head.utf8) + data + [10, 10]
    }
}

/// Asks a feed again and again and passes on what it says: changes that come close together as one piece, and
/// a comment now and then that shows that the stream lives.
///
/// `@unchecked Sendable`: the stream's one consumer owns it; its calls do not overlap.
private final class EventPump<Feed: EventFeed>: @unchecked Sendable {
    private var feed: Feed
    private var isFirst = true
    private var spoke = ContinuousClock.now
    /// How long asking the feed took when it had something to say: it is given twenty times that pause, so
    /// that a watched job costs at most a twentieth of a core however many tasks it has.
    private var effort = Duration.zero

    private static var leastPause: Duration { .milliseconds(500) }
    private static var heartbeat: Duration { .seconds(15) }

    init(_ feed: Feed) { self.feed = feed }

    func next() async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            if !isFirst { try await Task.sleep(for: max(Self.leastPause, effort * 20)) }
            isFirst = false
            let begin = ContinuousClock.now
            guard let events = try await feed.changes() else { return nil }
            effort = ContinuousClock.now - begin
            if !events.isEmpty {
                spoke = ContinuousClock.now
                return events.flatMap(\.bytes)
            }
            if ContinuousClock.now - spoke > Self.heartbeat {
                spoke = ContinuousClock.now
                return Array(": alive\n\n".utf8)
            }
        }
    }
}
