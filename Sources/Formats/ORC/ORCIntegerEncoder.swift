import Memory

/// Encodes integers by runs of at most 512 with the run length encoding of version 2: a value that repeats,
/// equal or growing steps, or numbers of as many bits as the largest needs. Used by one thread.
final class ORCIntegerEncoder {
    let out = GrowingBytes(capacity: 1024)
    private let isSigned: Bool
    private let buffer = Buffer(byteCount: ORCIntegerEncoder.runValues * 8)
    private var count = 0

    private static let runValues = 512

    init(isSigned: Bool) { self.isSigned = isSigned }

    /// Bytes so far, those of the open run included.
    var byteCount: Int { out.count + count * 8 }

    @inline(__always)
    func append(_ value: Int64) {
        buffer.pointer(as: Int64.self)[count] = value
        count &+= 1
        if count == ORCIntegerEncoder.runValues { flush() }
    }

    /// Encodes the open run.
    func flush() {
        if count == 0 { return }
        let values = buffer.pointer(as: Int64.self)
        defer { count = 0 }
        if count >= 3, putDelta(values) { return }
        putDirect(values)
    }

    private func encoded(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: isSigned ? (value << 1) ^ (value >> 63) : value)
    }

    /// Writes a run whose values all grow, all shrink or are all equal; false when they do neither, or when
    /// their steps need as many bits as they do.
    private func putDelta(_ values: UnsafeMutablePointer<Int64>) -> Bool {
        let first = values[0]
        let (delta, overflow) = values[1].subtractingReportingOverflow(first)
        if overflow { return false }
        var isFixed = true
        var steps: UInt64 = 0
        var bits = encoded(first) | encoded(values[1])
        var place = 2
        while place < count {
            let (step, overflow) = values[place].subtractingReportingOverflow(values[place - 1])
            if overflow || (delta < 0 ? step > 0 : step < 0) { return false }
            isFixed = isFixed && step == delta
            steps |= step.magnitude
            bits |= encoded(values[place])
            place &+= 1
        }
        if isFixed, delta == 0, count <= 10 {
            let value = encoded(first)
            let width = max(1, (71 - value.leadingZeroBitCount) / 8)
            out.append(UInt8((width - 1) << 3 | (count - 3)))
            putBigEndian(value, width)
            return true
        }
        // A step of one bit has the code of a fixed delta.
        let width = Self.closest(max(2, 64 - steps.leadingZeroBitCount))
        if !isFixed, width.bits >= Self.closest(64 - bits.leadingZeroBitCount).bits { return false }
        putHead(3, isFixed ? 0 : width.code)
        if isSigned { putZigzag(first) } else { putVarint(UInt64(bitPattern: first)) }
        putZigzag(delta)
        if isFixed { return true }
        var packer = Packer(out: out, width: width.bits)
        for place in 2..<count { packer.put((values[place] &- values[place - 1]).magnitude) }
        packer.finish()
        return true
    }

    private func putDirect(_ values: UnsafeMutablePointer<Int64>) {
        var bits: UInt64 = 0
        for place in 0..<count { bits |= encoded(values[place]) }
        let width = Self.closest(max(1, 64 - bits.leadingZeroBitCount))
        putHead(1, width.code)
        var packer = Packer(out: out, width: width.bits)
        for place in 0..<count { packer.put(encoded(values[place])) }
        packer.finish()
    }

    private func putHead(_ kind: UInt8, _ code: Int) {
        out.append(kind << 6 | UInt8(code) << 1 | UInt8((count - 1) >> 8))
        out.append(UInt8((count - 1) & 0xFF))
    }

    private func putBigEndian(_ value: UInt64, _ width: Int) {
        for place in 0..<width {
            out.append(UInt8(truncatingIfNeeded: value >> UInt64((width - 1 - place) * 8)))
        }
    }

    private func putZigzag(_ value: Int64) { out.putLong(value) }
    private func putVarint(_ value: UInt64) { out.putVarint(value) }

    /// The code of the least width that has one and is not smaller than `bits`.
    private static func closest(_ bits: Int) -> (code: Int, bits: Int) {
        for code in 0..<32 where ORCIntegers.width(code) >= bits { return (code, ORCIntegers.width(code)) }
        return (31, 64)
    }

    /// Writes numbers of some bits, the highest first.
    private struct Packer {
        let out: GrowingBytes
        let width: Int
        private var current: UInt64 = 0
        private var free = 8

        init(out: GrowingBytes, width: Int) {
            self.out = out
            self.width = width
        }

        mutating func put(_ value: UInt64) {
            var left = width
            while left > 0 {
                let some = min(left, free)
                left -= some
                free -= some
                current |= ((value >> UInt64(left)) & ((1 << UInt64(some)) - 1)) << UInt64(free)
                if free == 0 {
                    out.append(UInt8(truncatingIfNeeded: current))
                    current = 0
                    free = 8
                }
            }
        }

        mutating func finish() { if free < 8 { out.append(UInt8(truncatingIfNeeded: current)) } }
    }
}

/// Encodes bytes with their run lengths, and bits in them, the highest first. Used by one thread.
final class ORCByteEncoder {
    let out = GrowingBytes(capacity: 256)
    private var pending: [UInt8] = []
    private var bits: UInt8 = 0
    private var bitCount = 0

    var byteCount: Int { out.count + pending.count }

    func append(_ byte: UInt8) {
        pending.append(byte)
        if pending.count == 4096 { flushBytes() }
    }

    @inline(__always)
    func append(bit: Bool) {
        bits = bits << 1 | (bit ? 1 : 0)
        bitCount &+= 1
        if bitCount == 8 {
            append(bits)
            bitCount = 0
        }
    }

    /// Encodes what is open.
    func flush() {
        if bitCount > 0 { append(bits << UInt8(8 - bitCount)) }
        bitCount = 0
        flushBytes()
    }

    private func flushBytes() {
        var start = 0
        while start < pending.count {
            let repeats = repetition(start)
            if repeats >= 3 {
                out.append(UInt8(repeats - 3))
                out.append(pending[start])
                start += repeats
                continue
            }
            var end = start
            while end < pending.count, end - start < 128, repetition(end) < 3 { end += 1 }
            out.append(UInt8(truncatingIfNeeded: 256 - (end - start)))
            out.append(Array(pending[start..<end]))
            start = end
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// How often the byte at a place stands there in a row, at most 130 times.
    private func repetition(_ start: Int) -> Int {
        var end = start + 1
        while end < pending.count, end - start < 130, pending[end] == pending[start] { end += 1 }
        return end - start
    }
}

extension GrowingBytes {
    /// Appends an unsigned number, seven bits a byte.
    func putVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
