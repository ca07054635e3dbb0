import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Pairs a word of a row's key with the row's number.
struct SortEntry: BitwiseCopyable {
    var key: UInt64
    var row: UInt32
}

/// Sorts the rows of one key block level by level: by the first word of their keys, each run of equal words
/// by the next word, then by the next eight bytes of the strings that the keys end with, and rows whose
/// strings are equal by the columns behind, which have a sorter of their own. Used by one thread.
///
///     words of the keys │ bytes 8…15, 16…23, … of the string │ its length │ the columns behind
///
/// **Invariant:** every step is stable, and entries begin in the order of their rows: equal rows keep it.
final class RowSorter {
    /// Shorter stretches are sorted by comparison.
    static let radixMinimum = 512
    /// Shorter stretches are sorted by insertion.
    static let insertionLimit = 24

    /// Names what entries are ordered by.
    private enum Level {
        case word(Int)
        case text(depth: Int)
        case length
    }

    private let block: SortKeyBlock
    private let words: UnsafeMutablePointer<UInt64>
    private let wordCount: Int
    private let scratch: Buffer
    /// The strings that the keys end with.
    private let texts: Vector?
    private lazy var rest = makeRest()

    init(_ block: SortKeyBlock) {
        self.block = block
        words = block.words.pointer(as: UInt64.self)
        wordCount = block.encoder.wordCount
        scratch = Buffer(byteCount: max(block.count, 1) * MemoryLayout<SortEntry>.stride)
        texts = RowSorter.texts(block)
    }

    private init(rest block: SortKeyBlock, scratch: Buffer) {
        self.block = block
        words = block.words.pointer(as: UInt64.self)
        wordCount = block.encoder.wordCount
        self.scratch = scratch
        texts = RowSorter.texts(block)
    }

    private static func texts(_ block: SortKeyBlock) -> Vector? {
        guard let undecided = block.encoder.undecided, block.columns[undecided].type.physical == .view else {
            return nil
        }
        return block.columns[undecided].flattened()
    }

    /// The sorter by the columns behind the undecided one.
    private func makeRest() -> RowSorter? {
        guard let undecided = block.encoder.undecided, let encoder = block.encoder.rest else { return nil }
        let behind = encoder.encode(Array(block.columns[(undecided + 1)...]), count: block.count)
        return RowSorter(rest: behind, scratch: scratch)
    }

    /// Returns one entry per row with the first word of its key.
    func all() -> (entries: Buffer, count: Int) {
        let entries = Buffer(byteCount: max(block.count, 1) * MemoryLayout<SortEntry>.stride)
        let list = entries.pointer(as: SortEntry.self)
        let n = block.count
        var i = 0
        while i < n {
            list[i] = SortEntry(key: words[i &* wordCount], row: UInt32(truncatingIfNeeded: i))
            i &+= 1
        }
        return (entries, n)
    }

    /// Returns the entries whose first word is not greater than the `limit`-th smallest one, in row order.
    func smallest(_ limit: Int) -> (entries: Buffer, count: Int) {
        let entries = Buffer(byteCount: max(block.count, 1) * MemoryLayout<SortEntry>.stride)
        if limit == 0 { return (entries, 0) }
        let list = entries.pointer(as: SortEntry.self)
        let n = block.count
        let keys = scratch.pointer(as: UInt64.self)
        var i = 0
        while i < n {
            keys[i] = words[i &* wordCount]
            i &+= 1
        }
        let bound = RowSorter.select(keys, n, limit - 1)
        var kept = 0
        i = 0
        while i < n {
            let key = words[i &* wordCount]
            list[kept] = SortEntry(key: key, row: UInt32(truncatingIfNeeded: i))
            kept &+= key <= bound ? 1 : 0
            i &+= 1
        }
        return (entries, kept)
    }

    /// Returns the value that has `rank` smaller or equal ones before it (quickselect with median of three).
    private static func select(_ keys: UnsafeMutablePointer<UInt64>, _ count: Int, _ rank: Int) -> UInt64 {
        var (low, high) = (0, count - 1)
        while low < high {
            let (a, b, c) = (keys[low], keys[low &+ (high &- low) / 2], keys[high])
            let pivot = max(min(a, b), min(max(a, b), c))
            var (i, j) = (low, high)
            while i <= j {
                while keys[i] < pivot { i &+= 1 }
                while keys[j] > pivot { j &-= 1 }
                if i <= j {
                    (keys[i], keys[j]) = (keys[j], keys[i])
                    i &+= 1
                    j &-= 1
                }
            }
            if rank <= j { high = j } else if rank >= i { low = i } else { return keys[rank] }
        }
        return keys[rank]
    }

    /// Sorts `count` entries whose keys hold the first word.
    func sort(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int) { sort(list, count, .word(0)) }

    /// Sorts entries whose keys are those of a level.
    private func sort(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int, _ level: Level) {
        order(list, count)
        if case .word(wordCount - 1) = level, block.encoder.isExact { return }
        var start = 0
        while start < count {
            var end = start &+ 1
            let key = list[start].key
            while end < count && list[end].key == key { end &+= 1 }
            if end &- start > 1 { sortTies(list + start, end &- start, level) }
            start = end
        }
    }

    /// Sorts entries that agree in all levels up to one.
    private func sortTies(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int, _ level: Level) {
        var level = level
        while let next = setKeys(list, count, behind: level) {
            var i = 1
            while i < count, list[i].key == list[0].key { i &+= 1 }
            if i < count { return sort(list, count, next) }
            level = next
        }
        if block.encoder.isExact { return }
        guard texts != nil else { return sortByValues(list, count) }
        if case .text(let depth) = level, depth >= SortKeys.textBytes { return sortByValues(list, count) }
        guard let rest else { return }
        rest.setWords(list, count, 0)
        rest.sort(list, count, .word(0))
    }

    /// Sets the keys of entries that agree up to a level to those of the next one, which it returns; nil
    /// where there is none.
    private func setKeys(
        _ list: UnsafeMutablePointer<SortEntry>, _ count: Int, behind level: Level
    ) -> Level? {
        switch level {
        case .length: return nil
        case .word(let word) where word + 1 < wordCount:
            setWords(list, count, word + 1)
            return .word(word + 1)
        case .word: return setTexts(list, count, depth: SortKeyEncoder.prefixBytes)
        case .text(let depth):
            return depth < SortKeys.textBytes ? setTexts(list, count, depth: depth + 8) : nil
        }
    }

    private func setWords(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int, _ word: Int) {
        var i = 0
        while i < count {
            list[i].key = words[Int(list[i].row) &* wordCount &+ word]
            i &+= 1
        }
    }

    /// Sets the keys to eight bytes of the strings, from a depth up to which they agree; to their lengths
    /// where all end there, nil where these are the same.
    private func setTexts(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int, depth: Int) -> Level? {
        guard let texts, let undecided = block.encoder.undecided else { return nil }
        // The null byte of their keys is the same: all are null, or none.
        if texts.isNull(Int(list[0].row)) { return nil }
        let views = UnsafePointer(texts.pointer(as: StringView.self))
        let flip: UInt64 = block.encoder.columns[undecided].ascending ? 0 : ~0
        var (least, most) = (Int.max, 0)
        var i = 0
        while i < count {
            let view = views[Int(list[i].row)]
            least = min(least, view.count)
            most = max(most, view.count)
            list[i].key = RowSorter.bytes(view, depth) ^ flip
            i &+= 1
        }
        if most > depth { return .text(depth: depth) }
        // Strings that differ in zeros at their end only.
        if least == most { return nil }
        i = 0
        while i < count {
            list[i].key = UInt64(truncatingIfNeeded: views[Int(list[i].row)].count) ^ flip
            i &+= 1
        }
        return .length
    }

    /// Bytes `depth`…`depth + 7` of a string, the first one most significant, zeros behind its end.
    @inline(__always)
    private static func bytes(_ view: StringView, _ depth: Int) -> UInt64 {
        let left = view.count &- depth
        if left <= 0 { return 0 }
        if view.isInline { return (view.tail &>> 32).byteSwapped }
        if left >= 8 { return view.address.loadUnaligned(fromByteOffset: depth, as: UInt64.self).byteSwapped }
        let last = view.address.loadUnaligned(fromByteOffset: view.count &- 8, as: UInt64.self).byteSwapped
        return last &<< UInt64(truncatingIfNeeded: 8 &* (8 &- left))
    }

    private func sortByValues(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int) {
        let block = self.block
        var slice = UnsafeMutableBufferPointer(start: list, count: count)
        slice.sort { a, b in
            let order = block.compareValues(Int(a.row), block, Int(b.row))
            return order != 0 ? order < 0 : a.row < b.row
        }
    }

    /// Puts entries into the order of their keys.
    private func order(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int) {
        if count >= RowSorter.radixMinimum { return radix(list, count) }
        if count > RowSorter.insertionLimit {
            var slice = UnsafeMutableBufferPointer(start: list, count: count)
            return slice.sort { a, b in a.key != b.key ? a.key < b.key : a.row < b.row }
        }
        var i = 1
        while i < count {
            let entry = list[i]
            var at = i
            while at > 0, list[at &- 1].key > entry.key {
                list[at] = list[at &- 1]
                at &-= 1
            }
            list[at] = entry
            i &+= 1
        }
    }

    /// Sorts by key with a least-significant-digit radix sort, skipping the bytes that all keys share.
    private func radix(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int) {
        let histograms = Buffer.zeroed(byteCount: 8 * 256 * 4)
        let counts = histograms.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            let key = list[i].key
            counts[Int(key & 255)] &+= 1
            counts[256 &+ Int((key &>> 8) & 255)] &+= 1
            counts[512 &+ Int((key &>> 16) & 255)] &+= 1
            counts[768 &+ Int((key &>> 24) & 255)] &+= 1
            counts[1024 &+ Int((key &>> 32) & 255)] &+= 1
            counts[1280 &+ Int((key &>> 40) & 255)] &+= 1
            counts[1536 &+ Int((key &>> 48) & 255)] &+= 1
            counts[1792 &+ Int(key &>> 56)] &+= 1
            i &+= 1
        }
        let spare = scratch.pointer(as: SortEntry.self)
        var (source, target) = (list, spare)
        var digit = 0
        while digit < 8 {
            let histogram = counts + digit &* 256
            let shift = UInt64(digit &* 8)
            digit &+= 1
            if histogram[Int((source[0].key &>> shift) & 255)] == UInt32(truncatingIfNeeded: count) {
                continue
            }
            RowSorter.scatter(source, target, count, histogram, shift)
            (source, target) = (target, source)
        }
        if source != list { memcpy(list, source, count * MemoryLayout<SortEntry>.stride) }
    }

    private static func scatter(
        _ source: UnsafeMutablePointer<SortEntry>, _ target: UnsafeMutablePointer<SortEntry>, _ count: Int,
        _ histogram: UnsafeMutablePointer<UInt32>, _ shift: UInt64
    ) {
        var sum: UInt32 = 0
        var d = 0
        while d < 256 {
            let next = histogram[d]
            histogram[d] = sum
            sum &+= next
            d &+= 1
        }
        var i = 0
        while i < count {
            let entry = source[i]
            let bucket = Int((entry.key &>> shift) & 255)
            target[Int(histogram[bucket])] = entry
            histogram[bucket] &+= 1
            i &+= 1
        }
    }
}
