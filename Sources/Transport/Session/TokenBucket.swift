/// Lets a burst pass and then a steady rate; time is handed in, so that tests need no clock.
struct TokenBucket {
    let burst: Double
    let perSecond: Double
    private var tokens: Double
    private var last: MonotonicTime?

    init(_ limit: RateLimit) {
        burst = Double(limit.burst)
        perSecond = Double(limit.perSecond)
        tokens = burst
    }

    /// Takes one token and says whether there was one.
    mutating func take(at now: MonotonicTime) -> Bool {
        if let last {
            let seconds = Double(now.nanoseconds &- last.nanoseconds) * 1e-9
            tokens = min(burst, tokens + seconds * perSecond)
        }
        last = now
        if tokens < 1 { return false }
        tokens -= 1
        return true
    }
}

/// Bounds how often a peer may do something: `burst` at once, then `perSecond`.
package struct RateLimit: Sendable, Hashable {
    package var burst: Int
    package var perSecond: Int

    package init(burst: Int, perSecond: Int) {
        self.burst = burst
        self.perSecond = perSecond
    }
}
