import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads the machine's clocks.
package enum NodeClock {
    /// Returns the monotonic clock, which leases and timers go by.
    package static func now() -> Instant {
        Instant(milliseconds: milliseconds(CLOCK_MONOTONIC))
    }

    /// Returns both clocks.
    package static func moment() -> Moment {
        Moment(monotonic: now(), wallMilliseconds: milliseconds(CLOCK_REALTIME))
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
