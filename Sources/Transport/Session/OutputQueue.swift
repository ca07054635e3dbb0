import Glibc
import Memory

/// Holds what a session wants to send, in order, as stretches of retained buffers: bulk data is never copied
/// here. Not thread-safe: its connection's loop owns it.
package final class OutputQueue {
    private struct Segment {
        let buffer: Buffer
        var offset: Int
        var count: Int
    }

    /// Size of the blocks that frame headers and control frames are copied into, bytes.
    private static let blockBytes = 16 << 10

    private var segments: [Segment] = []
    private var first = 0
    private var block = Buffer(byteCount: OutputQueue.blockBytes)
    private var blockUsed = 0
    /// Bytes waiting.
    package private(set) var byteCount = 0

    package init() {}

    package var isEmpty: Bool { byteCount == 0 }

    /// Appends a copy of `bytes`.
    func append(copying bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            if blockUsed == Self.blockBytes {
                block = Buffer(byteCount: Self.blockBytes)
                blockUsed = 0
            }
            let count = min(rest.count, Self.blockBytes - blockUsed)
            memcpy(block.base + blockUsed, base, count)
            append(block, offset: blockUsed, count: count)
            blockUsed += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Appends `count` bytes of `buffer` by reference.
    func append(_ buffer: Buffer, offset: Int, count: Int) {
        if count == 0 { return }
        byteCount += count
        if let last = segments.indices.last, last >= first, segments[last].buffer === buffer,
            segments[last].offset + segments[last].count == offset
        {
            segments[last].count += count
        } else {
            segments.append(Segment(buffer: buffer, offset: offset, count: count))
        }
    }

    /// The first stretch; valid until it is consumed.
    var front: UnsafeRawBufferPointer? {
        guard first < segments.count else { return nil }
        let segment = segments[first]
        return UnsafeRawBufferPointer(start: segment.buffer.base + segment.offset, count: segment.count)
    }

    /// Fills `vectors` with the first stretches and returns how many; the memory stays valid until they are
    /// consumed.
    func fill(_ vectors: UnsafeMutableBufferPointer<iovec>) -> Int {
        var count = 0
        var index = first
        while index < segments.count, count < vectors.count {
            let segment = segments[index]
            vectors[count] = iovec(iov_base: segment.buffer.base + segment.offset, iov_len: segment.count)
            count += 1
            index += 1
        }
        return count
    }

    /// Removes up to `target.count` bytes from the front into `target` and returns how many.
    package func drain(into target: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        guard let base = target.baseAddress else { return 0 }
        while first < segments.count, done < target.count {
            let segment = segments[first]
            let count = min(segment.count, target.count - done)
            memcpy(base + done, segment.buffer.base + segment.offset, count)
            done += count
            consume(count)
        }
        return done
    }

    /// Drops `count` bytes from the front: they are sent.
    func consume(_ count: Int) {
        var rest = count
        byteCount -= count
        while rest > 0, first < segments.count {
            if rest < segments[first].count {
                segments[first].offset += rest
                segments[first].count -= rest
                return
            }
            rest -= segments[first].count
            first += 1
        }
        if first == segments.count {
            segments.removeAll(keepingCapacity: true)
            first = 0
            blockUsed = 0
        } else if first >= 64 {
            segments.removeFirst(first)
            first = 0
        }
    }
}
