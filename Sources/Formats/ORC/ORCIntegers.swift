import Memory
import Vocabulary

/// Decodes the integers of a stream, one run after the other: run length encoding of version 1 or 2, as the
/// column's encoding says. Sums wrap; the columns check what their types hold. Used by one thread.
///
/// https://orc.apache.org/specification/ORCv1/, "Integer Run Length Encoding"
final class ORCIntegers {
    private let bytes: ORCBytes
    private let isSigned: Bool
    private let isVersion2: Bool
    /// The values of the current run.
    private let run = Buffer(byteCount: 512 * 8)
    private var runCount = 0
    private var taken = 0

    init(_ bytes: ORCBytes, isSigned: Bool, isVersion2: Bool) {
        self.bytes = bytes
        self.isSigned = isSigned
        self.isVersion2 = isVersion2
    }

    private var values: UnsafeMutablePointer<Int64> { run.pointer(as: Int64.self) }

    /// Fills `target` with the next `count` values.
    func read(_ target: UnsafeMutablePointer<Int64>, _ count: Int) throws(EngineError) {
        var done = 0
        while done < count {
            if taken == runCount {
                taken = 0
                runCount = 0
                if isVersion2 { try readRun2() } else { try readRun1() }
            }
            let some = min(count - done, runCount - taken)
            (target + done).update(from: values + taken, count: some)
            taken += some
            done += some
        }
    }

    /// A number of the stream's kind, seven bits a byte.
    private func number() throws(EngineError) -> Int64 {
        isSigned ? try bytes.zigzag() : Int64(bitPattern: try bytes.varint())
    }

    // MARK: - version 1

    private func readRun1() throws(EngineError) {
        let control = Int(try bytes.byte())
        let values = values
        if control < 128 {
            let delta = Int64(Int8(bitPattern: try bytes.byte()))
            var value = try number()
            for place in 0..<(control + 3) {
                values[place] = value
                value &+= delta
            }
            runCount = control + 3
        } else {
            for place in 0..<(256 - control) { values[place] = try number() }
            runCount = 256 - control
        }
    }

    // MARK: - version 2

    private func readRun2() throws(EngineError) {
        let head = try bytes.byte()
        switch head >> 6 {
        case 0: try readShortRepeat(head)
        case 1: try readDirect(head)
        case 2: try readPatched(head)
        default: try readDelta(head)
        }
    }

    private func decoded(_ value: UInt64) -> Int64 {
        isSigned ? Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) : Int64(bitPattern: value)
    }

    private func readShortRepeat(_ head: UInt8) throws(EngineError) {
        let value = decoded(try bigEndian(Int(head >> 3 & 7) + 1))
        let count = Int(head & 7) + 3
        values.update(repeating: value, count: count)
        runCount = count
    }

    private func readDirect(_ head: UInt8) throws(EngineError) {
        let width = Self.width(Int(head >> 1 & 31))
        let count = (Int(head & 1) << 8 | Int(try bytes.byte())) + 1
        try unpack(values, count, width)
        for place in 0..<count { values[place] = decoded(UInt64(bitPattern: values[place])) }
        runCount = count
    }

    private func readDelta(_ head: UInt8) throws(EngineError) {
        let code = Int(head >> 1 & 31)
        let count = (Int(head & 1) << 8 | Int(try bytes.byte())) + 1
        let values = values
        values[0] = try number()
        let delta = try bytes.zigzag()
        runCount = count
        if code == 0 {
            for place in 1..<max(1, count) { values[place] = values[place - 1] &+ delta }
            return
        }
        if count > 1 { values[1] = values[0] &+ delta }
        if count <= 2 { return }
        try unpack(values + 2, count - 2, Self.width(code))
        for place in 2..<count {
            values[place] =
                delta < 0 ? values[place - 1] &- values[place] : values[place - 1] &+ values[place]
        }
    }

    private func readPatched(_ head: UInt8) throws(EngineError) {
        let width = Self.width(Int(head >> 1 & 31))
        let count = (Int(head & 1) << 8 | Int(try bytes.byte())) + 1
        let third = try bytes.byte()
        let fourth = try bytes.byte()
        let baseBytes = Int(third >> 5) + 1
        let patchWidth = Self.width(Int(third & 31))
        let gapWidth = Int(fourth >> 5) + 1
        let patchCount = Int(fourth & 31)
        guard patchWidth + gapWidth <= 64 else { throw ORCTail.damaged("a patch has more than 64 bits") }
        var base = Int64(bitPattern: try bigEndian(baseBytes))
        // The highest bit of the base says that it is negative.
        let sign = Int64(bitPattern: UInt64(1) << UInt64(baseBytes * 8 - 1))
        if base & sign != 0 { base = 0 &- (base & ~sign) }
        let values = values
        try unpack(values, count, width)
        var patches = [Int64](repeating: 0, count: patchCount)
        if patchCount > 0 {
            let closest = Self.closestWidth(patchWidth + gapWidth)
            var failure: EngineError?
            patches.withUnsafeMutableBufferPointer { room in
                guard let start = room.baseAddress else { return }
                do throws(EngineError) { try unpack(start, patchCount, closest) } catch { failure = error }
            }
            if let failure { throw failure }
        }
        var place = 0
        let mask = patchWidth == 64 ? UInt64.max : (UInt64(1) << UInt64(patchWidth)) - 1
        for patch in patches {
            let bits = UInt64(bitPattern: patch)
            // A gap of 255 without a patch makes the next gap longer.
            place += Int(bits >> UInt64(patchWidth) & 0xFF)
            let value = bits & mask
            if value == 0 { continue }
            guard place < count else { throw ORCTail.damaged("a patch lies past its run") }
            values[place] |= Int64(bitPattern: value << UInt64(width))
        }
        for place in 0..<count { values[place] = base &+ values[place] }
        runCount = count
    }

    private func bigEndian(_ count: Int) throws(EngineError) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<count { value = value << 8 | UInt64(try bytes.byte()) }
        return value
    }

    /// Unpacks numbers of `width` bits, the highest bit first; what is left of the last byte is passed over.
    private func unpack(
        _ target: UnsafeMutablePointer<Int64>, _ count: Int, _ width: Int
    ) throws(EngineError) {
        if width & 7 == 0 {
            for place in 0..<count { target[place] = Int64(bitPattern: try bigEndian(width >> 3)) }
            return
        }
        var current: UInt64 = 0
        var bits = 0
        for place in 0..<count {
            var value: UInt64 = 0
            var wanted = width
            while wanted > 0 {
                if bits == 0 {
                    current = UInt64(try bytes.byte())
                    bits = 8
                }
                let some = min(wanted, bits)
                value = value << UInt64(some) | (current >> UInt64(bits - some)) & ((1 << UInt64(some)) - 1)
                bits -= some
                wanted -= some
            }
            target[place] = Int64(bitPattern: value)
        }
    }

    /// The width in bits that a code of five bits stands for.
    static func width(_ code: Int) -> Int {
        switch code {
        case 0..<24: code + 1
        case 24: 26
        case 25: 28
        case 26: 30
        case 27: 32
        case 28: 40
        case 29: 48
        case 30: 56
        default: 64
        }
    }

    /// The least width that has a code and is not smaller.
    private static func closestWidth(_ bits: Int) -> Int {
        for code in 0..<32 where width(code) >= bits { return width(code) }
        return 64
    }
}

/// Decodes bytes with their run lengths, and bits out of them, the highest first. Used by one thread.
final class ORCByteRuns {
    private let bytes: ORCBytes
    private var left = 0
    private var isRepeated = false
    private var value: UInt8 = 0
    private var place = 8

    init(_ bytes: ORCBytes) { self.bytes = bytes }

    func byte() throws(EngineError) -> UInt8 {
        if left == 0 {
            let control = Int(try bytes.byte())
            isRepeated = control < 128
            left = isRepeated ? control + 3 : 256 - control
            if isRepeated { value = try bytes.byte() }
        }
        left -= 1
        if !isRepeated { value = try bytes.byte() }
        return value
    }

    private var current: UInt8 = 0

    @inline(__always)
    func bit() throws(EngineError) -> Bool {
        if place == 8 {
            current = try byte()
            place = 0
        }
        place &+= 1
        return current >> UInt8(8 &- place) & 1 == 1
    }
}
