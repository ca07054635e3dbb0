import Columns
import Memory
import Vocabulary

/// Takes an input apart: options from its first bytes, the rest as data. Absent bytes are 0.
struct InputBytes {
    private let bytes: UnsafeRawBufferPointer
    private var next = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func byte() -> UInt8 {
        defer { next += 1 }
        return next < bytes.count ? bytes[next] : 0
    }

    /// Returns the element that the next byte chooses.
    mutating func choice<T>(_ elements: [T]) -> T { elements[Int(byte()) % elements.count] }

    /// Everything that no option took.
    var rest: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[min(next, bytes.count)...])
    }
}

/// Serves an input as a file.
final class InputSource: ByteSource {
    let name: String
    let isNear: Bool
    private let bytes: [UInt8]
    var byteCount: Int { bytes.count }

    init(_ bytes: some Sequence<UInt8>, name: String = "input", isNear: Bool = false) {
        self.bytes = Array(bytes)
        self.name = name
        self.isNear = isNear
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let count = max(0, min(buffer.count, bytes.count - offset))
        buffer.copyBytes(from: bytes[offset..<(offset + count)])
        return count
    }

    /// Returns up to `count` ranges that cover the file, none of them empty: what tasks would read.
    func parts(_ count: Int) -> [Range<Int>] {
        if byteCount < count { return [0..<byteCount] }
        return (0..<count).map { byteCount * $0 / count..<byteCount * ($0 + 1) / count }
    }
}

/// Collects what a writer makes.
final class SeedSink: ByteSink {
    let name = "seed"
    private(set) var bytes: [UInt8] = []
    var byteCount: Int { bytes.count }

    func write(_ data: UnsafeRawBufferPointer) throws(EngineError) { bytes.append(contentsOf: data) }
    func finish() throws(EngineError) {}
    func abort() {}
}

/// Holds rows as text: two readings of one input are compared by it, NaN and all.
struct RowTexts {
    /// Rows that are read of one input at most: few bytes can stand for very many.
    static let limit = 20_000
    private(set) var rows: [String] = []
    private(set) var isComplete = false

    /// Reads a stream to its end or to `limit` rows. Every column must have as many values as its batch has
    /// rows, and no batch may be empty.
    mutating func read(_ stream: any BatchStream) throws {
        while rows.count < RowTexts.limit {
            guard let batch = try stream.next() else {
                isComplete = true
                return
            }
            try append(batch)
        }
    }

    /// Adds the rows of a batch.
    mutating func append(_ batch: Batch) throws {
        try require(batch.count > 0, "a batch without rows")
        for vector in batch.columns {
            try require(vector.count == batch.count, "\(vector.count) values in \(batch.count) rows")
        }
        for row in 0..<min(batch.count, RowTexts.limit) {
            rows.append(batch.columns.map { "\($0.scalar(at: row))" }.joined(separator: "\u{1}"))
        }
    }

    /// Throws where the rows of another reading of the same differ.
    func mustEqual(_ other: RowTexts, _ what: String) throws {
        if rows == other.rows { return }
        let at = zip(rows, other.rows).enumerated().first { $1.0 != $1.1 }?.offset
        let place = at ?? min(rows.count, other.rows.count)
        func shown(_ rows: [String]) -> String { place < rows.count ? rows[place] : "no row" }
        throw Finding(
            "\(what): \(rows.count) and \(other.rows.count) rows; row \(place) is \(shown(rows))"
                + " and \(shown(other.rows))")
    }
}
