import CKernels
import Columns
import Kernels
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads the lines of a text file that begin in a range, each as one string, or with option `wholeText` the
/// file as one: Spark's format `text`.
/// Used by one thread at a time.
package final class TextLineReader: BatchStream {
    private let windows: TextWindows
    private let memory: CountedMemory
    private let hasColumn: Bool
    /// Whether the file is one row.
    private let isWhole: Bool
    private let decoding: TextDecoding
    private let batchRows: Int
    private var window: TextWindow?
    private var offset = 0

    /// Begins to read; `fields` is the one string column, or none when only the number of lines matters.
    /// Throws `UNSUPPORTED_FEATURE` (user) for anything else, and for encodings that are not known.
    package init(
        source: any ByteSource, range: Range<Int>, fields: [Field], options: [String: String] = [:],
        batchRows: Int = Limits.batchRows, memory: CountedMemory = .unlimited
    ) throws(EngineError) {
        guard fields.count <= 1, fields.allSatisfy({ $0.type == .string }) else {
            throw .user("UNSUPPORTED_FEATURE", "Format text has one column of type STRING, named value")
        }
        hasColumn = !fields.isEmpty
        self.batchRows = batchRows
        let options = TextOptions(options)
        isWhole = try options.flag("wholeText", default: false)
        var decoding = try TextDecoding(options, feed: isWhole ? .kept : .standIn)
        // A file that is one row has no lines to end.
        if isWhole { decoding.lineSeparator = nil }
        self.decoding = decoding
        windows = try TextWindows(
            source, range: range, whole: isWhole, decoding: decoding, memory: memory)
        self.memory = memory
    }

    /// Returns the next batch.
    package func next() throws -> Batch? {
        while true {
            if window == nil {
                guard let next = try windows.next() else { return nil }
                window = isWhole ? next : try CSVIndexer.mended(next, memory: memory)
                offset = 0
            }
            if let window, offset < window.count { return try lines(of: window) }
            window = nil
        }
    }

    private func lines(of window: TextWindow) throws(EngineError) -> Batch {
        let places = Buffer(byteCount: batchRows * 8)
        let starts = places.pointer(as: UInt32.self)
        let ends = starts + batchRows
        var count = 0
        while count < batchRows, offset < window.count {
            let found = isWhole ? nil : memchr(window.base + offset, 10, window.count - offset)
            let end = found.map { $0 - UnsafeMutableRawPointer(window.base) } ?? window.count
            let isCarriage =
                decoding.lineSeparator == nil && !isWhole && end > offset && window.base[end - 1] == 13
            starts[count] = UInt32(offset)
            ends[count] = UInt32(isCarriage ? end - 1 : end)
            count += 1
            offset = end + 1
        }
        if !hasColumn { return Batch(columns: [], count: count) }
        if let standIn = decoding.standIn, count > 0 {
            for place in Int(starts[0])..<Int(ends[count - 1]) where window.base[place] == standIn {
                window.base[place] = 10
            }
        }
        let tokens = TokenColumn(
            heap: window.buffer, starts: starts, ends: ends, count: count, style: .plain, zone: .utc)
        return Batch(columns: [try tokens.lines()], count: count)
    }
}
