import Memory
import Synchronization
import Vocabulary

/// Fetches ranges of one object that is far away. Thread-safe; calls block.
protocol RangeFetcher: Sendable {
    /// Fills all of `target` from `offset` on, which lies within the object; tries again what may pass.
    /// Throws where the object is no longer the one that was opened.
    func fetch(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(EngineError)
}

/// Reads an object by ranges, few and large: a request costs as much time as some megabytes.
///
///     announced ranges    [  a  ][ b ] .. [c]  →  one request where the gaps are small
///     text from its start [256 KiB][ 1 MiB ][  4 MiB  ][   8 MiB   ]  →  reading ahead grows
final class RangedSource: ByteSource, CountedSource {
    let name: String
    let byteCount: Int
    let stamp: UInt64
    private let fetcher: any RangeFetcher
    private let state = Mutex(State())

    /// Bytes that were fetched, and how many of them are still to be asked for.
    private struct Block {
        var start: Int
        var bytes: Buffer
        var remaining: Int

        func contains(_ offset: Int, _ count: Int) -> Bool {
            offset >= start && offset + count <= start + bytes.byteCount
        }
    }

    private struct State {
        /// Ranges to fetch whole when a part of them is asked for.
        var announced: [Range<Int>] = []
        var blocks: [Block] = []
        var lastEnd = -1
        var aheadBytes = 0
        /// Where the blocks are counted, and what is being fetched of them.
        var counted: CountedBytes?
        var fetchedBytes = 0

        /// Takes memory for a block of so many bytes, in place of older ones where it is short.
        mutating func makeRoom(_ bytes: Int) -> Bool {
            if blocks.count >= RangedSource.blockLimit { blocks.removeFirst() }
            if hold(fetchedBytes + bytes) { return true }
            blocks.removeAll()
            return hold(fetchedBytes + bytes)
        }

        /// Says how much is held: the blocks, and what is being fetched. Less always fits.
        @discardableResult
        mutating func hold(_ fetched: Int) -> Bool {
            let bytes = blocks.reduce(fetched) { $0 + $1.bytes.byteCount }
            do throws(EngineError) { try counted?.hold(bytes) } catch { return false }
            fetchedBytes = fetched
            return true
        }
    }

    /// Ranges with no more than this between them are fetched by one request.
    static let gapBytes = 1 << 20
    /// Longest range that several are joined to.
    static let joinedBytes = 8 << 20
    /// Most bytes that are read ahead.
    static let aheadLimit = 8 << 20
    private static let blockLimit = 8
    private static let announcedLimit = 256

    /// `version` tells the object from one that is written in its place; nil where nothing does.
    init(name: String, byteCount: Int, version: String?, fetcher: any RangeFetcher) {
        self.name = name
        self.byteCount = byteCount
        self.fetcher = fetcher
        stamp = version.map(RangedSource.number) ?? 0
    }

    /// Returns a number for a version, by FNV-1a (Fowler, Noll, Vo).
    private static func number(_ version: String) -> UInt64 {
        version.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Joins ranges that are near to each other, in order.
    static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = result.last, range.lowerBound - last.upperBound <= gapBytes,
                max(last.upperBound, range.upperBound) - last.lowerBound <= joinedBytes
            {
                let end = max(last.upperBound, range.upperBound)
                result[result.count - 1] = last.lowerBound..<end
            } else {
                result.append(range)
            }
        }
        return result
    }

    func willRead(_ ranges: [Range<Int>]) {
        let inside = ranges.map { $0.clamped(to: 0..<byteCount) }
        let joined = RangedSource.joined(inside)
        state.withLock { state in
            // What was announced and never read is forgotten in time.
            state.announced = state.announced.suffix(RangedSource.announcedLimit) + joined
        }
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        guard offset >= 0, offset < byteCount else { return 0 }
        let count = min(buffer.count, byteCount - offset)
        if count == 0 { return 0 }
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        if take(offset, into: target) { return count }
        let range = rangeToFetch(offset, count)
        // What nobody has asked for yet is not fetched where there is no memory to keep it.
        guard range != offset..<(offset + count), state.withLock({ $0.makeRoom(range.count) }) else {
            try fetcher.fetch(at: offset, into: target)
            return count
        }
        let bytes = Buffer(byteCount: range.count)
        do throws(EngineError) {
            try fetcher.fetch(at: range.lowerBound, into: bytes.mutableBytes)
        } catch {
            state.withLock { _ = $0.hold($0.fetchedBytes - range.count) }
            throw error
        }
        let from = bytes.base + (offset - range.lowerBound)
        target.copyMemory(from: UnsafeRawBufferPointer(start: from, count: count))
        let block = Block(start: range.lowerBound, bytes: bytes, remaining: range.count - count)
        state.withLock { state in
            state.blocks.append(block)
            state.hold(state.fetchedBytes - range.count)
        }
        return count
    }

    func count(in memory: CountedMemory) { state.withLock { $0.counted = memory.count() } }

    /// Copies bytes that are there already.
    private func take(_ offset: Int, into target: UnsafeMutableRawBufferPointer) -> Bool {
        let bytes: (Buffer, Int)? = state.withLock { state in
            guard let place = state.blocks.firstIndex(where: { $0.contains(offset, target.count) }) else {
                return nil
            }
            let block = state.blocks[place]
            state.blocks[place].remaining -= target.count
            if state.blocks[place].remaining <= 0 {
                state.blocks.remove(at: place)
                state.hold(state.fetchedBytes)
            }
            state.lastEnd = offset + target.count
            return (block.bytes, offset - block.start)
        }
        guard let (buffer, start) = bytes else { return false }
        target.copyMemory(from: UnsafeRawBufferPointer(start: buffer.base + start, count: target.count))
        return true
    }

    /// The range to ask for: an announced one that has the bytes in it, or more than was asked for when
    /// reading goes on where it stopped.
    private func rangeToFetch(_ offset: Int, _ count: Int) -> Range<Int> {
        let wanted = offset..<(offset + count)
        return state.withLock { state in
            defer { state.lastEnd = wanted.upperBound }
            if let place = state.announced.firstIndex(where: {
                $0.lowerBound <= wanted.lowerBound && $0.upperBound >= wanted.upperBound
            }) {
                return state.announced.remove(at: place)
            }
            // What was read ahead may end within the wanted bytes; the rest of it is dropped.
            let isNext = offset == state.lastEnd
            state.aheadBytes =
                isNext ? min(RangedSource.aheadLimit, max(1 << 20, state.aheadBytes * 4)) : 0
            if isNext { state.blocks.removeAll() }
            state.hold(state.fetchedBytes)
            return offset..<min(byteCount, max(wanted.upperBound, offset + state.aheadBytes))
        }
    }
}
