import CSimdJSON
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the structural positions of a window of JSON lines; a line that simdjson refuses (a string that does
/// not end, bytes that are not UTF-8) spoils only itself. Not thread-safe: one reader.
final class JSONIndexer {
    private let indexer: OpaquePointer
    private var mended: Buffer?
    private var mendedCount = 0

    init() throws(EngineError) {
        guard let indexer = csimdjson_create() else {
            throw .system("OUT_OF_MEMORY", "There is no memory for a JSON reader")
        }
        self.indexer = indexer
    }

    deinit { csimdjson_destroy(indexer) }

    /// Calls `body` with the positions, which are valid during the call and until the next one of `index`.
    func index(_ window: TextWindow, multiLine: Bool) throws(EngineError) -> (
        UnsafePointer<UInt32>, count: Int
    ) {
        var positions: UnsafePointer<UInt32>?
        var count = 0
        let status = csimdjson_index(indexer, window.base, window.count, &positions, &count)
        if Int(status) == CSIMDJSON_NO_MEMORY {
            throw .system("OUT_OF_MEMORY", "There is no memory to index \(window.count) bytes of JSON")
        }
        if Int(status) == CSIMDJSON_OK, let positions { return (positions, count) }
        let mended = try indexByLine(window, multiLine: multiLine)
        return (UnsafePointer(mended.pointer(as: UInt32.self)), mendedCount)
    }

    private func indexByLine(_ window: TextWindow, multiLine: Bool) throws(EngineError) -> Buffer {
        let places = Buffer(byteCount: (window.count + 3) * 4)
        mended = places
        mendedCount = 0
        var start = 0
        while start < window.count {
            let found = multiLine ? nil : memchr(window.base + start, 10, window.count - start)
            let end = found.map { $0 - UnsafeMutableRawPointer(window.base) } ?? window.count
            if end > start { try indexLine(window, start, end, into: places.pointer(as: UInt32.self)) }
            start = end + 1
        }
        for i in 0..<3 { places.pointer(as: UInt32.self)[mendedCount + i] = UInt32(window.count) }
        return places
    }

    private func indexLine(
        _ window: TextWindow, _ start: Int, _ end: Int, into places: UnsafeMutablePointer<UInt32>
    ) throws(EngineError) {
        var positions: UnsafePointer<UInt32>?
        var count = 0
        let status = Int(csimdjson_index(indexer, window.base + start, end - start, &positions, &count))
        if status == CSIMDJSON_NO_MEMORY {
            throw .system("OUT_OF_MEMORY", "There is no memory to index \(end - start) bytes of JSON")
        }
        if status == CSIMDJSON_OK, let positions {
            for i in 0..<count { places[mendedCount + i] = positions[i] + UInt32(start) }
            mendedCount += count
        } else if status != CSIMDJSON_EMPTY {
            // One position that begins no record makes the walk call the line broken.
            var at = start
            while at < end - 1, [0x20, 0x09, 0x0D, 0x5B, 0x7B].contains(window.base[at]) { at += 1 }
            places[mendedCount] = UInt32(at)
            mendedCount += 1
        }
    }
}
