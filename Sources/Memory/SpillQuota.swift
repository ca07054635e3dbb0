import Synchronization

/// Counts what the spill files of a process hold together, and bounds it. A volume that Kubernetes limits
/// shows no end of itself to the programs on it: whoever fills it is evicted with all that he holds.
///
/// Thread-safe: two atomic numbers.
package final class SpillQuota: Sendable {
    /// The one of all spill files that name no other.
    package static let process = SpillQuota()

    private let limit = Atomic<Int>(.max)
    private let used = Atomic<Int>(0)

    package init() {}

    /// Bounds the files to nine tenths of a volume's size: the file system needs some for itself.
    package func limit(toVolumeOf byteCount: Int) { limit.store(byteCount / 10 * 9, ordering: .relaxed) }

    /// Most bytes of all files; `Int.max` where there is no bound.
    package var limitBytes: Int { limit.load(ordering: .relaxed) }

    /// Bytes that may be written yet.
    package var freeBytes: Int { max(0, limitBytes - used.load(ordering: .relaxed)) }

    /// Counts bytes that are to be written; false, and nothing is counted, where they are too many.
    func take(_ byteCount: Int) -> Bool {
        let now = used.wrappingAdd(byteCount, ordering: .relaxed).newValue
        if now <= limitBytes { return true }
        give(byteCount)
        return false
    }

    /// Counts bytes that are gone.
    func give(_ byteCount: Int) { used.wrappingSubtract(byteCount, ordering: .relaxed) }
}
