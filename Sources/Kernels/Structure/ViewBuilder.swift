import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Writes string or binary values row by row; bytes that do not fit inline go to heaps. Within an evaluation
/// that has no room for them rows stay empty, and the evaluation fails (`MadeMemory`). Used by one thread.
package final class ViewBuilder {
    private let views: Buffer
    private let out: UnsafeMutablePointer<StringView>
    private var heaps: [Buffer] = []
    private var position: UnsafeMutableRawPointer?
    private var room = 0
    /// Bytes of the next heap.
    private var heapBytes = 4096
    private let count: Int

    /// Prepares `count` rows, all empty.
    package init(count: Int) {
        self.count = count
        views = Buffer.zeroed(byteCount: max(count * 16, 16))
        out = views.pointer(as: StringView.self)
    }

    /// Writes a row's value.
    @inline(__always)
    package func put(_ bytes: UnsafeRawPointer, count: Int, _ row: Int) {
        if count <= StringView.inlineCapacity {
            out[row] = StringView(bytes, count: count)
            return
        }
        guard let target = reserve(count) else { return }
        memcpy(target, bytes, count)
        out[row] = StringView(target, count: count)
    }

    package func put(_ bytes: [UInt8], _ row: Int) {
        bytes.withUnsafeBytes { raw in
            if let base = raw.baseAddress, raw.count > 0 { put(base, count: raw.count, row) }
        }
    }

    package func put(_ bytes: UnsafeRawBufferPointer, _ row: Int) {
        if let base = bytes.baseAddress, bytes.count > 0 { put(base, count: bytes.count, row) }
    }

    package func put(_ text: String, _ row: Int) {
        var copy = text
        copy.withUTF8 { put(UnsafeRawBufferPointer($0), row) }
    }

    /// Writes a row's value: the bytes so many times.
    package func repeated(_ bytes: UnsafeRawBufferPointer, _ times: Int, _ row: Int) {
        let total = bytes.count * times
        guard total > 0, let first = bytes.baseAddress else { return }
        if total <= StringView.inlineCapacity {
            withUnsafeTemporaryAllocation(byteCount: StringView.inlineCapacity, alignment: 8) { short in
                for at in 0..<total { short[at] = bytes[at % bytes.count] }
                if let base = short.baseAddress { out[row] = StringView(base, count: total) }
            }
            return
        }
        guard let target = reserve(total) else { return }
        memcpy(target, first, bytes.count)
        // What is written already is copied behind itself, twice as much each time.
        var written = bytes.count
        while written < total {
            let count = min(written, total - written)
            memcpy(target + written, target, count)
            written += count
        }
        out[row] = StringView(target, count: total)
    }

    /// Writes a view whose bytes the caller keeps alive with a heap given to `finish`.
    @inline(__always)
    package func share(_ view: StringView, _ row: Int) { out[row] = view }

    /// Returns room for `count` bytes, which stay in place; nil where there is none: the row stays empty.
    package func reserve(_ count: Int) -> UnsafeMutableRawPointer? {
        if let position, room >= count {
            self.position = position + count
            room -= count
            return position
        }
        guard let heap = MadeMemory.buffer(byteCount: max(heapBytes, count)) else { return nil }
        heapBytes = min(heapBytes * 2, 1 << 20)
        heaps.append(heap)
        room = heap.byteCount - count
        position = heap.base + count
        return heap.base
    }

    /// Returns the vector; `shared` are heaps of views that were shared.
    package func finish(_ type: DataType, validity: Bitmap?, shared: [Buffer] = []) -> Vector {
        .flat(type, count: count, values: views, validity: validity, heaps: heaps + shared)
    }
}
