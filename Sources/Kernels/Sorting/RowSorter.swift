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

/// Sorts the rows of one key block: by the first word (radix), then each run of equal words by the next word,
/// and rows whose words are all equal by comparing their values. Used by one thread.
final class RowSorter {
    /// Stretches shorter than this are sorted by comparison.
    static let radixMinimum = 512

    private let block: SortKeyBlock
    private let words: UnsafeMutablePointer<UInt64>
    private let wordCount: Int
    private let entries: Buffer
    private let scratch: Buffer

    init(_ block: SortKeyBlock) {
        self.block = block
        words = block.words.pointer(as: UInt64.self)
        wordCount = block.encoder.wordCount
        let bytes = max(block.count, 1) * MemoryLayout<SortEntry>.stride
        entries = Buffer(byteCount: bytes)
        scratch = Buffer(byteCount: bytes)
    }

    /// Returns one entry per row with the first word of its key.
    func all() -> (entries: UnsafeMutablePointer<SortEntry>, count: Int) {
        let list = entries.pointer(as: SortEntry.self)
        let n = block.count
        var i = 0
        while i < n {
            list[i] = SortEntry(key: words[i &* wordCount], row: UInt32(truncatingIfNeeded: i))
            i &+= 1
        }
        return (list, n)
    }

    /// Returns the entries whose first word is not greater than the `limit`-th smallest one, in row order.
    func smallest(_ limit: Int) -> (entries: UnsafeMutablePointer<SortEntry>, count: Int) {
        let list = entries.pointer(as: SortEntry.self)
        if limit == 0 { return (list, 0) }
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
        return (list, kept)
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
    func sort(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int) { sort(list, count, word: 0) }

    private func sort(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int, word: Int) {
        if count < 2 { return }
        if count < RowSorter.radixMinimum {
            sortSmall(list, count, word: word)
            return
        }
        radix(list, count)
        if word + 1 == wordCount && block.encoder.isExact { return }
        var start = 0
        while start < count {
            var end = start &+ 1
            let key = list[start].key
            while end < count && list[end].key == key { end &+= 1 }
            if end &- start > 1 { sortTies(list + start, end &- start, word: word) }
            start = end
        }
    }

    /// Sorts entries that agree in the words up to `word`.
    private func sortTies(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int, word: Int) {
        if word + 1 == wordCount {
            sortByValues(list, count)
            return
        }
        var i = 0
        while i < count {
            list[i].key = words[Int(list[i].row) &* wordCount &+ word &+ 1]
            i &+= 1
        }
        sort(list, count, word: word + 1)
    }

    private func sortSmall(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int, word: Int) {
        let rest = wordCount - word - 1
        let exact = block.encoder.isExact
        let words = self.words + word
        let stride = wordCount
        let block = self.block
        var slice = UnsafeMutableBufferPointer(start: list, count: count)
        slice.sort { a, b in
            if a.key != b.key { return a.key < b.key }
            if rest > 0 {
                let x = words + Int(a.row) &* stride
                let y = words + Int(b.row) &* stride
                var k = 1
                while k <= rest {
                    if x[k] != y[k] { return x[k] < y[k] }
                    k &+= 1
                }
            }
            if !exact {
                let order = block.compareFully(Int(a.row), block, Int(b.row))
                if order != 0 { return order < 0 }
            }
            return a.row < b.row
        }
    }

    private func sortByValues(_ list: UnsafeMutablePointer<SortEntry>, _ count: Int) {
        let block = self.block
        var slice = UnsafeMutableBufferPointer(start: list, count: count)
        slice.sort { a, b in
            let order = block.compareFully(Int(a.row), block, Int(b.row))
            return order != 0 ? order < 0 : a.row < b.row
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
