/// Computes MD5 of eight texts at once, each in a lane of a vector: one alone waits for its own steps, of
/// which each needs the one before. Source: RFC 1321.
struct MD5Lanes {
    typealias Lanes = SIMD8<UInt32>

    static let lanes = Lanes.scalarCount
    static let digestBytes = 16
    private static let blockBytes = 64
    private static let blockWords = 16

    /// A step's constant: the whole part of 2^32 × |sin(step + 1)|.
    private static let sines: [UInt32] = [
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
        0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
        0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
        0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
        0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
        0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
        0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
    ]
    private static let start: (UInt32, UInt32, UInt32, UInt32) = (
        0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476
    )

    /// Writes the digests of `count` texts, at most eight, to `out`, one after the other.
    static func digest(
        _ texts: UnsafePointer<UnsafeRawBufferPointer>, _ count: Int, into out: UnsafeMutablePointer<UInt32>
    ) {
        var blockCount = Lanes.zero
        for lane in 0..<count { blockCount[lane] = UInt32((texts[lane].count + 8) / blockBytes + 1) }
        var (a, b) = (Lanes(repeating: start.0), Lanes(repeating: start.1))
        var (c, d) = (Lanes(repeating: start.2), Lanes(repeating: start.3))
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockWords) { block in
            withUnsafeTemporaryAllocation(of: Lanes.self, capacity: blockWords) { words in
                guard let block = block.baseAddress, let words = words.baseAddress else { return }
                words.initialize(repeating: .zero, count: blockWords)
                let single = UnsafeMutableRawPointer(words).assumingMemoryBound(to: UInt32.self)
                for index in 0..<blockCount.max() {
                    for lane in 0..<count where index < blockCount[lane] {
                        fill(block, texts[lane], Int(index))
                        var word = 0
                        while word < blockWords {
                            single[word &* lanes &+ lane] = UInt32(littleEndian: block[word])
                            word &+= 1
                        }
                    }
                    let before = (a, b, c, d)
                    step(&a, &b, &c, &d, words)
                    // Lanes whose text has ended keep their digest.
                    let isOver = blockCount .<= Lanes(repeating: index)
                    a = (before.0 &+ a).replacing(with: before.0, where: isOver)
                    b = (before.1 &+ b).replacing(with: before.1, where: isOver)
                    c = (before.2 &+ c).replacing(with: before.2, where: isOver)
                    d = (before.3 &+ d).replacing(with: before.3, where: isOver)
                }
            }
        }
        for lane in 0..<count {
            out[4 * lane] = a[lane].littleEndian
            out[4 * lane + 1] = b[lane].littleEndian
            out[4 * lane + 2] = c[lane].littleEndian
            out[4 * lane + 3] = d[lane].littleEndian
        }
    }

    /// Copies a text's block of 64 bytes; behind the text are a one, zeros, and its length in bits.
    private static func fill(
        _ block: UnsafeMutablePointer<UInt32>, _ text: UnsafeRawBufferPointer, _ index: Int
    ) {
        let target = UnsafeMutableRawPointer(block)
        let from = index * blockBytes
        let copied = max(0, min(blockBytes, text.count - from))
        if copied > 0, let base = text.baseAddress { target.copyMemory(from: base + from, byteCount: copied) }
        if copied == blockBytes { return }
        (target + copied).initializeMemory(as: UInt8.self, repeating: 0, count: blockBytes - copied)
        if text.count >= from { target.storeBytes(of: 0x80, toByteOffset: copied, as: UInt8.self) }
        if copied < blockBytes - 8 {
            (target + (blockBytes - 8)).storeBytes(of: UInt64(text.count &* 8).littleEndian, as: UInt64.self)
        }
    }

    /// Does the 64 steps of a block.
    @inline(__always)
    private static func step(
        _ a: inout Lanes, _ b: inout Lanes, _ c: inout Lanes, _ d: inout Lanes, _ words: UnsafePointer<Lanes>
    ) {
        sines.withUnsafeBufferPointer { sines in
            @inline(__always) func addend(_ i: Int, _ word: Int) -> Lanes {
                words[word & 15] &+ Lanes(repeating: sines[i])
            }
            var i = 0
            while i < 16 {
                a = turned(a, b, d ^ (b & (c ^ d)), addend(i, i), 7)
                d = turned(d, a, c ^ (a & (b ^ c)), addend(i &+ 1, i &+ 1), 12)
                c = turned(c, d, b ^ (d & (a ^ b)), addend(i &+ 2, i &+ 2), 17)
                b = turned(b, c, a ^ (c & (d ^ a)), addend(i &+ 3, i &+ 3), 22)
                i &+= 4
            }
            while i < 32 {
                let word = 5 &* i &+ 1
                a = turned(a, b, c ^ (d & (b ^ c)), addend(i, word), 5)
                d = turned(d, a, b ^ (c & (a ^ b)), addend(i &+ 1, word &+ 5), 9)
                c = turned(c, d, a ^ (b & (d ^ a)), addend(i &+ 2, word &+ 10), 14)
                b = turned(b, c, d ^ (a & (c ^ d)), addend(i &+ 3, word &+ 15), 20)
                i &+= 4
            }
            while i < 48 {
                let word = 3 &* i &+ 5
                a = turned(a, b, b ^ c ^ d, addend(i, word), 4)
                d = turned(d, a, a ^ b ^ c, addend(i &+ 1, word &+ 3), 11)
                c = turned(c, d, d ^ a ^ b, addend(i &+ 2, word &+ 6), 16)
                b = turned(b, c, c ^ d ^ a, addend(i &+ 3, word &+ 9), 23)
                i &+= 4
            }
            while i < 64 {
                let word = 7 &* i
                a = turned(a, b, c ^ (b | ~d), addend(i, word), 6)
                d = turned(d, a, b ^ (a | ~c), addend(i &+ 1, word &+ 7), 10)
                c = turned(c, d, a ^ (d | ~b), addend(i &+ 2, word &+ 14), 15)
                b = turned(b, c, d ^ (c | ~a), addend(i &+ 3, word &+ 21), 21)
                i &+= 4
            }
        }
    }

    /// Returns one step's new value: the sum turned left by some bits, plus the value beside it.
    @inline(__always)
    private static func turned(
        _ value: Lanes, _ beside: Lanes, _ mixed: Lanes, _ addend: Lanes, _ bits: UInt32
    ) -> Lanes {
        let sum = value &+ mixed &+ addend
        let left = sum &<< Lanes(repeating: bits)
        return beside &+ (left | sum &>> Lanes(repeating: 32 &- bits))
    }
}
