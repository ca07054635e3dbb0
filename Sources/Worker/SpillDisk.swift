import Memory
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Tells whether the disk for spills and outputs, and what of it may be used, has room for more tasks.
/// Thread-safe: one atomic flag.
///
/// ```
/// room ──▶ less than the least is free, or a task failed for want of space ──▶ full
///   ▲                                                                           │
///   └──────────────────────── twice the least is free ◀─────────────────────────┘
/// ```
final class SpillDisk: Sendable {
    private let directory: String
    private let quota: SpillQuota
    private let wasFull = Atomic<Bool>(false)

    /// At most so much must be free …
    private static let mostLeastBytes = 1 << 30
    /// … and no more than this share of the disk.
    private static let leastShare = 20

    init(directory: String, quota: SpillQuota = .process) {
        self.directory = directory
        self.quota = quota
    }

    /// Looks at the disk. `afterFailure`: a task has just failed for want of space.
    func isFull(afterFailure: Bool = false) -> Bool {
        let wasFull = wasFull.load(ordering: .relaxed) || afterFailure
        var isFull = SpillDisk.isFull(free: quota.freeBytes, total: quota.limitBytes, wasFull: wasFull)
        if let (free, total) = SpillDisk.space(directory) {
            isFull = isFull || SpillDisk.isFull(free: free, total: total, wasFull: wasFull)
        }
        self.wasFull.store(isFull, ordering: .relaxed)
        return isFull
    }

    /// Decides by bytes free and in all; a full disk has room only once twice the least is free.
    static func isFull(free: Int, total: Int, wasFull: Bool) -> Bool {
        let least = min(mostLeastBytes, total / leastShare)
        return free < (wasFull ? 2 * least : least)
    }

    /// Whether an error says that the disk had no room.
    func isBlamed(for error: any Error) -> Bool {
        guard let error = error as? EngineError else { return false }
        return error.code == "SPILL_FAILED"
    }

    private static func space(_ directory: String) -> (free: Int, total: Int)? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        let unit = Int(status.f_frsize)
        return (Int(status.f_bavail) * unit, Int(status.f_blocks) * unit)
    }
}
