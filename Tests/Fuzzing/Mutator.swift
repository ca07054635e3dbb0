import SeededRandom

/// Makes inputs out of others: the same for the same seed, corpus and words.
struct Mutator {
    private let corpus: [[UInt8]]
    private let words: [[UInt8]]
    private let maximalBytes: Int
    private var dice: SplitMix

    private static let numbers = [
        "0", "1", "-1", "2", "7", "127", "128", "255", "256", "32768", "65535", "65536", "2147483647",
        "2147483648", "-2147483648", "4294967295", "9223372036854775807", "-9223372036854775808",
        "18446744073709551616", "1e308", "1e-400", "0.1", "99999999999999999999999999999999999999",
    ].map { Array($0.utf8) }
    private static let integers: [UInt64] = [
        0, 1, 2, 7, 8, 16, 63, 64, 127, 128, 255, 256, 1024, 4096, 32_767, 65_535, 65_536, 0x7FFF_FFFF,
        0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
    ]
    /// Words that are taken out of a corpus.
    private static let wordLimit = 5_000

    init(target: FuzzTarget, corpus: [[UInt8]], seed: UInt64) {
        self.corpus = corpus.isEmpty ? [[]] : corpus
        maximalBytes = target.maximalBytes
        dice = SplitMix(state: seed)
        words = target.words.map { Array($0.utf8) } + Mutator.words(in: corpus)
    }

    /// Returns the runs of letters, digits and underscores of a corpus, and its other single signs.
    private static func words(in corpus: [[UInt8]]) -> [[UInt8]] {
        var found = Set<[UInt8]>()
        for input in corpus {
            let isWord = { (byte: UInt8) in
                (48...57).contains(byte) || (97...122).contains(byte | 32) || byte == 95
            }
            for word in input.split(whereSeparator: { !isWord($0) }) where (2...24).contains(word.count) {
                found.insert(Array(word))
            }
            if found.count > wordLimit { break }
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Returns the next input.
    mutating func next() -> [UInt8] {
        var bytes = corpus[dice.roll(corpus.count)]
        for _ in 0...(1 << dice.roll(5)) / 2 { change(&bytes) }
        if bytes.count > maximalBytes { bytes.removeLast(bytes.count - maximalBytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        switch dice.roll(16) {
        case 0, 1: if !bytes.isEmpty { bytes[dice.roll(bytes.count)] ^= 1 << UInt8(dice.roll(8)) }
        case 2: if !bytes.isEmpty { bytes[dice.roll(bytes.count)] = UInt8(dice.roll(256)) }
        case 3: replace(&bytes, at: dice.roll(bytes.count + 1), dice.roll(9), with: [])
        case 4: replace(&bytes, at: dice.roll(bytes.count + 1), dice.roll(200), with: [])
        case 5: bytes.removeLast(dice.roll(bytes.count + 1) / (1 + dice.roll(8)))
        case 6, 7: overwriteInteger(&bytes)
        case 8: replaceNumber(&bytes)
        case 9: splice(&bytes)
        case 10: repeatStretch(&bytes)
        case 11: move(&bytes)
        case 12: replace(&bytes, at: dice.roll(bytes.count + 1), 0, with: random())
        default: putWord(&bytes)
        }
    }

    /// Puts `new` in the place of up to `count` bytes.
    private func replace(_ bytes: inout [UInt8], at start: Int, _ count: Int, with new: [UInt8]) {
        let first = min(start, bytes.count)
        bytes.replaceSubrange(first..<min(bytes.count, first + count), with: new)
    }

    private mutating func random() -> [UInt8] { (0...dice.roll(8)).map { _ in UInt8(dice.roll(256)) } }

    /// Overwrites one, two, four or eight bytes with a number at some edge, in either order of bytes, or adds
    /// a little to what stands there; or puts such a number in as a variable-length one.
    private mutating func overwriteInteger(_ bytes: inout [UInt8]) {
        let width = [1, 1, 2, 4, 8][dice.roll(5)]
        guard bytes.count >= width else { return }
        let at = dice.roll(bytes.count - width + 1)
        var value = Mutator.integers[dice.roll(Mutator.integers.count)]
        if dice.roll(4) == 0 {
            var coded: [UInt8] = []
            while value >= 128 {
                coded.append(UInt8(truncatingIfNeeded: value) | 128)
                value >>= 7
            }
            return replace(&bytes, at: at, dice.roll(3), with: coded + [UInt8(value)])
        }
        if dice.roll(2) == 0 {
            value = (0..<width).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
            value = value &+ UInt64(dice.roll(33)) &- 16
        }
        let isBigEndian = dice.roll(3) == 0
        for place in 0..<width {
            let shift = UInt64(8 * (isBigEndian ? width - 1 - place : place))
            bytes[at + place] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }

    /// Puts another number in the place of a run of digits.
    private mutating func replaceNumber(_ bytes: inout [UInt8]) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let from = dice.roll(bytes.count)
        guard let start = bytes.indices.dropFirst(from).first(where: { digits.contains(bytes[$0]) }) else {
            return
        }
        let count = bytes[start...].prefix { digits.contains($0) }.count
        replace(&bytes, at: start, count, with: Mutator.numbers[dice.roll(Mutator.numbers.count)])
    }

    /// Puts a stretch of another input in.
    private mutating func splice(_ bytes: inout [UInt8]) {
        let other = corpus[dice.roll(corpus.count)]
        let start = dice.roll(other.count + 1)
        let stretch = Array(other[start...].prefix(1 + dice.roll(dice.roll(2) == 0 ? 20 : other.count + 1)))
        replace(&bytes, at: dice.roll(bytes.count + 1), dice.roll(stretch.count + 1), with: stretch)
    }

    private mutating func repeatStretch(_ bytes: inout [UInt8]) {
        let start = dice.roll(bytes.count + 1)
        let stretch = Array(bytes[start...].prefix(1 + dice.roll(20)))
        let count = min(1 + dice.roll(dice.roll(8) == 0 ? 400 : 4), maximalBytes / max(1, stretch.count))
        replace(&bytes, at: start, 0, with: Array(repeatElement(stretch, count: count).joined()))
    }

    private mutating func move(_ bytes: inout [UInt8]) {
        let start = dice.roll(bytes.count + 1)
        let stretch = Array(bytes[start...].prefix(1 + dice.roll(40)))
        replace(&bytes, at: start, stretch.count, with: [])
        replace(&bytes, at: dice.roll(bytes.count + 1), 0, with: stretch)
    }

    /// Puts a word in, or in the place of another one.
    private mutating func putWord(_ bytes: inout [UInt8]) {
        guard !words.isEmpty else { return }
        let word = words[dice.roll(words.count)]
        let at = dice.roll(bytes.count + 1)
        let count = dice.roll(2) == 0 ? 0 : bytes[at...].prefix { ($0 | 32) >= 97 && ($0 | 32) <= 122 }.count
        replace(&bytes, at: at, count, with: word)
    }
}
