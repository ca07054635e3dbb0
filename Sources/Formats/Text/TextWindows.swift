import CKernels
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// A stretch of text that begins and ends with whole lines, followed by 64 zero bytes.
struct TextWindow {
    let buffer: Buffer
    /// Bytes of text from the buffer's start on.
    let count: Int
    /// Whether it begins at the file's first byte.
    let isFirst: Bool
    /// Where in the file's text it begins; nil when its bytes are no longer those of the file.
    let start: Int?

    var base: UnsafeMutablePointer<UInt8> { buffer.pointer(as: UInt8.self) }
}

/// Cuts the part of a file that a task reads into windows of whole lines: the lines that begin in the range.
///
///     file   |…………\n……………\n………|………\n………………\n……………|……\n……
///     range               start ^                  ^ end
///     lines               first: after this \n  ^        ^ last one ends here
///
/// Lines end as Hadoop's do: at a line feed, at a carriage return, or at both. A return that stands alone
/// becomes a feed in the windows, which is as long, so that readers look for feeds only. Not so with `whole`.
///
/// Used by one thread at a time.
final class TextWindows {
    /// Usual size of a window: with its index it stays in the second-level cache.
    static let usualBytes = 256 << 10

    private let source: any ByteSource
    private let input: TextInput
    /// Position in the file behind the bytes read so far.
    private var position: Int
    private let end: Int
    private let isWhole: Bool
    private let decoding: TextDecoding
    private let windowBytes: Int
    /// Gives what long lines take.
    private let memory: CountedMemory
    /// What was read behind the window before: the first bytes of a buffer.
    private var rest: (buffer: Buffer, count: Int)?
    private var isDone = false
    private var isFirst = true
    private var mustSkipLine = false

    /// Reads the lines of `source` that begin in `range`. With `whole`, all of the file is one window; such a
    /// file, a compressed one and one that is decoded belong to the range that holds byte 0.
    init(
        _ source: any ByteSource, range: Range<Int>, whole: Bool, decoding: TextDecoding = .plain,
        windowBytes: Int = TextWindows.usualBytes, memory: CountedMemory = .unlimited
    ) throws(EngineError) {
        self.memory = memory
        let isCompressed = TextCompression.isCompressed(source.name)
        self.source = source
        isWhole = whole
        self.windowBytes = windowBytes
        self.decoding = decoding
        if isCompressed || whole || !decoding.isPlain {
            isDone = range.lowerBound > 0
            end = Int.max
            position = 0
        } else {
            end = range.upperBound
            position = max(0, range.lowerBound - 1)
            mustSkipLine = range.lowerBound > 0
            isDone = range.isEmpty
            isFirst = range.lowerBound == 0
        }
        input = try TextInput(source, from: position, decoding: decoding)
    }

    var name: String { input.name }

    /// Bytes that are read again at most to number a line.
    private static let numberedBytes = 256 << 20

    /// Returns the number, from 1, of the line that byte `place` of the text is in, for a message: reads the
    /// text before it again. Nil where that is much, or fails.
    func lineNumber(at place: Int) -> Int? {
        guard place <= Self.numberedBytes, let text = try? TextInput(source, decoding: decoding)
        else { return nil }
        let buffer = Buffer(byteCount: 64 << 10)
        var (line, rest, isBehindReturn) = (1, place, false)
        while rest > 0 {
            let piece = UnsafeMutableRawBufferPointer(
                start: buffer.base, count: min(rest, buffer.byteCount))
            guard let got = try? text.read(into: piece), got > 0 else { return nil }
            for byte in piece[..<got] {
                if byte == 13 || (byte == 10 && !isBehindReturn) { line += 1 }
                isBehindReturn = byte == 13
            }
            rest -= got
        }
        return line
    }

    /// Returns the next window, or nil at the end. Throws `RECORD_TOO_LARGE` (data) for a line beyond 1 GiB.
    func next() throws(EngineError) -> TextWindow? {
        if mustSkipLine { try skipLine() }
        while !isDone {
            if let window = try fill() { return window }
        }
        return nil
    }

    /// Drops what belongs to the range before: everything through the first line break.
    private func skipLine() throws(EngineError) {
        mustSkipLine = false
        let buffer = Buffer(byteCount: 64 << 10)
        let text = buffer.pointer(as: UInt8.self)
        var isBehindReturn = false
        while true {
            let got = try input.read(into: buffer.mutableBytes)
            if got == 0 {
                isDone = true
                return
            }
            position += got
            var after: Int?
            if isBehindReturn {
                after = text[0] == 10 ? 1 : 0
            } else {
                let last = text[got - 1]
                text_feed_lone_returns(text, Int64(got - 1))
                after = memchr(text, 10, got).map { $0 - UnsafeMutableRawPointer(text) + 1 }
                isBehindReturn = last == 13
            }
            guard let after else { continue }
            try keep(text + after, count: got - after)
            if position - (got - after) >= end { isDone = true }
            return
        }
    }

    /// Copies what the next window begins with.
    private func keep(_ bytes: UnsafeRawPointer, count: Int) throws(EngineError) {
        let buffer = try memory.buffer(byteCount: count)
        if count > 0 { memcpy(buffer.base, bytes, count) }
        rest = (buffer, count)
    }

    /// Reads until a window is full or the text ends, and cuts it behind its last line.
    private func fill() throws(EngineError) -> TextWindow? {
        var count = rest?.count ?? 0
        var capacity = max(windowBytes, count + windowBytes / 2)
        var buffer = try memory.buffer(byteCount: capacity + 1)
        if let rest, count > 0 { memcpy(buffer.base, rest.buffer.base, count) }
        rest = nil
        var (isAtEnd, fed) = (false, 0)
        while true {
            let got = try input.read(into: .init(start: buffer.base + count, count: capacity - count))
            position += got
            count += got
            isAtEnd = count < capacity
            if !isWhole, decoding.lineSeparator == nil { feedReturns(buffer, fed..<count, isAtEnd: isAtEnd) }
            fed = max(0, count - 1)
            if isAtEnd || (!isWhole && hasCut(buffer, count)) { break }
            guard capacity < Limits.valueBytes else { throw tooLarge() }
            capacity = min(capacity * 2, Limits.valueBytes)
            let larger = try memory.buffer(byteCount: capacity + 1)
            memcpy(larger.base, buffer.base, count)
            buffer = larger
        }
        let cut = isAtEnd && position < end ? count : cutBehindLines(buffer, count, isAtEnd: isAtEnd)
        if isAtEnd { isDone = true }
        if !isDone { try keep(buffer.base + cut, count: count - cut) }
        memset(buffer.base + cut, 0, 64)
        defer { isFirst = false }
        if cut == 0 { return nil }
        return TextWindow(buffer: buffer, count: cut, isFirst: isFirst, start: position - count)
    }

    /// Ends the lines of the stretch with feeds. Whether a return stands alone that is the last byte so far,
    /// tells the next one.
    private func feedReturns(_ buffer: Buffer, _ places: Range<Int>, isAtEnd: Bool) {
        let text = buffer.pointer(as: UInt8.self)
        if isAtEnd { text[places.upperBound] = 0 }
        let known = isAtEnd ? places.upperBound : places.upperBound - 1
        text_feed_lone_returns(text + places.lowerBound, Int64(known - places.lowerBound))
    }

    private func tooLarge() -> EngineError {
        .data(
            "RECORD_TOO_LARGE",
            "A record or multi-line file is longer than \(ByteSize.format(Limits.valueBytes)): \(name)")
    }

    private func hasCut(_ buffer: Buffer, _ count: Int) -> Bool {
        let start = position - count
        let from = min(max(0, end - 1 - start), count)
        if start + count >= end { return memchr(buffer.base + from, 10, count - from) != nil }
        return lastLineBreak(buffer, count) != nil
    }

    /// Returns where the window ends: behind the last line that is complete and begins in the range.
    private func cutBehindLines(_ buffer: Buffer, _ count: Int, isAtEnd: Bool) -> Int {
        let start = position - count
        if start + count >= end {
            // The line that holds byte `end - 1` is the last one.
            let from = max(0, end - 1 - start)
            guard let found = memchr(buffer.base + from, 10, count - from) else { return count }
            isDone = true
            return found - UnsafeMutableRawPointer(buffer.base) + 1
        }
        guard !isAtEnd, let found = lastLineBreak(buffer, count) else { return count }
        return found + 1
    }

    /// Returns where the last line break of the first `count` bytes is.
    private func lastLineBreak(_ buffer: Buffer, _ count: Int) -> Int? {
        let text = buffer.pointer(as: UInt8.self)
        var i = count &- 1
        while i >= 0 {
            if text[i] == 10 { return i }
            i &-= 1
        }
        return nil
    }
}
