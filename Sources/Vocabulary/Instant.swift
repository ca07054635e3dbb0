/// Marks a point on a clock that only goes forward (leases, timers, durations). Its origin is the process's
/// own.
package struct Instant: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }
    /// Returns the point `milliseconds` later.
    package static func + (a: Instant, milliseconds: Int64) -> Instant {
        Instant(milliseconds: a.milliseconds + milliseconds)
    }
    /// Returns the milliseconds from `b` to `a`.
    package static func - (a: Instant, b: Instant) -> Int64 { a.milliseconds - b.milliseconds }
}

/// Carries one reading of both clocks: decisions use the monotonic one, records shown to users the wall
/// clock.
package struct Moment: Hashable, Sendable {
    package var monotonic: Instant
    /// Milliseconds since 1970 UTC; may jump.
    package var wallMilliseconds: Int64

    package init(monotonic: Instant, wallMilliseconds: Int64) {
        self.monotonic = monotonic
        self.wallMilliseconds = wallMilliseconds
    }
}
