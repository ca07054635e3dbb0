import Synchronization
import Vocabulary

/// Keeps the footers of the Parquet files that were read last, for whoever reads the same files again: the
/// tasks of a stage, and the jobs of a coordinator. None of the files stays open: an open one that is deleted
/// takes its room on the disk. Thread-safe.
package final class ParquetFooters: Sendable {
    private struct Key: Hashable {
        var path: String
        var byteCount: Int
        var stamp: UInt64
    }

    private struct Kept {
        var byKey: [Key: ParquetFile] = [:]
        /// The oldest first.
        var order: [Key] = []
        var byteCount = 0
    }

    private let kept = Mutex(Kept())

    /// Most footers that are kept.
    private static let countLimit = 256
    /// Most bytes that those take in their files, but for the newest.
    private static let byteLimit = 64 << 20

    package init() {}

    /// Returns the file at `path`, which is read by way of `source`: its footer is read only when these bytes
    /// were not seen before, or when the source cannot tell. Throws what `ParquetFile.init` throws.
    package func file(at path: String, _ source: any ByteSource) throws(EngineError) -> ParquetFile {
        // What was written anew in place could not be told from what was read.
        if source.stamp == 0 { return try ParquetFile(source: source) }
        let key = Key(path: path, byteCount: source.byteCount, stamp: source.stamp)
        if let known = kept.withLock({ $0.byKey[key] }) { return known.reading(source) }
        let file = try ParquetFile(source: source)
        keep(file.withoutSource(), key)
        return file
    }

    private func keep(_ file: ParquetFile, _ key: Key) {
        kept.withLock { kept in
            guard kept.byKey.updateValue(file, forKey: key) == nil else { return }
            kept.order.append(key)
            kept.byteCount += file.footerByteCount
            var gone = 0
            while kept.order.count - gone > 1,
                kept.order.count - gone > Self.countLimit || kept.byteCount > Self.byteLimit
            {
                if let old = kept.byKey.removeValue(forKey: kept.order[gone]) {
                    kept.byteCount -= old.footerByteCount
                }
                gone += 1
            }
            kept.order.removeFirst(gone)
        }
    }
}
