import CSimdJSON
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the structural positions of a window of JSON lines; a line that simdjson refuses (a string that does
/// not end, bytes that are not UTF-8) spoils only itself. Not thread-safe: one reader.
final class JSONIndexer {
    private var indexer: OpaquePointer
    private let memory: CountedMemory
    /// What `indexer` has touched of its memory.
    private let touched: CountedBytes
    private var isLarge = false
    private var mended: Buffer?
    private var mendedCount = 0

    init(memory: CountedMemory = .unlimited) throws(EngineError) {
        self.memory = memory
        touched = memory.count()
        indexer = try JSONIndexer.make()
    }

    private static func make() throws(EngineError) -> OpaquePointer {
        guard let indexer = csimdjson_create() else {
            throw .system("OUT_OF_MEMORY", "There is no memory for a JSON reader")
        }
        return indexer
    }

    deinit { csimdjson_destroy(indexer) }

    /// Calls `body` with the positions, which are valid during the call and until the next one of `index`.
    func index(_ window: TextWindow, multiLine: Bool) throws(EngineError) -> (
        UnsafePointer<UInt32>, count: Int
    ) {
        try makeRoom(for: window)
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

    /// Windows from this size on have their positions counted before they are looked for.
    private static let largeBytes = 4 << 20

    /// Takes memory for the positions of a large window, of which simdjson touches as much as there are. What
    /// was touched for an earlier one goes first.
    private func makeRoom(for window: TextWindow) throws(EngineError) {
        if isLarge {
            csimdjson_destroy(indexer)
            mended = nil
            isLarge = false
            indexer = try JSONIndexer.make()
            try touched.hold(0)
        }
        if window.count < JSONIndexer.largeBytes { return }
        isLarge = true
        try touched.hold(4 * JSONIndexer.positionLimit(of: window))
    }

    /// Most positions that a window can have: each bracket, brace, colon and comma, each string, and each
    /// scalar, which stands behind one of those or a space.
    private static func positionLimit(of window: TextWindow) -> Int {
        var (count, isBehindSpace) = (64, true)
        for byte in UnsafeBufferPointer(start: window.base, count: window.count) {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: isBehindSpace = true
            case 0x7B, 0x7D, 0x5B, 0x5D, 0x3A, 0x2C:
                count += 2
                isBehindSpace = false
            default:
                count += isBehindSpace || byte == 0x22 ? 1 : 0
                isBehindSpace = false
            }
        }
        return min(count, window.count + 64)
    }

    private func indexByLine(_ window: TextWindow, multiLine: Bool) throws(EngineError) -> Buffer {
        let most = isLarge ? JSONIndexer.positionLimit(of: window) : window.count
        // And one for each line that is broken.
        let places = try memory.buffer(byteCount: (most + lineCount(of: window) + 3) * 4)
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

    private func lineCount(of window: TextWindow) -> Int {
        if !isLarge { return 0 }
        let text = UnsafeBufferPointer(start: window.base, count: window.count)
        return text.reduce(into: 1) { $0 &+= $1 == 10 ? 1 : 0 }
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
