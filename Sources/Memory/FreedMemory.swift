import CKernels

/// Sets what becomes of memory that is freed: the process keeps it for the next batch, and gives it back
/// when it rests.
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

    /// Makes `malloc` keep what is freed. To be called once, early; has no effect elsewhere than on glibc.
    package static func keep() {
        pages_keep_freed(mappedBytes, keptBytes, growthBytes)
    }

    /// Makes `malloc` keep less of what is freed in a process of little memory: pieces from a 64th of the
    /// budget on are mappings of their own, which go back when they are freed, and so does the top of a heap
    /// from an eighth on. To be called after `keep`; from 4 GiB on nothing changes.
    package static func limit(toBudget bytes: Int) {
        if bytes >= 4 << 30 { return }
        pages_keep_freed(
            min(mappedBytes, Int32(max(1 << 20, bytes / 64))), min(keptBytes, Int32(bytes / 8)), growthBytes)
    }

    /// Gives the pages that are free back to the system. Takes a millisecond per some hundred MiB.
    package static func giveBack() {
        pages_give_back()
    }
}
