import CKernels

/// Holds the literal pieces of a LIKE pattern that has no `_`, laid out for `text_like`. Immutable.
///
/// `@unchecked Sendable`: written only by `init`.
final class LikeTexts: @unchecked Sendable {
    private let bytes: UnsafeMutablePointer<UInt8>
    private let pieces: UnsafeMutablePointer<text_piece>
    private let count: Int

    init(_ texts: [[UInt8]]) {
        count = texts.count
        bytes = .allocate(capacity: max(1, texts.reduce(0) { $0 + $1.count }))
        pieces = .allocate(capacity: max(1, texts.count))
        var at = bytes
        for (number, text) in texts.enumerated() {
            at.update(from: text, count: text.count)
            pieces[number] = text_piece(bytes: at, count: Int64(text.count))
            at += text.count
        }
    }

    deinit {
        bytes.deallocate()
        pieces.deallocate()
    }

    /// Says whether a text matches; a null base is the empty text.
    @inline(__always)
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        let base = text.baseAddress ?? UnsafeRawPointer(bytes)
        return text_like(base.assumingMemoryBound(to: UInt8.self), Int64(text.count), pieces, Int64(count))
    }
}
