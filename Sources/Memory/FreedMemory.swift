import CKernels

/// Sets what becomes of memory that is freed: the process keeps it for the next batch, and gives it back
/// when it rests.
///
/// By default glibc returns the top of a heap to the system as soon as 128 KiB of it are free, and maps
/// large pieces one by one. A scan frees and allocates pages, dictionaries and vectors of such sizes all
/// the time, so that every page was cleared by the kernel and faulted in anew: up to half of a query's
/// processor time. Buffers that are mappings of their own are kept too, within a bound (`FreedMappings`).
package enum FreedMemory {
    /// Pieces from this size on are mappings of their own; the greatest value that glibc takes.
    private static let mappedBytes: Int32 = 32 << 20
    /// Free bytes at the top of a heap above which they go back at once.
    private static let keptBytes: Int32 = 1 << 30
    /// Bytes of large buffers' mappings that are kept.
    private static let keptMappingBytes = 256 << 20
    /// By so much a heap grows at least.
    private static let growthBytes: Int32 = 1 << 20

    /// Makes `malloc` and buffers keep what is freed. To be called once, early; `malloc` hears it on glibc
    /// only.
    package static func keep() {
        pages_keep_freed(mappedBytes, keptBytes, growthBytes)
        FreedMappings.limit(keptMappingBytes)
    }

    /// Makes `malloc` and buffers keep less of what is freed in a process of little memory: pieces from a
    /// 64th of the budget on are mappings of their own, which go back when they are freed, and so does the
    /// top of a heap from an eighth on; of large buffers a sixteenth is kept. To be called after `keep`; from
    /// 4 GiB on nothing changes.
    package static func limit(toBudget bytes: Int) {
        if bytes >= 4 << 30 { return }
        pages_keep_freed(
            min(mappedBytes, Int32(max(1 << 20, bytes / 64))), min(keptBytes, Int32(bytes / 8)), growthBytes)
        FreedMappings.limit(min(keptMappingBytes, bytes / 16))
    }

    /// Gives the pages that are free back to the system. Takes a millisecond per some hundred MiB.
    package static func giveBack() {
        FreedMappings.giveBack()
        pages_give_back()
    }
}
