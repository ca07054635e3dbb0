import Columns
import Memory

/// Finds, among many values, the next one from a place on that is not below a bound, in steps that grow with
/// the logarithm of the distance.
///
///     level 2:  max of 64 … (at most 8 nodes)
///     level 1:  max of 8 values, …
///     level 0:  the values; each level is padded with the least number to a multiple of 8
///
/// A node's eight children are compared at once. Made once, then only read.
struct MaximumTree {
    private let nodes: Buffer
    /// Where each level begins.
    private let starts: Buffer
    private let depth: Int

    /// Bytes of a tree of `count` values, about.
    static func bytes(_ count: Int) -> Int { count * 10 + 1024 }

    /// Writes the values by `fill`.
    init(count: Int, _ fill: (UnsafeMutablePointer<Int64>) -> Void) {
        var sizes = [MaximumTree.padded(count)]
        while let last = sizes.last, last > 8 { sizes.append(MaximumTree.padded(last / 8)) }
        depth = sizes.count
        nodes = Buffer(byteCount: sizes.reduce(0, +) * 8)
        starts = Buffer(byteCount: sizes.count * 8)
        let all = nodes.pointer(as: Int64.self)
        let begins = starts.pointer(as: Int.self)
        fill(all)
        var (at, used) = (0, count)
        for (level, size) in sizes.enumerated() {
            begins[level] = at
            let values = all + at
            if level > 0 { MaximumTree.raise(all + begins[level - 1], used, values) }
            var i = used
            while i < size {
                values[i] = .min
                i += 1
            }
            at += size
            used = size / 8
        }
    }

    private static func padded(_ count: Int) -> Int { max(8, (count + 7) & ~7) }

    private static func raise(
        _ below: UnsafePointer<Int64>, _ count: Int, _ values: UnsafeMutablePointer<Int64>
    ) {
        var node = 0
        while node < count {
            var most = below[node &* 8]
            var k = 1
            while k < 8 {
                most = max(most, below[node &* 8 &+ k])
                k &+= 1
            }
            values[node] = most
            node &+= 1
        }
    }

    /// Returns a bit for each of eight values, the first one lowest: whether it is at least `bound`.
    @inline(__always)
    private static func mask(_ values: UnsafePointer<Int64>, _ bound: Int64) -> UInt32 {
        var mask: UInt32 = 0
        var i: UInt32 = 0
        while i < 8 {
            mask |= (values[Int(i)] >= bound ? 1 : 0) &<< i
            i &+= 1
        }
        return mask
    }

    /// Returns the first place of `from..<to` whose value is at least `bound`; `to` when there is none.
    @inline(__always)
    func next(from: Int, to: Int, atLeast bound: Int64) -> Int {
        if from >= to { return to }
        let all = UnsafePointer(nodes.pointer(as: Int64.self))
        let begins = UnsafePointer(starts.pointer(as: Int.self))
        var (node, level) = (from, 0)
        while true {
            let siblings = node & ~7
            let open = UInt32(0xFF) &<< UInt32(truncatingIfNeeded: node & 7)
            var mask = MaximumTree.mask(all + begins[level] + siblings, bound) & open
            if mask != 0 {
                node = siblings &+ mask.trailingZeroBitCount
                while level > 0 {
                    level &-= 1
                    mask = MaximumTree.mask(all + begins[level] + node &* 8, bound)
                    node = node &* 8 &+ mask.trailingZeroBitCount
                }
                return min(node, to)
            }
            node = siblings &>> 3 &+ 1
            level &+= 1
            if level == depth || node &<< (3 &* level) >= to { return to }
        }
    }
}
