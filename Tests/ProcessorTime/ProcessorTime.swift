#if canImport(Glibc)
    import Glibc
#endif

/// Measures work by the processor time of the thread that does it: what else the machine is at counts little.
package enum ProcessorTime {
    /// Returns how long `body` had a processor, of the thread that calls.
    package static func of(_ body: () throws -> Void) rethrows -> Duration {
        let start = now
        try body()
        return now - start
    }

    private static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
