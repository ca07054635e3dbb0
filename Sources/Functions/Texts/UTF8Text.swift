import CKernels

/// Computes with UTF-8 bytes.
enum UTF8Text {
    /// Number of characters (code points).
    @inline(__always)
    static func length(_ bytes: UnsafeRawBufferPointer) -> Int {
        var n = 0
        var i = 0
        let count = bytes.count
        while i < count {
            n &+= bytes[i] & 0xC0 == 0x80 ? 0 : 1
            i &+= 1
        }
        return n
    }

    static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var all: UInt8 = 0
        var i = 0
        let count = bytes.count
        while i < count {
            all |= bytes[i]
            i &+= 1
        }
        return all < 0x80
    }

    /// Returns the byte at which character number `index` begins; the end when there are fewer.
    static func offset(_ bytes: UnsafeRawBufferPointer, character index: Int) -> Int {
        var n = -1
        var i = 0
        while i < bytes.count {
            if bytes[i] & 0xC0 != 0x80 {
                n += 1
                if n == index { return i }
            }
            i += 1
        }
        return bytes.count
    }

    /// Returns the byte range of `length` characters from a 1-based `position`, counted from the end when
    /// negative, as Spark's substring does.
    static func substring(_ bytes: UnsafeRawBufferPointer, position: Int, length: Int) -> Range<Int> {
        let ascii = isASCII(bytes)
        let total = ascii ? bytes.count : self.length(bytes)
        let start = position > 0 ? position - 1 : (position < 0 ? total + position : 0)
        let end = length >= Int(Int32.max) ? total : start + length
        let (from, to) = (min(max(start, 0), total), min(max(end, 0), total))
        if to <= from { return 0..<0 }
        if ascii { return from..<to }
        return offset(bytes, character: from)..<offset(bytes, character: to)
    }

    /// Returns the first place of `needle` at or after `from`, or nil.
    static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer, from: Int = 0) -> Int? {
        needle.withUnsafeBytes { find($0, in: bytes, from: from) }
    }

    static func find(
        _ needle: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer, from: Int = 0
    ) -> Int? {
        guard let wanted = needle.baseAddress, !needle.isEmpty else {
            return from <= bytes.count ? from : nil
        }
        guard let base = bytes.baseAddress, bytes.count - from >= needle.count else { return nil }
        let text = base.assumingMemoryBound(to: UInt8.self) + from
        let at = text_find(
            text, Int64(bytes.count - from), wanted.assumingMemoryBound(to: UInt8.self), Int64(needle.count))
        return at < 0 ? nil : from + Int(at)
    }
}
