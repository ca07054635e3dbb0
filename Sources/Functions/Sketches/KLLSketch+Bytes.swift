import Foundation
import Kernels

// The bytes of Apache DataSketches' compact KLL sketches, least significant byte first:
//
//     0        words before the items: 2 for no item or one, else 5
//     1        2 for one item, else 1
//     2        15, the family
//     3        flags: 1 empty, 2 level 0 sorted, 4 one item
//     4..5     size        6   least capacity of a level        7   unused
//     8..15    count       16..17   least size      18   levels      19   unused       (not for 0 or 1 items)
//     20…      where each level begins, from the free room on; minimum; maximum; the items
extension KLLSketch {
    private static let family: UInt8 = 15

    var bytes: [UInt8] {
        var out: [UInt8] = [
            count > 1 ? 5 : 2, count == 1 ? 2 : 1, Self.family, count == 0 ? 1 : count == 1 ? 4 : 0,
        ]
        Self.put(UInt64(size), 2, &out)
        out += [UInt8(Self.leastCapacity), 0]
        if count == 0 { return out }
        if count == 1 {
            put(minimum, &out)
            return out
        }
        Self.put(UInt64(bitPattern: count), 8, &out)
        Self.put(UInt64(leastSize), 2, &out)
        out += [UInt8(levels.count), 0]
        var begin = capacity - retained
        for level in levels {
            Self.put(UInt64(begin), 4, &out)
            begin += level.count
        }
        put(minimum, &out)
        put(maximum, &out)
        for item in levels[0].reversed() { put(item, &out) }
        for level in levels.dropFirst() { for item in level { put(item, &out) } }
        return out
    }

    private static func put(_ value: UInt64, _ width: Int, _ out: inout [UInt8]) {
        for byte in 0..<width { out.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))) }
    }

    private func put(_ item: Int64, _ out: inout [UInt8]) {
        switch kind {
        case .bigint: Self.put(UInt64(bitPattern: item), 8, &out)
        case .double: Self.put(Self.number(item).bitPattern, 8, &out)
        case .float: Self.put(UInt64(Float(Self.number(item)).bitPattern), 4, &out)
        }
    }

    /// Reads a sketch; nil where the bytes are none.
    init?(_ kind: Kind, _ bytes: [UInt8]) {
        func word(_ place: Int, _ width: Int) -> UInt64 {
            (0..<width).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
        }
        func item(_ place: Int) -> Int64? {
            switch kind {
            case .bigint: Int64(bitPattern: word(place, 8))
            case .double: Self.item(Double(bitPattern: word(place, 8)))
            case .float: Self.item(Double(Float(bitPattern: UInt32(word(place, 4)))))
            }
        }
        guard bytes.count >= 8, bytes[2] == Self.family, bytes[6] == UInt8(Self.leastCapacity) else {
            return nil
        }
        let size = Int(word(4, 2))
        guard Self.sizes.contains(size) else { return nil }
        switch (bytes[0], bytes[1]) {
        case (2, 1) where bytes[3] & 1 == 1:
            self.init(kind, size: size)
            return
        case (2, 2):
            guard bytes.count >= 8 + kind.itemBytes, let only = item(8) else { return nil }
            self.init(kind, size: size)
            add(only)
            return
        case (5, 1) where bytes.count >= 20: break
        default: return nil
        }
        let (count, levels) = (word(8, 8), Int(bytes[18]))
        guard (1...60).contains(levels), count > 0, count < 1 << 58,
            Self.sizes.contains(Int(word(16, 2)))
        else { return nil }
        let first = 20 + 4 * levels
        guard bytes.count >= first else { return nil }
        let begins = (0..<levels).map { Int(word(20 + 4 * $0, 4)) } + [Self.capacity(size, levels: levels)]
        let held = begins[levels] - begins[0]
        guard zip(begins, begins.dropFirst()).allSatisfy({ $0 <= $1 }),
            bytes.count >= first + (2 + held) * kind.itemBytes,
            let minimum = item(first), let maximum = item(first + kind.itemBytes)
        else { return nil }
        var place = first + 2 * kind.itemBytes
        var items: [[Int64]] = []
        var weight: UInt64 = 0
        for level in 0..<levels {
            var list: [Int64] = []
            for _ in begins[level]..<begins[level + 1] {
                guard let item = item(place) else { return nil }
                list.append(item)
                place += kind.itemBytes
            }
            if level == 0 { list.reverse() } else { list.sort() }
            items.append(list)
            let (share, isOver) = UInt64(list.count).multipliedReportingOverflow(by: 1 << UInt64(level))
            // Sums of shares below 2^58, of which there are 60 at most, are numbers of 64 bits.
            if isOver || share > count { return nil }
            weight &+= share
        }
        guard weight == count else { return nil }
        self.init(
            kind, size: size, leastSize: Int(word(16, 2)), count: Int64(count), levels: items,
            minimum: minimum, maximum: maximum)
    }

    // MARK: Summary

    /// The sketch in words, as `KllSketch.toString` has them.
    var summary: String {
        let overhead = 20 + 4 * levels.count
        let stored =
            count == 0
            ? 8 : count == 1 ? 8 + kind.itemBytes : overhead + (2 + retained) * kind.itemBytes
        let lines = [
            ("K", "\(size)"), ("Dynamic min K", "\(leastSize)"), ("M", "\(Self.leastCapacity)"),
            ("N", "\(count)"), ("Epsilon", Self.percent(error(2.296, 0.9723))),
            ("Epsilon PMF", Self.percent(error(2.446, 0.9433))), ("Empty", "\(count == 0)"),
            ("Estimation Mode", "\(isEstimating)"), ("Levels", "\(levels.count)"),
            ("Level 0 Sorted", "false"),
            ("Capacity Items", "\(capacity)"), ("Retained Items", "\(retained)"),
            ("Free Space", "\(capacity - retained)"), ("ReadOnly", "false"),
            ("Updatable Storage Bytes", "\(overhead + 4 + (capacity + 2) * kind.itemBytes)"),
            ("Compact Storage Bytes", "\(stored)"), ("Min Item", text(minimum)), ("Max Item", text(maximum)),
        ]
        let name = [Kind.bigint: "Longs", .double: "Doubles", .float: "Floats"][kind] ?? ""
        let body = lines.map { key, value in
            "   \(key)\(String(repeating: " ", count: max(0, 23 - key.count))): \(value)\n"
        }
        return "\n### KllKll\(name)Sketch Summary:\n\(body.joined())### End sketch summary\n"
    }

    private func text(_ item: Int64) -> String {
        if count == 0 { return "NaN" }
        return switch kind {
        case .bigint: "\(item)"
        case .double: NumberText.text(Self.number(item))
        case .float: NumberText.text(Float(Self.number(item)))
        }
    }

    /// How far a rank may be off, with 99 percent of confidence.
    private func error(_ factor: Double, _ exponent: Double) -> Double {
        factor / pow(Double(leastSize), exponent)
    }

    /// Writes a share in percent, with three digits behind the point.
    private static func percent(_ share: Double) -> String {
        let thousandths = Int((share * 100_000).rounded())
        let rest = "\(thousandths % 1000)"
        return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)%"
    }
}
