import CObjectStore
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Says how often a request is tried, and how long is waited before it is tried again.
struct RequestRetry: Sendable {
    var attempts = 8
    /// Attempts where nobody answers at all.
    var unreachableAttempts = 4
    var baseMilliseconds = 100
    var longestMilliseconds = 10_000

    /// Statuses of servers that may answer otherwise soon.
    static let passingStatuses: Set<Int> = [429, 500, 502, 503, 504]

    /// Returns the pause after the `attempt`th failure, from 1: evenly between none and a bound that doubles
    /// ("full jitter", Brooker, AWS Architecture Blog 2015).
    func pauseMilliseconds(after attempt: Int) -> Int {
        let bound = min(longestMilliseconds, baseMilliseconds << min(attempt - 1, 20))
        return Int.random(in: 0...max(1, bound))
    }

    /// Waits before the next attempt.
    func pause(after attempt: Int) { usleep(UInt32(pauseMilliseconds(after: attempt)) * 1000) }

    /// Sends a request until it is answered by other than a passing failure, and returns that answer, be it
    /// an error; the last one when the attempts are used up. `once` returns nil where nobody answered, with
    /// the reason, of which `unanswered` makes the error.
    func send(
        isPassing: (HTTPAnswer) -> Bool, unanswered: (store_error) -> EngineError,
        once: (inout store_error) throws(EngineError) -> HTTPAnswer?
    ) throws(EngineError) -> HTTPAnswer {
        var attempt = 1
        while true {
            var error = store_error()
            if let answer = try once(&error) {
                if !isPassing(answer) || attempt >= attempts { return answer }
            } else {
                let failure = error.failure
                let limit = failure == STORE_TIMEOUT ? attempts : unreachableAttempts
                if attempt >= limit || failure == STORE_TLS || failure == STORE_FAILED {
                    throw unanswered(error)
                }
            }
            pause(after: attempt)
            attempt += 1
        }
    }
}
