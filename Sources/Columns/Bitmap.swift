import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Holds one bit per row, lowest bit first, in 64-bit words; as validity, a set bit means "not null".
///
/// **Invariant:** bits at and past `count` in the last word are zero.
package struct Bitmap: Sendable {
    package let buffer: Buffer
    /// Number of rows.
    package let count: Int
    /// Number of rows whose bit is zero.
    package let zeroCount: Int

    /// Wraps words that are filled already, clears the bits past `count`, and counts the zeros.
    package init(_ buffer: Buffer, count: Int) {
        self.buffer = buffer
        self.count = count
        let words = buffer.pointer(as: UInt64.self)
        let wordCount = Bitmap.wordCount(count)
        if count & 63 != 0 { words[wordCount - 1] &= (1 << UInt64(count & 63)) &- 1 }
        var ones = 0
        var i = 0
        while i < wordCount {
            ones &+= words[i].nonzeroBitCount
            i &+= 1
        }
        zeroCount = count - ones
    }

    /// Makes a bitmap whose bits are all `value`.
    package init(repeating value: Bool, count: Int) {
        let bytes = Bitmap.wordCount(count) * 8
        let buffer = Buffer(byteCount: bytes)
        memset(buffer.base, value ? 0xFF : 0, bytes)
        self.init(buffer, count: count)
    }

    /// Makes a bitmap from one bit per element, for tests and small cases.
    package init(_ bits: [Bool]) {
        let buffer = Buffer.zeroed(byteCount: Bitmap.wordCount(bits.count) * 8)
        let words = buffer.pointer(as: UInt64.self)
        for (i, bit) in bits.enumerated() where bit { words[i >> 6] |= 1 << UInt64(i & 63) }
        self.init(buffer, count: bits.count)
    }

    /// Words that `count` bits take.
    @inlinable package static func wordCount(_ count: Int) -> Int { (count &+ 63) >> 6 }

    /// Allocates words for `count` bits, all zero, to be filled and then wrapped.
    package static func makeWords(_ count: Int) -> Buffer { Buffer.zeroed(byteCount: wordCount(count) * 8) }

    package var words: UnsafeMutablePointer<UInt64> { buffer.pointer(as: UInt64.self) }
    package var allSet: Bool { zeroCount == 0 }

    /// Says whether the bit of `row` is set.
    package func isSet(_ row: Int) -> Bool { (words[row >> 6] >> UInt64(row & 63)) & 1 == 1 }

    /// Returns the bits set in both; nil stands for "all set", as a vector's missing validity does.
    package static func intersection(_ a: Bitmap?, _ b: Bitmap?) -> Bitmap? {
        guard let a else { return b }
        guard let b else { return a }
        let buffer = Buffer(byteCount: wordCount(a.count) * 8)
        let (x, y, out) = (a.words, b.words, buffer.pointer(as: UInt64.self))
        let n = wordCount(a.count)
        var i = 0
        while i < n {
            out[i] = x[i] & y[i]
            i &+= 1
        }
        return Bitmap(buffer, count: a.count)
    }
}
