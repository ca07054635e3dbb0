import Columns
import Memory
import Vocabulary

/// Serves bytes of memory as a file, for tests.
final class MemorySource: ByteSource {
    let name: String
    let bytes: [UInt8]
    var byteCount: Int { bytes.count }

    init(_ bytes: some Sequence<UInt8>, name: String = "memory") {
        self.bytes = Array(bytes)
        self.name = name
    }

    convenience init(_ text: String, name: String = "memory") { self.init(text.utf8, name: name) }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let count = max(0, min(buffer.count, bytes.count - offset))
        buffer.copyBytes(from: bytes[offset..<(offset + count)])
        return count
    }
}

/// Collects what is written, for tests.
final class MemorySink: ByteSink {
    let name = "memory"
    var bytes: [UInt8] = []
    var isFinished = false
    var byteCount: Int { bytes.count }

    func write(_ data: UnsafeRawBufferPointer) throws(EngineError) { bytes.append(contentsOf: data) }
    func finish() throws(EngineError) { isFinished = true }
    func abort() {}
}

/// Reads a stream to its end as rows.
func rows(of stream: any BatchStream) throws -> [[Scalar]] {
    var result: [[Scalar]] = []
    while let batch = try stream.next() {
        for row in 0..<batch.count { result.append(batch.columns.map { $0.scalar(at: row) }) }
    }
    return result
}
