import CKernels
import Columns
import Kernels
import Memory
import Synchronization
import Vocabulary

/// Finds the build rows that have a given key: the hash table of joins. Made once, then only read, by any
/// number of threads.
///
///     heads: by key's place (dense) or slot ─▶ row + 1 ─▶ next[row] ─▶ … ─▶ 0, all with the same key
///
/// Rows with a null in any key are not in the table: they equal nothing.
///
/// `@unchecked Sendable`: written only by who makes it, before others see it, but for the key sets and column
/// tables, which mutexes guard.
package final class JoinTable: @unchecked Sendable {
    /// All build rows, column by column.
    package let rows: Batch
    /// Whether any build row has a null key (for `NOT IN`).
    package let hasNullKey: Bool
    /// Whether no two rows share a key.
    private(set) var keysAreUnique = true
    /// Rows of each key in the order of the join's ranges; nil where it has none, or chains do as well.
    private(set) var ranges: RangeIndex?

    /// Whether rows are found by an array indexed by key.
    var isDense: Bool { dense != nil }

    /// Number of key columns.
    var keyCount: Int { keyColumns.count }

    /// The type of a key column.
    func keyType(_ key: Int) -> DataType { keyColumns[key].type }

    /// Sets of single key columns that somebody asked for; nil for those that cannot be.
    private let keySets = Mutex<[Int: KeySet?]>([:])

    /// Returns the set of a key column's values, made when it is first asked for.
    func keySet(_ key: Int) -> KeySet? {
        keySets.withLock { made in
            if let known = made[key] { return known }
            let set = KeySet.make(keyColumns[key], count: rows.count)
            made.updateValue(set, forKey: key)
            return set
        }
    }

    /// Tables of single columns of longer keys that somebody asked for; nil for those that cannot be.
    private let columnTables = Mutex<[Int: JoinTable?]>([:])

    /// Says whether a row's key column may hold the value; null is in no table.
    func mayHold(_ value: Literal, key: Int) -> Bool {
        if value.value.isNull { return false }
        guard let table = keyCount == 1 ? self : columnTable(key) else { return true }
        let found = Buffer(byteCount: 4)
        let head = found.pointer(as: UInt32.self)
        let asked = Vector.constant(value, count: 1).flattened()
        table.findHeads([asked], count: 1, scratch: JoinScratch(), into: head)
        return head[0] != 0
    }

    private func columnTable(_ key: Int) -> JoinTable? {
        columnTables.withLock { made in
            if let known = made[key] { return known }
            let column = Batch(columns: [keyColumns[key]], count: rows.count)
            let table = try? JoinTable(rows: column, keys: column.columns, budget: budget)
            made.updateValue(table, forKey: key)
            return table
        }
    }

    /// Returns the values of a key column but null; nil when there are none or more than `limit` rows.
    func values(key: Int, limit: Int) -> [Scalar]? {
        // Not a number is in no statistics.
        guard rows.count > 0, rows.count <= limit, !keyType(key).isFloating else { return nil }
        let column = keyColumns[key]
        let values = Set((0..<rows.count).map { column.scalar(at: $0) }.filter { !$0.isNull })
        return values.isEmpty ? nil : Array(values)
    }

    /// Returns the least and the greatest value of a key column of integers, dates or times; nil for others.
    func bounds(key: Int) -> (least: Scalar, greatest: Scalar)? {
        let type = keyType(key)
        guard DenseIndex.supports(type), rows.count > 0,
            let (low, high) = DenseIndex.bounds(keyColumns[key].flattened(), count: rows.count)
        else { return nil }
        return type.isDecimal
            ? (.decimal(Int128(low)), .decimal(Int128(high))) : (.integer(low), .integer(high))
    }

    private let layout: KeyLayout
    private var keys: Buffer
    private let keyColumns: [Vector]
    /// Slots as in `GroupTable`: high half of the hash, then row + 1.
    private var slots: Buffer
    private var slotMask = 0
    private var dense: (base: Int64, span: Int)?
    private let next: Buffer
    /// What the table takes of the budget, without the order of its rows.
    let reservedBytes: Int
    private let budget: MemoryBudget

    /// Builds the table. `keys`: one vector per key column, as long as `rows`; a table of up to
    /// `unreservedBytes` is built however short memory is. Throws `OUT_OF_MEMORY`.
    package init(
        rows: Batch, keys keyColumns: [Vector], budget: MemoryBudget, unreservedBytes: Int = 0
    ) throws {
        self.rows = rows
        self.budget = budget
        layout = KeyLayout(types: keyColumns.map(\.type))
        self.keyColumns = keyColumns
        hasNullKey = keyColumns.contains { $0.nullCount > 0 }
        let count = rows.count
        var capacity = 1024
        while capacity < count * 2 { capacity *= 2 }
        next = Buffer.zeroed(byteCount: (count + 1) * 4)
        let bytes = rows.retainedBytes + capacity * 8 + count * (4 + layout.wordCount * 8)
        if bytes > unreservedBytes {
            try budget.take(bytes, for: "The hash table of a join")
            reservedBytes = bytes
        } else {
            reservedBytes = budget.tryTake(bytes) ? bytes : 0
        }
        keys = Buffer(byteCount: 0)
        slots = Buffer(byteCount: 0)
        if buildDense() { return }
        slots = Buffer.zeroed(byteCount: capacity * 8)
        slotMask = capacity - 1
        keys = Buffer(byteCount: max(count * layout.wordCount * 8, 16))
        layout.encode(keyColumns, count: count, into: keys.pointer(as: UInt64.self))
        buildHashed(validity: JoinTable.validity(keyColumns, count: count))
    }

    deinit { budget.giveBack(reservedBytes) }

    /// Puts the rows in order where that pays. Only before other threads see the table.
    func addRanges(_ matcher: RangeMatcher) { ranges = matcher.index(of: self, budget: budget) }

    /// Rows none of whose keys is null; nil: all rows.
    static func validity(_ columns: [Vector], count: Int) -> Bitmap? {
        var merged: Bitmap?
        for column in columns {
            guard let own = column.validity else { continue }
            let whole = column.form == .constant ? Bitmap(repeating: false, count: count) : own
            merged = Bitmap.intersection(merged, whole)
        }
        return merged
    }

    // MARK: - Building

    private func buildDense() -> Bool {
        guard keyColumns.count == 1, DenseIndex.supports(keyColumns[0].type), rows.count > 0 else {
            return false
        }
        let column = keyColumns[0].flattened()
        guard let (low, span) = DenseIndex.range(column, count: rows.count) else { return false }
        dense = (low, span)
        slots = Buffer.zeroed(byteCount: span * 4)
        switch column.type.physical {
        case .int8: insertDense(Int8.self, column, low)
        case .int16: insertDense(Int16.self, column, low)
        case .int32: insertDense(Int32.self, column, low)
        default: insertDense(Int64.self, column, low)
        }
        return true
    }

    private func insertDense<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ column: Vector, _ low: Int64
    ) {
        let values = column.pointer(as: T.self)
        let heads = slots.pointer(as: UInt32.self)
        let chain = next.pointer(as: UInt32.self)
        let validity = column.validity
        var unique = true
        // Backwards, so that a chain gives its rows in input order.
        var row = rows.count - 1
        while row >= 0 {
            if validity?.isSet(row) ?? true {
                let at = Int(Int64(values[row]) &- low)
                if heads[at] != 0 { unique = false }
                chain[row] = heads[at]
                heads[at] = UInt32(truncatingIfNeeded: row &+ 1)
            }
            row &-= 1
        }
        keysAreUnique = unique
    }

    private func buildHashed(validity: Bitmap?) {
        let chunk = 4096
        let hashes = Buffer(byteCount: chunk * 8)
        let hash = hashes.pointer(as: UInt64.self)
        let words = keys.pointer(as: UInt64.self)
        var end = rows.count
        while end > 0 {
            let start = max(0, end - chunk)
            KeyHash.hash(layout, words + start * layout.wordCount, count: end - start, into: hash)
            insertChunk(start, end, hash, validity)
            end = start
        }
        withExtendedLifetime(hashes) {}
    }

    private func insertChunk(_ start: Int, _ end: Int, _ hash: UnsafePointer<UInt64>, _ validity: Bitmap?) {
        let table = slots.pointer(as: UInt64.self)
        let chain = next.pointer(as: UInt32.self)
        let words = keys.pointer(as: UInt64.self)
        let wordCount = layout.wordCount
        let mask = slotMask
        var row = end - 1
        while row >= start {
            let ahead = row &- 16
            if ahead >= start {
                kernels_prefetch(table + (Int(truncatingIfNeeded: hash[ahead &- start]) & mask))
            }
            if let validity, !validity.isSet(row) {
                row &-= 1
                continue
            }
            let salt = hash[row &- start] & 0xFFFF_FFFF_0000_0000
            var slot = Int(truncatingIfNeeded: hash[row &- start]) & mask
            while true {
                let entry = table[slot]
                if entry == 0 {
                    table[slot] = salt | UInt64(row &+ 1)
                    break
                }
                let head = Int(entry & 0xFFFF_FFFF) &- 1
                if (entry ^ salt) >> 32 == 0,
                    layout.equal(words + row &* wordCount, words + head &* wordCount)
                {
                    chain[row] = UInt32(head &+ 1)
                    table[slot] = salt | UInt64(row &+ 1)
                    keysAreUnique = false
                    break
                }
                slot = (slot &+ 1) & mask
            }
            row &-= 1
        }
    }

    // MARK: - Probing

    /// The row after `row` with the same key, plus 1; 0 at the end.
    @inline(__always)
    var chain: UnsafePointer<UInt32> { UnsafePointer(next.pointer(as: UInt32.self)) }

    /// Writes for each probe row the first build row with its key, plus 1; 0 where there is none.
    func findHeads(
        _ columns: [Vector], count: Int, scratch: JoinScratch, into heads: UnsafeMutablePointer<UInt32>
    ) {
        if columns.count == 1, columns[0].form == .dictionary, let dictionary = columns[0].dictionary,
            dictionary.count <= count
        {
            return findDictionaryHeads(columns[0], dictionary, count: count, scratch: scratch, into: heads)
        }
        if let dense {
            let column = columns[0].flattened()
            switch column.type.physical {
            case .int8: probeDense(Int8.self, column, count, dense, heads)
            case .int16: probeDense(Int16.self, column, count, dense, heads)
            case .int32: probeDense(Int32.self, column, count, dense, heads)
            default: probeDense(Int64.self, column, count, dense, heads)
            }
        } else {
            probeHashed(columns, count: count, scratch: scratch, into: heads)
        }
    }

    private func findDictionaryHeads(
        _ column: Vector, _ dictionary: Vector, count: Int, scratch: JoinScratch,
        into heads: UnsafeMutablePointer<UInt32>
    ) {
        let byCode = Buffer(byteCount: dictionary.count * 4)
        let headOfCode = byCode.pointer(as: UInt32.self)
        findHeads([dictionary], count: dictionary.count, scratch: scratch, into: headOfCode)
        let codes = column.codes
        var row = 0
        while row < count {
            heads[row] = headOfCode[Int(codes[row])]
            row &+= 1
        }
        clearNulls(column.validity, count: count, heads)
        withExtendedLifetime(byCode) {}
    }

    private func clearNulls(_ validity: Bitmap?, count: Int, _ heads: UnsafeMutablePointer<UInt32>) {
        guard let validity else { return }
        let words = validity.words
        var row = 0
        while row < count {
            if (words[row >> 6] >> UInt64(row & 63)) & 1 == 0 { heads[row] = 0 }
            row &+= 1
        }
    }

    private func probeDense<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ column: Vector, _ count: Int, _ range: (base: Int64, span: Int),
        _ heads: UnsafeMutablePointer<UInt32>
    ) {
        let values = column.pointer(as: T.self)
        let table = slots.pointer(as: UInt32.self)
        let span = UInt64(range.span)
        var row = 0
        while row < count {
            let at = UInt64(bitPattern: Int64(values[row]) &- range.base)
            heads[row] = at < span ? table[Int(at)] : 0
            row &+= 1
        }
        clearNulls(column.validity, count: count, heads)
    }

    private func probeHashed(
        _ columns: [Vector], count: Int, scratch: JoinScratch, into heads: UnsafeMutablePointer<UInt32>
    ) {
        let wordCount = layout.wordCount
        scratch.reserve(rows: count, wordCount: wordCount)
        let probe = scratch.words.pointer(as: UInt64.self)
        let hash = scratch.hashes.pointer(as: UInt64.self)
        layout.encode(columns, count: count, into: probe)
        KeyHash.hash(layout, probe, count: count, into: hash)
        let table = slots.pointer(as: UInt64.self)
        let words = keys.pointer(as: UInt64.self)
        let mask = slotMask
        var row = 0
        while row < count {
            if row &+ 16 < count {
                kernels_prefetch(table + (Int(truncatingIfNeeded: hash[row &+ 16]) & mask))
            }
            let salt = hash[row] & 0xFFFF_FFFF_0000_0000
            var slot = Int(truncatingIfNeeded: hash[row]) & mask
            var found: UInt32 = 0
            while true {
                let entry = table[slot]
                if entry == 0 { break }
                let head = Int(entry & 0xFFFF_FFFF)
                if (entry ^ salt) >> 32 == 0,
                    layout.equal(probe + row &* wordCount, words + (head &- 1) &* wordCount)
                {
                    found = UInt32(truncatingIfNeeded: head)
                    break
                }
                slot = (slot &+ 1) & mask
            }
            heads[row] = found
            row &+= 1
        }
        clearNulls(JoinTable.validity(columns, count: count), count: count, heads)
    }
}

/// Holds the memory that one prober needs from batch to batch.
final class JoinScratch {
    fileprivate(set) var words = Buffer(byteCount: 0)
    fileprivate(set) var hashes = Buffer(byteCount: 0)

    init() {}

    /// Makes room for `rows` keys of `wordCount` words.
    func reserve(rows: Int, wordCount: Int) {
        if words.byteCount < rows * wordCount * 8 { words = Buffer(byteCount: rows * wordCount * 8) }
        if hashes.byteCount < rows * 8 { hashes = Buffer(byteCount: rows * 8) }
    }
}
