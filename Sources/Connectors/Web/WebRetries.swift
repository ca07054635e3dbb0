import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Repeats an exchange that may succeed later: 429, 5xx and lost connections, with pauses that grow and are
/// jittered (full jitter: M. Brooker, "Exponential Backoff And Jitter", 2015); Retry-After is obeyed.
struct WebRetries: Sendable {
    var attempts = 5
    var firstMilliseconds = 500
    /// Longest pause, also of those that a server asks for.
    var longestSeconds = 300

    /// Statuses that may pass (RFC 9110; 408 and 425 as well as what proxies give).
    static let passing: Set = [408, 425, 429, 500, 502, 503, 504]

    /// Returns the first answer that is not to be repeated. Throws `HTTP_STATUS` (system) when none came, and
    /// what `exchange` throws.
    func run(
        _ wanted: Wanted, isPassing: (WebResponse) -> Bool = { passing.contains($0.status) },
        _ exchange: () throws(EngineError) -> WebResponse
    ) throws(EngineError) -> WebResponse {
        var attempt = 1
        while true {
            let pause: Int
            do throws(EngineError) {
                let response = try exchange()
                guard isPassing(response) else { return response }
                guard attempt < attempts else { throw gaveUp(response) }
                pause = try self.pause(after: response) ?? backoff(attempt)
            } catch {
                let isPassing = ["HTTP_UNREACHABLE", "HTTP_TIMEOUT"].contains(error.code)
                guard isPassing, attempt < attempts else { throw error }
                pause = backoff(attempt)
            }
            try wanted.sleep(milliseconds: pause)
            attempt += 1
        }
    }

    private func gaveUp(_ response: WebResponse) -> EngineError {
        .system(
            "HTTP_STATUS",
            "The server answers with status \(response.status) after \(attempts) tries: "
                + response.address.shown,
            remedy: response.status == 429
                ? "The server allows fewer requests; run the step later."
                : "Look at the server, or run the step later; client.retries says how often it is asked.")
    }

    /// What the server asks for, milliseconds. Throws when that is longer than a step should wait.
    private func pause(after response: WebResponse) throws(EngineError) -> Int? {
        guard let text = response["Retry-After"], let seconds = RetryAfter.seconds(text, now: time(nil))
        else {
            return nil
        }
        guard seconds <= longestSeconds else {
            throw .system(
                "HTTP_STATUS",
                "The server answers with status \(response.status) and asks to come back in \(seconds) s: "
                    + response.address.shown, remedy: "Run the step later.")
        }
        return seconds * 1000
    }

    private func backoff(_ attempt: Int) -> Int {
        let most = min(longestSeconds * 1000, firstMilliseconds << min(attempt - 1, 20))
        return Int.random(in: (most / 10)...most)
    }
}
