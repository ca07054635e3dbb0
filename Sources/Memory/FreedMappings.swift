import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps large mappings that buffers gave up for the buffers that come next: to clear and to fault in a page
/// costs more than most loops spend on the page. A sort that makes its tables anew for each task spent a
/// tenth of its processor time on that.
///
/// The system may take what is kept here when it is short of memory (`MADV_FREE`), so what a mapping holds
/// when it is taken again is unknown.
enum FreedMappings {
    /// `@unchecked Sendable`: it has one owner at a time, who alone touches the memory.
    struct Mapping: @unchecked Sendable {
        var base: UnsafeMutableRawPointer
        var bytes: Int
    }

    private struct Kept {
        /// The oldest first.
        var mappings: [Mapping] = []
        var bytes = 0
        var limitBytes = 0
    }

    /// A mapping serves a buffer that leaves at most one part in this many of it unused.
    private static let unusedPart = 4

    private static let kept = Mutex(Kept())

    /// Keeps up to `limitBytes` from now on; what is more than that goes back to the system.
    static func limit(_ limitBytes: Int) {
        unmap(
            kept.withLock { kept in
                kept.limitBytes = limitBytes
                return removeOldest(&kept)
            })
    }

    /// Gives everything that is kept back to the system.
    static func giveBack() {
        unmap(
            kept.withLock { kept in
                kept.bytes = 0
                let mappings = kept.mappings
                kept.mappings = []
                return mappings
            })
    }

    /// Returns the smallest kept mapping of `bytes` or not much more, which is the caller's then.
    static func take(_ bytes: Int) -> Mapping? {
        kept.withLock { kept in
            var best: Int?
            for (index, mapping) in kept.mappings.enumerated()
            where mapping.bytes >= bytes && mapping.bytes - bytes <= mapping.bytes / unusedPart {
                if let known = best, kept.mappings[known].bytes <= mapping.bytes { continue }
                best = index
            }
            guard let best else { return nil }
            kept.bytes -= kept.mappings[best].bytes
            return kept.mappings.remove(at: best)
        }
    }

    /// Takes over a mapping whose buffer is gone; the oldest ones make room for it.
    static func put(_ mapping: Mapping) {
        madvise(mapping.base, mapping.bytes, MADV_FREE)
        unmap(
            kept.withLock { kept in
                kept.mappings.append(mapping)
                kept.bytes += mapping.bytes
                return removeOldest(&kept)
            })
    }

    private static func removeOldest(_ kept: inout Kept) -> [Mapping] {
        var count = 0
        while kept.bytes > kept.limitBytes, count < kept.mappings.count {
            kept.bytes -= kept.mappings[count].bytes
            count += 1
        }
        if count == 0 { return [] }
        let oldest = Array(kept.mappings[..<count])
        kept.mappings.removeFirst(count)
        return oldest
    }

    private static func unmap(_ mappings: [Mapping]) {
        for mapping in mappings { munmap(mapping.base, mapping.bytes) }
    }
}
