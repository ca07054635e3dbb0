import CKernels
import Columns
import Kernels
import Memory
import Vocabulary

/// Numbers the distinct keys of a stream of rows: the hash table of grouping and DISTINCT.
///
/// Three ways to find a row's group, chosen by what the keys are:
///   - one integer column whose values lie close together: an array indexed by value (`dense`);
///   - dictionary codes: an array by code, kept while the dictionaries stay the same (`CodeCache`);
///   - anything else: open addressing over laid-out keys, with part of the hash in the slot.
/// Groups are numbered from 0 in order of first appearance. Used by one thread.
final class GroupTable {
    let layout: KeyLayout
    private(set) var groupCount = 0
    /// Keys of the groups, `groupCount` × `wordCount` words.
    private(set) var keys: Buffer
    private var keyCapacity: Int
    /// Bytes of long strings that keys point to.
    private var arena = StringArena()
    /// Group of the null key of a single-column layout.
    private(set) var nullGroup: UInt32?

    /// Slots: high half of the hash, then group + 1; 0 is empty. A power of two of them.
    private var slots: Buffer
    private var slotMask: Int
    private var dense: DenseIndex?
    private var denseIsPossible: Bool
    private var codeCache = CodeCache()

    private var words = Buffer(byteCount: 0)
    private var hashes = Buffer(byteCount: Limits.batchRows * 8)

    init(types: [DataType]) {
        layout = KeyLayout(types: types)
        keyCapacity = 1024
        keys = Buffer(byteCount: keyCapacity * layout.wordCount * 8)
        slots = Buffer.zeroed(byteCount: 2048 * 8)
        slotMask = 2047
        denseIsPossible = types.count == 1 && DenseIndex.supports(types[0])
    }

    /// Bytes that the table holds.
    var memoryBytes: Int {
        keys.byteCount + slots.byteCount + arena.byteCount + (dense?.byteCount ?? 0)
    }

    /// Finds or makes the group of each row and writes its number to `groups`.
    func assignGroups(_ columns: [Vector], count: Int, into groups: UnsafeMutablePointer<UInt32>) {
        if codeCache.prepare(columns) {
            return codeCache.assign(columns, count: count, into: groups) { self.groupOfRow(columns, $0) }
        }
        if denseIsPossible, assignDense(columns[0], count: count, into: groups) { return }
        assignHashed(columns, count: count, into: groups)
    }

    /// Finds or makes the group of a single row.
    private func groupOfRow(_ columns: [Vector], _ row: Int) -> UInt32 {
        var group: UInt32 = 0
        let single = columns.map { $0.singleRow(row) }
        if denseIsPossible, assignDense(single[0], count: 1, into: &group) { return group }
        assignHashed(single, count: 1, into: &group)
        return group
    }

    // MARK: - Dense

    private func assignDense(_ source: Vector, count: Int, into groups: UnsafeMutablePointer<UInt32>) -> Bool
    {
        let column = source.form == .flat ? source : source.flattened()
        if dense == nil {
            // Existing groups came from single rows or other forms: they must be in the index as well.
            if groupCount > 0 && !(groupCount == 1 && nullGroup != nil) {
                denseIsPossible = false
                return false
            }
            dense = DenseIndex(layout.types[0])
        }
        guard let dense, dense.cover(column, count: count, groups: groupCount) else {
            self.dense = nil
            denseIsPossible = false
            rebuildSlots(capacity: slotCapacity(for: groupCount + count))
            return false
        }
        reserve(count)
        let hasNulls = column.validity != nil
        groupCount = dense.assign(
            column, count: count, groupCount: groupCount, keys: keys.pointer(as: UInt64.self), into: groups)
        if hasNulls { assignNulls(column, count: count, into: groups) }
        return true
    }

    private func assignNulls(_ column: Vector, count: Int, into groups: UnsafeMutablePointer<UInt32>) {
        guard let validity = column.validity else { return }
        var row = 0
        while row < count {
            if !validity.isSet(column.form == .constant ? 0 : row) { groups[row] = groupOfNull() }
            row &+= 1
        }
    }

    private func groupOfNull() -> UInt32 {
        if let nullGroup { return nullGroup }
        reserve(1)
        let group = UInt32(groupCount)
        let key = keys.pointer(as: UInt64.self) + groupCount * layout.wordCount
        key.update(repeating: 0, count: layout.wordCount)
        groupCount += 1
        nullGroup = group
        return group
    }

    // MARK: - Hashed

    private func assignHashed(_ columns: [Vector], count: Int, into groups: UnsafeMutablePointer<UInt32>) {
        let wordCount = layout.wordCount
        if words.byteCount < count * wordCount * 8 { words = Buffer(byteCount: count * wordCount * 8) }
        if hashes.byteCount < count * 8 { hashes = Buffer(byteCount: count * 8) }
        let rows = words.pointer(as: UInt64.self)
        let hash = hashes.pointer(as: UInt64.self)
        layout.encode(columns, count: count, into: rows)
        KeyHash.hash(layout, rows, count: count, into: hash)
        reserve(count)
        if groupCount + count > (slotMask + 1) / 2 {
            rebuildSlots(capacity: slotCapacity(for: groupCount + count))
        }
        let nulls = columns.count == 1 ? columns[0].validity : nil
        let nullsAreConstant = columns[0].form == .constant
        let table = slots.pointer(as: UInt64.self)
        let mask = slotMask
        let keyWords = keys.pointer(as: UInt64.self)
        var row = 0
        while row < count {
            if row &+ 16 < count {
                kernels_prefetch(table + (Int(truncatingIfNeeded: hash[row &+ 16]) & mask))
                // The slot of a nearer row is here by now, and says where its key probably is.
                let entry = table[Int(truncatingIfNeeded: hash[row &+ 8]) & mask]
                if entry != 0, (entry ^ hash[row &+ 8]) >> 32 == 0 {
                    kernels_prefetch(keyWords + (Int(entry & 0xFFFF_FFFF) &- 1) &* wordCount)
                }
            }
            if let nulls, !nulls.isSet(nullsAreConstant ? 0 : row) {
                groups[row] = groupOfNull()
                row &+= 1
                continue
            }
            let key = UnsafePointer(rows + row &* wordCount)
            let salt = hash[row] & 0xFFFF_FFFF_0000_0000
            var slot = Int(truncatingIfNeeded: hash[row]) & mask
            while true {
                let entry = table[slot]
                if entry == 0 {
                    groups[row] = UInt32(groupCount)
                    insert(key, into: keyWords + groupCount &* wordCount)
                    table[slot] = salt | UInt64(groupCount &+ 1)
                    groupCount &+= 1
                    break
                }
                if (entry ^ salt) >> 32 == 0 {
                    let group = Int(entry & 0xFFFF_FFFF) &- 1
                    if layout.equal(key, keyWords + group &* wordCount) {
                        groups[row] = UInt32(truncatingIfNeeded: group)
                        break
                    }
                }
                slot = (slot &+ 1) & mask
            }
            row &+= 1
        }
    }

    private func insert(_ key: UnsafePointer<UInt64>, into target: UnsafeMutablePointer<UInt64>) {
        var word = 0
        while word < layout.wordCount {
            target[word] = key[word]
            word &+= 1
        }
        for column in layout.viewColumns {
            let at = layout.slots[column].byteOffset / 8
            let view = StringView(head: key[at], tail: key[at + 1])
            if !view.isInline { target[at + 1] = arena.copy(view).tail }
        }
    }

    /// Makes room for `more` further groups (and one for null).
    private func reserve(_ more: Int) {
        let needed = groupCount + more + 1
        if needed <= keyCapacity { return }
        keyCapacity = max(needed, keyCapacity * 2)
        let rowBytes = layout.wordCount * 8
        Buffer.grow(&keys, to: keyCapacity * rowBytes, used: groupCount * rowBytes, zeroing: false)
    }

    private func slotCapacity(for groups: Int) -> Int {
        var capacity = 2048
        while capacity < groups * 2 { capacity *= 2 }
        return capacity
    }

    /// Makes the slots anew from the keys of all groups.
    private func rebuildSlots(capacity: Int) {
        slots = Buffer.zeroed(byteCount: capacity * 8)
        slotMask = capacity - 1
        let table = slots.pointer(as: UInt64.self)
        let mask = slotMask
        let chunk = 4096
        // A buffer of its own: the caller may be in the middle of the shared one.
        let scratch = Buffer(byteCount: chunk * 8)
        let hash = scratch.pointer(as: UInt64.self)
        var start = 0
        while start < groupCount {
            let count = min(chunk, groupCount - start)
            KeyHash.hash(
                layout, keys.pointer(as: UInt64.self) + start * layout.wordCount, count: count, into: hash)
            var i = 0
            while i < count {
                let group = start &+ i
                if nullGroup.map({ Int($0) == group }) != true {
                    var slot = Int(truncatingIfNeeded: hash[i]) & mask
                    while table[slot] != 0 { slot = (slot &+ 1) & mask }
                    table[slot] = (hash[i] & 0xFFFF_FFFF_0000_0000) | UInt64(group &+ 1)
                }
                i &+= 1
            }
            start += count
        }
        withExtendedLifetime(scratch) {}
    }

    /// Returns the key columns of groups `from ..< from + count`.
    func keyColumns(from: Int, count: Int) -> [Vector] {
        layout.types.indices.map { column in
            layout.decode(
                column, rows: keys.pointer(as: UInt64.self) + from * layout.wordCount, count: count,
                heaps: arena.heaps, nullRow: layout.types.count == 1 ? nullGroup.map { Int($0) - from } : nil)
        }
    }
}
