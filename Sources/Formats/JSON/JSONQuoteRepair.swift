import CKernels
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Rewrites records with strings in single quotes, which Spark allows, into JSON that the walk reads.
enum JSONQuoteRepair {
    /// Says whether a broken row of the batch holds a single quote.
    static func mayApply(_ walk: json_walk) -> Bool {
        for row in 0..<Int(walk.row_count) where walk.row_broken[row] != 0 {
            let start = Int(walk.row_starts[row])
            if memchr(walk.text + start, 0x27, Int(walk.row_ends[row]) - start) != nil { return true }
        }
        return false
    }

    /// Returns the window from the batch's first row on with the single-quoted strings of broken rows
    /// rewritten; nil when that changes nothing.
    static func repair(
        _ window: TextWindow, _ walk: json_walk, memory: CountedMemory = .unlimited
    ) throws(EngineError) -> TextWindow? {
        // The text, and a record of it, in arrays that grow.
        try memory.beside(4 * window.count) { () throws(EngineError) in
            try repaired(window, walk, memory)
        }
    }

    private static func repaired(
        _ window: TextWindow, _ walk: json_walk, _ memory: CountedMemory
    ) throws(EngineError) -> TextWindow? {
        var text: [UInt8] = []
        var copied = Int(walk.row_starts[0])
        var changed = false
        for row in 0..<Int(walk.row_count) where walk.row_broken[row] != 0 {
            let (start, end) = (Int(walk.row_starts[row]), Int(walk.row_ends[row]))
            guard start >= copied else { continue }
            let line = UnsafeBufferPointer(start: walk.text + start, count: end - start)
            guard let mended = requoted(line) else { continue }
            text.append(contentsOf: UnsafeBufferPointer(start: walk.text + copied, count: start - copied))
            text.append(contentsOf: mended)
            copied = end
            changed = true
        }
        guard changed else { return nil }
        text.append(contentsOf: UnsafeBufferPointer(start: walk.text + copied, count: window.count - copied))
        let buffer = try memory.buffer(byteCount: text.count + 64)
        text.withUnsafeBytes { _ = memcpy(buffer.base, $0.baseAddress.unsafelyUnwrapped, text.count) }
        memset(buffer.base + text.count, 0, 64)
        return TextWindow(buffer: buffer, count: text.count, isFirst: false, start: nil)
    }

    /// Returns the record with double quotes around its single-quoted strings; nil when it has none, so that
    /// a record which stays broken is rewritten only once.
    private static func requoted(_ line: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var quote: UInt8 = 0
        var changed = false
        var i = 0
        while i < line.count {
            let byte = line[i]
            if quote == 0, byte == 0x22 || byte == 0x27 {
                quote = byte
                changed = changed || byte == 0x27
                out.append(0x22)
            } else if quote != 0, byte == quote {
                quote = 0
                out.append(0x22)
            } else if quote != 0, byte == 0x5C, i + 1 < line.count {
                if line[i + 1] != 0x27 { out.append(byte) }
                i += 1
                out.append(line[i])
            } else if quote == 0x27, byte == 0x22 {
                out.append(contentsOf: [0x5C, 0x22])
            } else {
                out.append(byte)
            }
            i += 1
        }
        return changed && quote == 0 ? out : nil
    }
}
