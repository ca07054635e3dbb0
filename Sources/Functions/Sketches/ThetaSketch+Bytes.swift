import Vocabulary

/// Reads and writes theta sketches in DataSketches' compact form; in the compressed one where it holds two
/// hashes or more:
///
///     compressed | words before 1 | 4 | family 3 | bits 1 | width 1 | flags 1 | mark 2 | theta 8, if not
///     whole
///                | number of hashes, width bytes | differences of the sorted hashes, bits each, high first |
///     plain      | words before 1 | 3 | family 3 | 0 | 0 | flags 1 | mark 2 | number 4, 1.0 4 | theta 8 |
///     hashes |
extension ThetaSketch {
    private enum Flag {
        static let readOnly: UInt8 = 2
        static let empty: UInt8 = 4
        static let compact: UInt8 = 8
        static let ordered: UInt8 = 16
        static let single: UInt8 = 32
    }

    private static let family: UInt8 = 3

    private static func put(_ number: UInt64, _ width: Int, _ out: inout [UInt8]) {
        for place in 0..<width { out.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
    }

    /// The sketch in bytes, with at most k hashes.
    var bytes: [UInt8] {
        var sketch = self
        sketch.shrink()
        let flags = Flag.readOnly | Flag.compact | Flag.ordered
        let mark = UInt64(SketchHash.seedMark)
        if sketch.isEmpty { return [1, 3, Self.family, 0, 0, flags | Flag.empty, 0, 0] }
        let sorted = sketch.hashes.sorted()
        let isWhole = sketch.theta == Self.whole
        if sorted.isEmpty || sorted.count == 1 && isWhole {
            var out: [UInt8] = [isWhole ? 1 : 3, 3, Self.family, 0, 0, flags | (isWhole ? Flag.single : 0)]
            Self.put(mark, 2, &out)
            if !isWhole {
                Self.put(UInt64(sorted.count), 4, &out)
                Self.put(UInt64(Float(1).bitPattern), 4, &out)
                Self.put(sketch.theta, 8, &out)
            }
            for hash in sorted { Self.put(hash, 8, &out) }
            return out
        }
        return Self.compressed(sorted, isWhole ? nil : sketch.theta, flags)
    }

    private static func compressed(_ sorted: [UInt64], _ theta: UInt64?, _ flags: UInt8) -> [UInt8] {
        var union: UInt64 = 0
        var last: UInt64 = 0
        for hash in sorted {
            union |= hash - last
            last = hash
        }
        let bits = 64 - union.leadingZeroBitCount
        let width = (Int.bitWidth - sorted.count.leadingZeroBitCount + 7) / 8
        var out: [UInt8] = [theta == nil ? 1 : 2, 4, family, UInt8(bits), UInt8(width), flags]
        put(UInt64(SketchHash.seedMark), 2, &out)
        if let theta { put(theta, 8, &out) }
        put(UInt64(sorted.count), width, &out)
        var (pending, count): (UInt8, Int) = (0, 0)
        last = 0
        for hash in sorted {
            let difference = hash - last
            last = hash
            for place in (0..<bits).reversed() {
                pending = pending << 1 | UInt8(truncatingIfNeeded: difference >> UInt64(place) & 1)
                count += 1
                if count == 8 {
                    out.append(pending)
                    (pending, count) = (0, 0)
                }
            }
        }
        if count > 0 { out.append(pending << UInt8(8 - count)) }
        return out
    }

    /// Reads a sketch; nil for bytes that are none of the default seed.
    init?(_ bytes: [UInt8], logK: Int) {
        guard bytes.count >= 8, bytes[2] == Self.family, (1...3).contains(bytes[0] & 63) else { return nil }
        func number(_ at: Int, _ width: Int) -> UInt64? {
            guard at + width <= bytes.count else { return nil }
            return (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
        }
        if bytes[5] & Flag.empty != 0 {
            self.init(logK: logK)
            return
        }
        guard number(6, 2) == UInt64(SketchHash.seedMark), bytes[5] & Flag.compact != 0 else { return nil }
        let words = Int(bytes[0] & 63)
        var theta: UInt64? = Self.whole
        var found: [UInt64]?
        switch bytes[1] {
        case 3:
            if words == 3 { theta = number(16, 8) }
            let count = words == 1 ? 1 : number(8, 4)
            if let count, count <= UInt64(bytes.count / 8) {
                found = (0..<Int(count)).compactMap { number(words * 8 + $0 * 8, 8) }
                if found?.count != Int(count) { found = nil }
            }
        case 4:
            if words > 1 { theta = number(8, 8) }
            found = Self.unpacked(bytes, from: words * 8)
        default: return nil
        }
        guard let theta, let found, theta <= Self.whole else { return nil }
        self.init(logK: logK, theta: theta, hashes: Set(found), isEmpty: false)
    }

    private static func unpacked(_ bytes: [UInt8], from start: Int) -> [UInt64]? {
        let (bits, width) = (Int(bytes[3]), Int(bytes[4]))
        guard (1...63).contains(bits), (1...4).contains(width), start + width <= bytes.count else {
            return nil
        }
        var count = 0
        for place in 0..<width { count |= Int(bytes[start + place]) << (8 * place) }
        let first = start + width
        guard count * bits <= (bytes.count - first) * 8 else { return nil }
        var hashes: [UInt64] = []
        var (last, at): (UInt64, Int) = (0, 0)
        for _ in 0..<count {
            var difference: UInt64 = 0
            for _ in 0..<bits {
                let bit = (bytes[first + (at >> 3)] >> UInt8(7 - (at & 7))) & 1
                difference = difference << 1 | UInt64(bit)
                at += 1
            }
            last = last &+ difference
            hashes.append(last)
        }
        return hashes
    }
}
