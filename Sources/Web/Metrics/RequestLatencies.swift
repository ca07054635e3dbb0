import Protocol
import Synchronization

/// Measures how long requests are answered, by route; streams and long polls, which wait on purpose, are left
/// out.
final class RequestLatencies: Sendable {
    private let routes = Mutex<[String: LatencyHistogram]>([:])

    /// `route` is one of the table, as the number of series grows with it.
    func observe(_ route: String, _ duration: Duration) {
        routes.withLock { $0[route, default: LatencyHistogram()].observe(duration / .seconds(1)) }
    }

    var family: LatencyFamily {
        LatencyFamily(
            "etl_http_request_seconds", "How long requests were answered, by route.",
            routes.withLock { $0 }.sorted { $0.key < $1.key }.map { ("route=\"\($0.key)\"", $0.value) })
    }
}
