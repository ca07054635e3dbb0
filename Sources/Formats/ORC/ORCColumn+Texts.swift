import Columns
import Memory
import Vocabulary

/// Decodes texts and bytes that are stored one behind the other.
final class ORCTextColumn: ORCColumn {
    private let bytes: ORCBytes
    private let lengths: ORCIntegers
    private let trims: Bool
    private let heap = GrowingBytes(capacity: 4096)
    private let scratch = Buffer(byteCount: ORCColumn.stepRows * 8)

    /// `trims` leaves out the spaces at the ends: CHAR is stored with them.
    init(
        _ type: DataType, _ present: ORCByteRuns?, _ bytes: ORCBytes, _ lengths: ORCIntegers, trims: Bool
    ) {
        self.bytes = bytes
        self.lengths = lengths
        self.trims = trims
        super.init(type, present)
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        heap.removeAll()
        let views = Buffer(byteCount: max(1, count) * 16)
        let out = views.pointer(as: StringView.self)
        let given = scratch.pointer(as: Int64.self)
        var ends = [Int](repeating: 0, count: count)
        var start = 0
        while start < count {
            let end = min(count, start + ORCColumn.stepRows)
            let stored = ORCColumn.stored(valid, start..<end)
            try lengths.read(given, stored)
            var total = heap.count
            var place = 0
            for row in start..<end {
                if valid?[row] ?? true {
                    total += try Self.length(given[place], total)
                    place &+= 1
                }
                ends[row] = total
            }
            try bytes.append(total - heap.count, to: heap)
            start = end
        }
        let copy = Buffer.copying(heap.bytes)
        if heap.capacity > 8 << 20 { heap.release() }
        var from = 0
        for row in 0..<count {
            out[row] = Self.view(copy.base + from, ends[row] - from, trims: trims)
            from = ends[row]
        }
        return .flat(
            type, count: count, values: views, validity: ORCColumn.bitmap(valid), heaps: [copy])
    }

    /// Checks a length, before which there are `total` bytes.
    static func length(_ value: Int64, _ total: Int) throws(EngineError) -> Int {
        guard value >= 0, value <= Int64(Limits.valueBytes - min(total, Limits.valueBytes)) else {
            throw ORCTail.damaged("texts of more than \(Limits.valueBytes) bytes")
        }
        return Int(value)
    }

    static func view(_ start: UnsafeRawPointer, _ byteCount: Int, trims: Bool) -> StringView {
        var count = byteCount
        if trims {
            while count > 0, start.load(fromByteOffset: count - 1, as: UInt8.self) == 32 { count -= 1 }
        }
        return StringView(start, count: count)
    }
}

/// Decodes texts that are stored once each, and their numbers.
final class ORCDictionaryColumn: ORCColumn {
    private let codes: ORCIntegers
    private let bytes: ORCBytes
    private let lengths: ORCIntegers
    private let size: Int
    private let trims: Bool
    /// Whether the column may give the dictionary itself: within others it may not.
    private let isOutermost: Bool
    private let scratch = Buffer(byteCount: ORCColumn.stepRows * 8)
    private var dictionary: Vector?

    init(
        _ type: DataType, _ present: ORCByteRuns?, codes: ORCIntegers, _ bytes: ORCBytes,
        _ lengths: ORCIntegers, size: Int, trims: Bool, isOutermost: Bool
    ) {
        self.codes = codes
        self.bytes = bytes
        self.lengths = lengths
        self.size = size
        self.trims = trims
        self.isOutermost = isOutermost
        super.init(type, present)
    }

    /// Reads the dictionary. Its size alone allocates nothing: the lengths must be there.
    private func entries() throws(EngineError) -> Vector {
        if let dictionary { return dictionary }
        guard size <= Int32.max else { throw ORCTail.damaged("a dictionary of \(size) texts") }
        let heap = GrowingBytes(capacity: 4096)
        var ends: [Int] = []
        let given = scratch.pointer(as: Int64.self)
        while ends.count < size {
            let count = min(size - ends.count, ORCColumn.stepRows)
            try lengths.read(given, count)
            var total = heap.count
            for place in 0..<count {
                total += try ORCTextColumn.length(given[place], total)
                ends.append(total)
            }
            // Texts differ, so that no more than one is empty.
            guard total >= ends.count - 1 else { throw ORCTail.damaged("a dictionary of empty texts") }
            try bytes.append(total - heap.count, to: heap)
        }
        let copy = Buffer.copying(heap.bytes)
        let views = Buffer(byteCount: max(1, size) * 16)
        let out = views.pointer(as: StringView.self)
        var from = 0
        for (place, end) in ends.enumerated() {
            out[place] = ORCTextColumn.view(copy.base + from, end - from, trims: trims)
            from = end
        }
        let made = Vector.flat(type, count: size, values: views, heaps: [copy])
        dictionary = made
        return made
    }

    override func values(_ count: Int, _ valid: [Bool]?) throws(EngineError) -> Vector {
        let entries = try entries()
        // Without any text there are nulls only.
        if size == 0 {
            guard ORCColumn.stored(valid, 0..<count) == 0 else { throw Self.noEntry(0) }
            return .nulls(type, count: count)
        }
        let buffer = Buffer(byteCount: max(1, count) * 4)
        let out = buffer.pointer(as: Int32.self)
        let given = scratch.pointer(as: Int64.self)
        var start = 0
        while start < count {
            let end = min(count, start + ORCColumn.stepRows)
            try codes.read(given, ORCColumn.stored(valid, start..<end))
            var place = 0
            for row in start..<end {
                out[row] = 0
                if valid?[row] ?? true {
                    guard given[place] >= 0, given[place] < Int64(size) else {
                        throw Self.noEntry(given[place])
                    }
                    out[row] = Int32(given[place])
                    place &+= 1
                }
            }
            start = end
        }
        let validity = ORCColumn.bitmap(valid)
        if isOutermost { return .dictionary(entries, codes: buffer, count: count, validity: validity) }
        let views = Buffer(byteCount: max(1, count) * 16)
        let (to, known) = (views.pointer(as: StringView.self), entries.pointer(as: StringView.self))
        for row in 0..<count { to[row] = known[Int(out[row])] }
        return .flat(type, count: count, values: views, validity: validity, heaps: entries.heaps)
    }

    private static func noEntry(_ code: Int64) -> EngineError {
        ORCTail.damaged("a dictionary has no text \(code)")
    }
}
