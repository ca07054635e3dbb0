import Columns
import Memory

/// Copies long strings into memory of its own, so that they outlive the batch that they came with.
struct StringArena {
    private(set) var heaps: [Buffer] = []
    private var used = 0
    private(set) var byteCount = 0

    /// Bytes of the first chunk; later ones double up to `largestChunk`.
    private static let firstChunk = 64 << 10
    private static let largestChunk = 4 << 20

    /// Returns a view of a copy of the bytes.
    mutating func copy(_ view: StringView) -> StringView {
        let count = view.count
        if used + count > (heaps.last?.byteCount ?? 0) {
            let next = min(
                StringArena.largestChunk, max(StringArena.firstChunk, (heaps.last?.byteCount ?? 0) * 2))
            let chunk = Buffer(byteCount: max(next, count))
            heaps.append(chunk)
            byteCount += chunk.byteCount
            used = 0
        }
        guard let chunk = heaps.last else { return view }
        let target = chunk.base + used
        view.copyBytes(to: target)
        used += count
        return StringView(head: view.head, tail: UInt64(UInt(bitPattern: target)))
    }
}
