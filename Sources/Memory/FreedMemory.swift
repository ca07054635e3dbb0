import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Sets what becomes of memory that is freed: the process keeps it for the next batch, and gives it back
/// when it rests, or holds more than it should.
///
/// By default glibc returns the top of a heap to the system as soon as 128 KiB of it are free, and maps
/// large pieces one by one. A scan frees and allocates pages, dictionaries and vectors of such sizes all
/// the time, so that every page was cleared by the kernel and faulted in anew: up to half of a query's
/// processor time.
package enum FreedMemory {
    /// Pieces from this size on are mappings of their own; the greatest value that glibc takes.
    private static let mappedBytes: Int32 = 32 << 20
    /// Free bytes at the top of a heap above which they go back at once.
    private static let keptBytes: Int32 = 1 << 30
    /// By so much a heap grows at least.
    private static let growthBytes: Int32 = 1 << 20
    /// Nanoseconds from one look at what the process holds to the next at least.
    private static let lookEvery = 25_000_000

    /// What the process may hold before it gives back; nil for a process without a bound.
    private static let bound = Mutex<ResidentBound?>(nil)
    /// When to look again at what the process holds, in nanoseconds of a monotonic clock.
    private static let nextLook = Atomic<Int>(.max)

    /// Makes `malloc` keep what is freed. To be called once, early; has no effect elsewhere than on glibc.
    package static func keep() {
        pages_keep_freed(mappedBytes, keptBytes, growthBytes)
    }

    /// Has the process hold little more than its budget: what is free goes back once it holds more than
    /// that. In a process of little memory `malloc` also keeps less: pieces from a 64th of the budget on are
    /// mappings of their own, which go back when they are freed, and so does the top of a heap from an
    /// eighth on; from 4 GiB on that stays as it is. To be called after `keep`.
    package static func limit(toBudget bytes: Int) {
        bound.withLock { $0 = ResidentBound(bytes: bytes) }
        nextLook.store(0, ordering: .relaxed)
        if bytes >= 4 << 30 { return }
        pages_keep_freed(
            min(mappedBytes, Int32(max(1 << 20, bytes / 64))), min(keptBytes, Int32(bytes / 8)), growthBytes)
    }

    /// Gives the pages that are free back to the system. Takes a millisecond per some hundred MiB.
    package static func giveBack() {
        pages_give_back()
    }

    /// Gives the pages that are free back where the process holds more than it should. To be called often,
    /// by whoever makes batches or takes memory: it costs a look at the clock, and every 25 ms one at what
    /// the process holds.
    package static func giveBackBeyondBound() {
        let due = nextLook.load(ordering: .relaxed)
        if due == .max { return }
        let now = monotonicNanoseconds()
        // One thread looks, the others go on.
        guard now >= due,
            nextLook.compareExchange(expected: due, desired: now + lookEvery, ordering: .relaxed).exchanged
        else { return }
        _ = bound.withLockIfAvailable { bound in
            guard bound?.isPassed(by: ResidentBound.residentBytes()) == true else { return }
            giveBack()
            bound?.gaveBack(leaving: ResidentBound.residentBytes())
            // No more than a twentieth of the time goes into it.
            let done = monotonicNanoseconds()
            nextLook.store(done + max(lookEvery, 20 * (done - now)), ordering: .relaxed)
        }
    }

    private static func monotonicNanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
