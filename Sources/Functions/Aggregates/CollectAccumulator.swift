import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Keeps all values of each group: `collect_list`, `collect_set`, `percentile`, `median`, `mode`, and the
/// values of a DISTINCT aggregate. The state is one array per group.
final class CollectAccumulator: Accumulator {
    /// Makes the result of some groups from their values: group i has the rows offsets[i]..<offsets[i + 1] of
    /// `values`.
    typealias Finish = (_ values: Vector, _ offsets: UnsafePointer<Int32>, _ count: Int) throws -> Vector

    private let elementType: DataType
    private let isDistinct: Bool
    private let finish: Finish
    private var chunks: [Vector] = []
    private let owners = GroupArray<UInt32>()
    private var total = 0
    private var groupCount = 0
    private var heldBytes = 0
    /// Rows in the order of their groups, and where each group's begin; nil once values came since.
    private var order: (rows: Buffer, starts: [Int])?
    /// Number of values at which duplicates are looked for again.
    private var nextDeduplication = 1 << 16

    init(element: DataType, distinct: Bool, type: DataType, finish: @escaping Finish) {
        elementType = element
        isDistinct = distinct
        self.finish = finish
        super.init(stateTypes: [.array(element, containsNull: false)], type: type)
    }

    override var memoryBytes: Int {
        owners.memoryBytes + heldBytes + (order.map { $0.rows.byteCount + $0.starts.count * 8 } ?? 0)
    }
    override func resize(groups: Int) { groupCount = max(groupCount, groups) }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        add(groups, vector.flattened(), count)
    }

    private func add(_ groups: UnsafePointer<UInt32>, _ values: Vector, _ count: Int) {
        if count == 0 { return }
        var kept = values
        owners.resize(total + count)
        var n = 0
        if values.hasNulls {
            let rows = Selecting.selectTrue(Logic.isNull(values, null: false, count: count))
            kept = values.gathered(rows.rows, count: rows.count)
            for i in 0..<rows.count { owners.base[total + i] = groups[Int(rows.rows[i])] }
            n = rows.count
            kept = Vector.flat(
                kept.type, count: n, values: kept.values, heaps: kept.heaps, children: kept.children)
        } else {
            for i in 0..<count { owners.base[total + i] = groups[i] }
            n = count
        }
        if n == 0 { return }
        order = nil
        kept = kept.compacted()
        chunks.append(kept)
        heldBytes += kept.retainedBytes
        total += n
        if isDistinct, total >= nextDeduplication { deduplicate() }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let flat = states[0].flattened()
        if flat.isNullConstant { return }
        let offsets = flat.offsets
        let (first, last) = (Int(offsets[0]), Int(offsets[count]))
        let expanded = Buffer(byteCount: max((last - first) * 4, 4))
        let list = expanded.pointer(as: UInt32.self)
        for i in 0..<count {
            for at in Int(offsets[i])..<Int(offsets[i + 1]) { list[at - first] = groups[i] }
        }
        add(list, flat.children[0].sliced(from: first, count: last - first).flattened(), last - first)
    }

    /// Keeps the first of equal values in each group.
    private func deduplicate() {
        guard let all = joined() else { return }
        order = nil
        let owner = owners.vector(.int32, from: 0, count: total)
        let rows = DistinctRows.first(of: [owner, all], count: total)
        let kept = all.gathered(rows.rows, count: rows.count).compacted()
        for i in 0..<rows.count { owners.base[i] = owners.base[Int(rows.rows[i])] }
        chunks = [kept]
        total = rows.count
        heldBytes = kept.retainedBytes
        nextDeduplication = max(1 << 16, total * 2)
    }

    private func joined() -> Vector? {
        if chunks.isEmpty { return nil }
        if chunks.count > 1 { chunks = [Concat.vectors(chunks).flattened()] }
        return chunks[0]
    }

    /// Returns the values of some groups, group by group, in the order in which they came.
    private func grouped(from: Int, count: Int) -> (values: Vector, offsets: Buffer) {
        let offsets = Buffer.zeroed(byteCount: (count + 1) * 4)
        let start = offsets.pointer(as: Int32.self)
        let (rows, starts) = ordered(groups: max(groupCount, from + count))
        guard let all = joined() else { return (.empty(elementType), offsets) }
        let first = starts[from]
        for group in 0...count { start[group] = Int32(starts[from + group] - first) }
        let list = rows.pointer(as: UInt32.self) + first
        return (all.gathered(list, count: Int(start[count])), offsets)
    }

    /// Sorts the values by their groups, once for all calls that give some of them.
    private func ordered(groups: Int) -> (rows: Buffer, starts: [Int]) {
        if let order, order.starts.count > groups { return order }
        if isDistinct { deduplicate() }
        let owner = owners.base
        var starts = [Int](repeating: 0, count: groups + 1)
        for row in 0..<total { starts[Int(owner[row]) + 1] += 1 }
        for group in 0..<groups { starts[group + 1] += starts[group] }
        let rows = Buffer(byteCount: max(total * 4, 4))
        let list = rows.pointer(as: UInt32.self)
        var next = starts
        for row in 0..<total {
            let group = Int(owner[row])
            list[next[group]] = UInt32(row)
            next[group] += 1
        }
        order = (rows, starts)
        return (rows, starts)
    }

    override func states(from: Int, count: Int) -> [Vector] {
        let (values, offsets) = grouped(from: from, count: count)
        return [.flat(stateTypes[0], count: count, values: offsets, children: [values])]
    }

    override func results(from: Int, count: Int) throws -> [Vector] {
        let (values, offsets) = grouped(from: from, count: count)
        return [try finish(values, offsets.pointer(as: Int32.self), count)]
    }
}

/// Finds distinct rows.
enum DistinctRows {
    /// Returns the first row of each set of equal rows, ascending.
    static func first(of columns: [Vector], count: Int) -> Selection {
        let hashBuffer = Hashing.hash(columns, count: count)
        let hashes = hashBuffer.pointer(as: UInt64.self)
        var size = 16
        while size < count * 2 { size *= 2 }
        let table = Buffer.zeroed(byteCount: size * 4)
        let slots = table.pointer(as: UInt32.self)
        let rows = Buffer(byteCount: max(count * 4, 4))
        let out = rows.pointer(as: UInt32.self)
        var n = 0
        for i in 0..<count {
            var slot = Int(truncatingIfNeeded: hashes[i]) & (size - 1)
            while slots[slot] != 0 {
                let other = Int(slots[slot]) - 1
                if hashes[other] == hashes[i],
                    columns.allSatisfy({ Comparing.compareRows($0, i, $0, other) == 0 })
                {
                    break
                }
                slot = (slot + 1) & (size - 1)
            }
            if slots[slot] == 0 {
                slots[slot] = UInt32(i + 1)
                out[n] = UInt32(i)
                n += 1
            }
        }
        return Selection(rows: out, count: n, owner: rows)
    }
}

/// Computes any aggregate over the distinct values of each group: collects them, then feeds them to the
/// aggregate.
final class DistinctAccumulator: Accumulator {
    private let collected: CollectAccumulator
    private let isTuple: Bool

    /// `make` makes the accumulator of the aggregate without DISTINCT.
    init(argumentTypes: [DataType], type: DataType, make: @escaping () throws -> Accumulator) {
        let isTuple = argumentTypes.count > 1
        self.isTuple = isTuple
        let element =
            isTuple
            ? DataType.structure(argumentTypes.enumerated().map { Field("_\($0.offset)", $0.element) })
            : argumentTypes[0]
        collected = CollectAccumulator(element: element, distinct: true, type: type) {
            values, offsets, count in
            let inner = try make()
            inner.resize(groups: count)
            let total = values.count
            let groups = Buffer(byteCount: max(total * 4, 4))
            let list = groups.pointer(as: UInt32.self)
            for i in 0..<count {
                for at in Int(offsets[i])..<Int(offsets[i + 1]) { list[at] = UInt32(i) }
            }
            let arguments = isTuple ? values.children.map { $0.flattened() } : [values]
            if total > 0 { try inner.update(groups: list, arguments: arguments, count: total) }
            return try inner.results(from: 0, count: count)[0]
        }
        super.init(stateTypes: collected.stateTypes, type: type)
    }

    override var memoryBytes: Int { collected.memoryBytes }
    override func resize(groups: Int) { collected.resize(groups: groups) }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        guard isTuple else { return collected.update(groups: groups, arguments: arguments, count: count) }
        // A tuple with a null in it counts nowhere.
        guard case .array(let element, _) = stateTypes[0] else { return }
        if arguments.contains(where: { $0.isNullConstant || $0.type == .null }) { return }
        let children = arguments.map { $0.flattened() }
        var bits: Bitmap?
        for child in children { bits = Bitmap.intersection(bits, child.validity) }
        let tuple = Vector.flat(element, count: count, values: nil, validity: bits, children: children)
        collected.update(groups: groups, arguments: [tuple], count: count)
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        collected.merge(groups: groups, states: states, count: count)
    }
    override func states(from: Int, count: Int) -> [Vector] { collected.states(from: from, count: count) }
    override func results(from: Int, count: Int) throws -> [Vector] {
        try collected.results(from: from, count: count)
    }
}
