import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Holds the state of one aggregate call for any number of groups, in flat arrays indexed by group id. Used
/// by one thread.
package class Accumulator {
    /// Types of the columns that carry partial state between tasks.
    package let stateTypes: [DataType]
    /// Type of the result.
    package let type: DataType

    init(stateTypes: [DataType], type: DataType) {
        self.stateTypes = stateTypes
        self.type = type
    }

    /// Bytes of the state.
    package var memoryBytes: Int { 0 }

    /// Makes room for group ids below `groups`; new groups are empty.
    package func resize(groups: Int) {}

    /// Adds rows: row i of the arguments to group `groups[i]`.
    package func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {}

    /// Adds all rows to group 0.
    package func updateSingle(arguments: [Vector], count: Int) throws {
        let zeros = Buffer.zeroed(byteCount: max(count * 4, 4))
        try update(groups: zeros.pointer(as: UInt32.self), arguments: arguments, count: count)
    }

    /// Adds partial states, as `states` gave them: row i to group `groups[i]`.
    package func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) throws {}

    /// Whether `scan` is there.
    package var scans: Bool { false }

    /// Makes each of some neighbouring groups hold also what those before it in the direction hold (an
    /// inclusive scan): groups of single rows become running aggregates. Only where `scans`.
    package func scan(_ groups: Range<Int>, _ direction: ScanDirection) throws {}

    /// Whether partial states are of a fixed size and may be merged in any order, so that one that stands for
    /// many rows is cheaper than the rows.
    package var mergesInAnyOrder: Bool { scans }

    /// Says whether the other, fed with the same rows, has the same partial states: `sum` and `avg` of one
    /// column do.
    package func hasSameStates(as other: Accumulator) -> Bool { false }

    /// Returns the partial state of `count` groups from `from` on, one vector per state type.
    package func states(from: Int, count: Int) -> [Vector] { [] }

    /// Returns the results of `count` groups from `from` on, in one vector.
    package func results(from: Int, count: Int) throws -> [Vector] { [] }
}

/// The direction in which a scan goes over groups.
package enum ScanDirection {
    case forward, backward

    /// Calls `join` for each pair of neighbours, in the order of the scan: the group `into` takes in what the
    /// group `from` has gathered.
    @inline(__always)
    func scan(_ groups: Range<Int>, _ join: (_ into: Int, _ from: Int) -> Void) {
        let (first, last) = (groups.lowerBound, groups.upperBound - 1)
        switch self {
        case .forward:
            var group = first &+ 1
            while group <= last {
                join(group, group &- 1)
                group &+= 1
            }
        case .backward:
            var group = last &- 1
            while group >= first {
                join(group, group &+ 1)
                group &-= 1
            }
        }
    }
}

/// Holds one value per group in memory that grows by doubling; new values are zero bits.
final class GroupArray<T: BitwiseCopyable> {
    private var buffer: Buffer
    private(set) var base: UnsafeMutablePointer<T>
    private(set) var count = 0
    private var capacity: Int

    init() {
        capacity = 16
        buffer = Buffer.zeroed(byteCount: 16 * MemoryLayout<T>.stride)
        base = buffer.pointer(as: T.self)
    }

    var memoryBytes: Int { buffer.byteCount }

    func resize(_ newCount: Int) {
        if newCount > capacity {
            let next = max(newCount, capacity * 2)
            let stride = MemoryLayout<T>.stride
            Buffer.grow(&buffer, to: next * stride, used: count * stride, zeroing: true)
            base = buffer.pointer(as: T.self)
            capacity = next
        }
        count = max(count, newCount)
    }

    /// Returns a flat vector of some values; `present` tells which are not null.
    func vector(_ type: DataType, from: Int, count: Int, present: GroupArray<UInt8>? = nil) -> Vector {
        let bytes = count * MemoryLayout<T>.stride
        let copy = Buffer(byteCount: max(bytes, 16))
        copy.base.copyMemory(from: base + from, byteCount: bytes)
        return .flat(type, count: count, values: copy, validity: present?.validity(from: from, count: count))
    }
}

extension GroupArray where T == UInt8 {
    /// A bit per value that is not zero.
    func validity(from: Int, count: Int) -> Bitmap {
        let words = Bitmap.makeWords(count)
        let bits = words.pointer(as: UInt64.self)
        var i = 0
        while i < count {
            bits[i &>> 6] |= (base[from &+ i] == 0 ? 0 : 1) &<< UInt64(i & 63)
            i &+= 1
        }
        return Bitmap(words, count: count)
    }
}

/// Tells whether rows are null, in a form that loops use.
struct RowNulls {
    private let words: UnsafeMutablePointer<UInt64>?
    private let bitmap: Bitmap?

    init(_ vectors: [Vector]) {
        var bits: Bitmap?
        for vector in vectors { bits = Bitmap.intersection(bits, vector.validity) }
        bitmap = bits
        words = bits?.words
    }

    var isEmpty: Bool { words == nil }

    @inline(__always)
    func isValid(_ row: Int) -> Bool {
        guard let words else { return true }
        return (words[row &>> 6] &>> UInt64(row & 63)) & 1 == 1
    }
}

/// Counts rows whose arguments are all not null; with no arguments, all rows.
final class CountAccumulator: Accumulator {
    private let counts = GroupArray<Int64>()
    /// For `count_if`: counts only true.
    private let onlyTrue: Bool

    init(onlyTrue: Bool = false) {
        self.onlyTrue = onlyTrue
        super.init(stateTypes: [.int64], type: .int64)
    }

    override var memoryBytes: Int { counts.memoryBytes }
    override func resize(groups: Int) { counts.resize(groups) }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        let out = counts.base
        if arguments.contains(where: { $0.isNullConstant || $0.type == .null }) { return }
        if onlyTrue {
            let rows = Selecting.selectTrue(arguments[0])
            for i in 0..<rows.count { out[Int(groups[Int(rows.rows[i])])] &+= 1 }
            return
        }
        let nulls = RowNulls(arguments.filter { $0.form != .constant })
        var i = 0
        if nulls.isEmpty {
            while i < count {
                out[Int(groups[i])] &+= 1
                i &+= 1
            }
            return
        }
        while i < count {
            out[Int(groups[i])] &+= nulls.isValid(i) ? 1 : 0
            i &+= 1
        }
    }

    override func updateSingle(arguments: [Vector], count: Int) {
        if arguments.contains(where: { $0.isNullConstant || $0.type == .null }) { return }
        if onlyTrue {
            counts.base[0] &+= Int64(Selecting.selectTrue(arguments[0]).count)
            return
        }
        var bits: Bitmap?
        for vector in arguments where vector.form != .constant {
            bits = Bitmap.intersection(bits, vector.validity)
        }
        counts.base[0] &+= Int64(count - (bits?.zeroCount ?? 0))
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        let flat = states[0].flattened()
        let (out, input) = (counts.base, flat.pointer(as: Int64.self))
        var i = 0
        while i < count {
            out[Int(groups[i])] &+= input[i]
            i &+= 1
        }
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        let out = counts.base
        direction.scan(groups) { into, from in out[into] &+= out[from] }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [counts.vector(.int64, from: from, count: count)]
    }
    override func results(from: Int, count: Int) -> [Vector] { states(from: from, count: count) }
}
