import CKernels

/// Encodes levels and codes as Parquet's RLE/bit-packed hybrid.
enum LevelEncoder {
    /// Appends the unsigned LEB128 form of a run's header.
    static func putHeader(_ value: UInt64, to out: GrowingBytes) {
        var rest = value
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(rest))
    }

    /// Appends one run of `count` times `value`.
    static func putRepeated(_ value: UInt32, count: Int, width: Int, to out: GrowingBytes) {
        putHeader(UInt64(count) << 1, to: out)
        for byte in 0..<((width + 7) / 8) {
            out.append(UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))))
        }
    }

    /// Appends one bit-packed run of all values; the last group of eight is filled with zeros. `values` has
    /// room for seven more, which are overwritten with zeros.
    static func putPacked(
        _ values: UnsafeMutablePointer<UInt32>, count: Int, width: Int, to out: GrowingBytes
    ) {
        let groups = (count + 7) / 8
        putHeader(UInt64(groups) << 1 | 1, to: out)
        for i in count..<(groups * 8) { values[i] = 0 }
        let target = out.reserve(groups * width + 16).assumingMemoryBound(to: UInt8.self)
        out.commit(Int(parquet_pack(values, Int32(width), target, Int64(groups * 8))))
    }

    /// Appends values as runs where eight or more are equal, bit-packed groups otherwise.
    static func put(_ values: UnsafeMutablePointer<UInt32>, count: Int, width: Int, to out: GrowingBytes) {
        var start = 0
        var at = 0
        while at < count {
            var end = at + 1
            while end < count, values[end] == values[at] { end += 1 }
            // A run begins where the packed groups before it are full.
            let odd = (8 - (at - start) & 7) & 7
            if end - at - odd >= 8 {
                let begin = at + odd
                if begin > start { putPackedPart(values + start, begin - start, width, out) }
                putRepeated(values[at], count: end - begin, width: width, to: out)
                start = end
            }
            at = end
        }
        if count > start { putPackedPart(values + start, count - start, width, out) }
    }

    private static func putPackedPart(
        _ values: UnsafeMutablePointer<UInt32>, _ count: Int, _ width: Int, _ out: GrowingBytes
    ) {
        var copy = [UInt32](unsafeUninitializedCapacity: count + 8) { buffer, used in
            for i in 0..<count { buffer[i] = values[i] }
            for i in count..<(count + 8) { buffer[i] = 0 }
            used = count + 8
        }
        copy.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { putPacked(base, count: count, width: width, to: out) }
        }
    }
}
