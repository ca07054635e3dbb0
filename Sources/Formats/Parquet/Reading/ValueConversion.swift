import CKernels
import Columns

extension ValueConversion {
    /// Bytes of one stored value of fixed width; 0 for byte arrays.
    static func storedWidth(of leaf: ParquetLeaf) -> Int {
        switch leaf.physical {
        case .boolean: 1
        case .int32, .float: 4
        case .int64, .double: 8
        case .int96: 12
        case .fixedByteArray: leaf.length
        case .byteArray: 0
        }
    }

    /// Converts `count` stored values of fixed `width` at `input`, not necessarily aligned, into `output`.
    /// Returns false when a value does not fit.
    func convert(
        _ input: UnsafePointer<UInt8>, count: Int, width: Int, to output: UnsafeMutableRawPointer
    ) -> Bool {
        let raw = UnsafeRawPointer(input)
        switch self {
        case .none: output.copyMemory(from: raw, byteCount: count * width)
        case .int32ToInt8: map(raw, output, count) { (v: Int32) in Int8(truncatingIfNeeded: v) }
        case .int32ToInt16: map(raw, output, count) { (v: Int32) in Int16(truncatingIfNeeded: v) }
        case .uint32ToInt64: map(raw, output, count) { (v: UInt32) in Int64(v) }
        case .int32ToInt64: map(raw, output, count) { (v: Int32) in Int64(v) }
        case .int32ToInt128: map(raw, output, count) { (v: Int32) in Int128(v) }
        case .int64ToInt128: map(raw, output, count) { (v: Int64) in Int128(v) }
        case .uint64ToInt128: map(raw, output, count) { (v: UInt64) in Int128(v) }
        case .milliseconds: map(raw, output, count) { (v: Int64) in v &* 1000 }
        case .nanoseconds: map(raw, output, count) { (v: Int64) in v / 1000 &- (v % 1000 < 0 ? 1 : 0) }
        case .clockMilliseconds:
            return clock(raw, output, count, unitsPerDay: 86_400_000) { (v: Int32) in Int64(v) &* 1_000_000 }
        case .clockMicroseconds:
            return clock(raw, output, count, unitsPerDay: 86_400_000_000) { (v: Int64) in v &* 1_000 }
        case .clockNanoseconds:
            return clock(raw, output, count, unitsPerDay: 86_400_000_000_000) { (v: Int64) in v &- v % 1_000 }
        case .int96: parquet_int96(input, Int64(count), output.assumingMemoryBound(to: Int64.self))
        case .bigEndianToInt64:
            return parquet_big_endian_64(
                input, Int32(width), Int64(count), output.assumingMemoryBound(to: Int64.self)) == 0
        case .bigEndianToInt128: return parquet_big_endian_128(input, Int32(width), Int64(count), output) == 0
        case .float16: map(raw, output, count) { (v: UInt16) in ValueConversion.float(half: v) }
        case .fixedToView:
            let views = output.assumingMemoryBound(to: UInt64.self)
            var i = 0
            while i < count {
                parquet_view(input + i &* width, UInt32(width), views + 2 &* i)
                i &+= 1
            }
        case .bytesToInt64, .bytesToInt128: return false
        }
        return true
    }

    /// Converts byte arrays that hold decimals. Returns false when one does not fit.
    func convert(
        views: UnsafePointer<StringView>, count: Int, to output: UnsafeMutableRawPointer
    ) -> Bool {
        var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        return withUnsafeMutableBytes(of: &bytes) { space -> Bool in
            guard let short = space.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
            for i in 0..<count {
                let view = views[i]
                var input = UnsafePointer(short)
                if view.isInline {
                    view.copyBytes(to: short)
                } else {
                    input = view.address.assumingMemoryBound(to: UInt8.self)
                }
                let width = Int32(view.count)
                let failed =
                    self == .bytesToInt64
                    ? parquet_big_endian_64(input, width, 1, output.assumingMemoryBound(to: Int64.self) + i)
                    : parquet_big_endian_128(input, width, 1, output + 16 * i)
                if failed != 0 { return false }
            }
            return true
        }
    }

    @inline(__always)
    private func map<A, B>(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int, _ transform: (A) -> B
    ) {
        let out = output.assumingMemoryBound(to: B.self)
        let stride = MemoryLayout<A>.size
        var i = 0
        while i < count {
            out[i] = transform(input.loadUnaligned(fromByteOffset: i &* stride, as: A.self))
            i &+= 1
        }
    }

    /// Converts times of day. Returns false where one lies outside of the day.
    @inline(__always)
    private func clock<A: FixedWidthInteger & SignedInteger>(
        _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int, unitsPerDay: A,
        _ transform: (A) -> Int64
    ) -> Bool {
        var isOutside = false
        map(input, output, count) { (v: A) in
            isOutside = isOutside || v < 0 || v >= unitsPerDay
            return transform(v)
        }
        return !isOutside
    }

    /// Widens an IEEE half-precision number.
    private static func float(half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10) & 31
        let fraction = UInt32(half) & 0x3FF
        if exponent == 31 { return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13) }
        if exponent == 0 {
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        }
        return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}
