/// Counts the characters of long lines once, so that a column far in a line of megabytes is found without
/// counting from its start.
struct LongLineColumns: Sendable, Hashable {
    /// Bytes between two places that are noted.
    private static let step = 1024

    /// Noted bytes, in order, of lines that are longer than a step.
    private var offsets: [Int32] = []
    /// Characters of the line before each.
    private var counts: [Int32] = []

    init(_ bytes: [UInt8], _ lineStarts: [Int32]) {
        for (line, first) in lineStarts.enumerated() {
            let end = line + 1 < lineStarts.count ? Int(lineStarts[line + 1]) : bytes.count
            note(bytes, from: Int(first), to: end)
        }
    }

    private mutating func note(_ bytes: [UInt8], from lineStart: Int, to end: Int) {
        var (last, count) = (lineStart, 0)
        while end - last > Self.step {
            guard let next = Self.boundary(in: bytes, from: last + Self.step, to: end) else { return }
            count += Self.characters(bytes[last..<next])
            last = next
            offsets.append(Int32(clamping: next))
            counts.append(Int32(clamping: count))
        }
    }

    /// Returns the first place between two ASCII characters, where no character can be cut in two.
    private static func boundary(in bytes: [UInt8], from first: Int, to end: Int) -> Int? {
        (first..<end).first { bytes[$0 - 1] < 0x80 && bytes[$0] < 0x80 && bytes[$0] != 0x0A }
    }

    private static func characters(_ bytes: ArraySlice<UInt8>) -> Int {
        // A carriage return may be one character with the line feed behind it.
        if bytes.allSatisfy({ $0 < 0x80 && $0 != 0x0D }) { return bytes.count }
        return String(decoding: bytes, as: UTF8.self).count
    }

    /// Returns the 1-based column, in characters, of a byte in the line that begins at `lineStart`.
    func column(of index: Int, in bytes: [UInt8], lineStart: Int) -> Int {
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(offsets[middle]) <= index { low = middle + 1 } else { high = middle }
        }
        guard low > 0, Int(offsets[low - 1]) > lineStart else {
            return Self.characters(bytes[lineStart..<index]) + 1
        }
        return Int(counts[low - 1]) + Self.characters(bytes[Int(offsets[low - 1])..<index]) + 1
    }
}
