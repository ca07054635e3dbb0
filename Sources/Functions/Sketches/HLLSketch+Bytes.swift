import Vocabulary

/// Writes HyperLogLog sketches in DataSketches' updatable form, with a byte for each register, and reads them
/// in all its forms. Numbers are little-endian:
///
///     | ints before data 1 | 1 | family 7 | logK | log of the places | flags | coupons of a list | mode |
///     list       2 ints: | coupons, 4 each |
///     table      3 ints: | number of coupons 4 | coupons, 4 each |
///     registers 10 ints: | HIP 8 | sum of the low 8 | of the high 8 | zeros 4 | exceptions 4 | registers |
///
/// A compact sketch of coupons leaves free places out. Registers of four bits count from a least value (in
/// the place of a list's number), and 15 stands for an exception: a coupon behind the registers. Those of six
/// bits are packed low first.
extension HLLSketch {
    private enum Flag {
        static let empty: UInt8 = 4
        static let compact: UInt8 = 8
        static let united: UInt8 = 16
    }

    private static let family: UInt8 = 7
    private static let ofBytes: UInt8 = 8
    private static let headBytes = 40

    private static func put(_ number: UInt64, _ width: Int, _ out: inout [UInt8]) {
        for place in 0..<width { out.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
    }

    /// The sketch in bytes.
    var bytes: [UInt8] {
        let size = UInt8(logK)
        if !registers.isEmpty {
            let flags = isUnited ? Flag.united : 0
            var out: [UInt8] = [10, 1, Self.family, size, 0, flags, 0, Self.ofBytes | 2]
            for number in [hip, sums.low, sums.high] { Self.put(number.bitPattern, 8, &out) }
            Self.put(UInt64(zeroCount), 4, &out)
            Self.put(0, 4, &out)
            return out + registers
        }
        var out: [UInt8]
        var places = coupons
        if isTable {
            let log = UInt8(coupons.count.trailingZeroBitCount)
            out = [3, 1, Self.family, size, log, 0, 0, Self.ofBytes | 1]
            Self.put(UInt64(couponCount), 4, &out)
        } else {
            let flags = isEmpty ? Flag.empty : 0
            out = [2, 1, Self.family, size, 3, flags, UInt8(couponCount), Self.ofBytes]
            places += Array(repeating: 0, count: Self.listSize - places.count)
        }
        for coupon in places { Self.put(UInt64(coupon), 4, &out) }
        return out
    }

    /// Reads a sketch; nil for bytes that are none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 8, bytes[1] == 1, bytes[2] == Self.family, Self.sizes.contains(Int(bytes[3]))
        else { return nil }
        let mode = bytes[7] & 3
        guard bytes[0] == [2, 3, 10, 0][Int(mode)] else { return nil }
        if mode == 2 {
            guard let sketch = Self.ofRegisters(bytes) else { return nil }
            self = sketch
            return
        }
        self.init(logK: Int(bytes[3]))
        if bytes[5] & Flag.empty != 0 { return }
        let isCompact = bytes[5] & Flag.compact != 0
        let start = mode == 0 ? 8 : 12
        guard bytes.count >= start else { return nil }
        let count = mode == 0 ? Int(bytes[6]) : Self.word(bytes, 8)
        guard !isCompact || bytes.count >= start + 4 * count else { return nil }
        let end = isCompact ? start + 4 * count : bytes.count - (bytes.count - start) % 4
        for at in stride(from: start, to: end, by: 4) {
            let coupon = Self.word(bytes, at)
            if coupon != 0 { insert(UInt32(coupon)) }
        }
        let known = registers.isEmpty ? couponCount : count
        guard known == count else { return nil }
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    private static func ofRegisters(_ bytes: [UInt8]) -> HLLSketch? {
        let logK = Int(bytes[3])
        let count = 1 << logK
        let width = [4, 6, 8, 0][Int(bytes[7] >> 2 & 3)]
        guard width > 0, bytes.count >= headBytes + (count * width + 7) / 8 else { return nil }
        var registers = [UInt8](repeating: 0, count: count)
        for address in 0..<count {
            let bit = address * width
            let at = headBytes + bit >> 3
            let pair = Int(bytes[at]) | (at + 1 < bytes.count ? Int(bytes[at + 1]) << 8 : 0)
            registers[address] = UInt8(pair >> (bit & 7) & (1 << width - 1))
        }
        if width == 4 { readExceptions(bytes, headBytes + count / 2, &registers) }
        guard registers.allSatisfy({ $0 < 64 }) else { return nil }
        let bits = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[8 + $1]) << UInt64(8 * $1) }
        return HLLSketch(
            logK: logK, registers: registers, hip: Double(bitPattern: bits),
            isUnited: bytes[5] & Flag.united != 0)
    }

    private static func readExceptions(_ bytes: [UInt8], _ start: Int, _ registers: inout [UInt8]) {
        let least = bytes[6] & 63
        for address in registers.indices where registers[address] < 15 { registers[address] += least }
        for at in stride(from: start, to: bytes.count - 3, by: 4) {
            let coupon = word(bytes, at)
            if coupon != 0 { registers[coupon & (registers.count - 1)] = UInt8(coupon >> 26) }
        }
    }
}
