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

    /// Returns a number for this life of a process: later ones at the same address are larger.
    package static func incarnation() -> UInt64 {
        UInt64(moment().wallMilliseconds) << 20 | .random(in: 0..<1 << 20)
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
