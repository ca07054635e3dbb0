import Formats
import Memory
import Vocabulary

// A small output as one piece of bytes, laid out like a copy: it travels to the coordinator with the report
// of its task, and lies in the log.
extension ShuffleOutput {
    /// Returns the whole output in at most `limitBytes`; nil when it takes more, or is held as batches.
    /// Throws when its file cannot be read.
    package func packed(limitBytes: Int) throws(EngineError) -> [UInt8]? {
        let isEncoded = partitions.allSatisfy { partition in
            if case .batches(let batches) = partition { batches.isEmpty } else { true }
        }
        guard isEncoded, byteCount <= limitBytes else { return nil }
        let sink = PackedSink(name: "\(attempt)")
        try CopyLayout.write(self, to: sink)
        return sink.byteCount <= limitBytes ? sink.bytes : nil
    }

    /// Reads packed bytes and verifies their blocks. Throws `SHUFFLE_COPY_DAMAGED` and the errors of damaged
    /// blocks (system).
    package convenience init(packed bytes: [UInt8], of attempt: AttemptID) throws(EngineError) {
        let source = PackedSource(name: "\(attempt)", bytes: bytes)
        let layout = try CopyLayout(source)
        var partitions: [PartitionData] = []
        for ranges in layout.partitions {
            var blocks: [Buffer] = []
            for range in ranges {
                let block = Buffer(byteCount: range.count)
                try source.readFully(at: range.lowerBound, into: block.mutableBytes)
                try ColumnBlockDecoder.verify(block.bytes)
                blocks.append(block)
            }
            partitions.append(.blocks(blocks))
        }
        self.init(
            adopted: OutputAddress(attempt: attempt, address: "", checksum: layout.checksum),
            partitions: partitions,
            partitionBytes: layout.partitions.map { $0.reduce(0) { $0 + $1.count } }, memory: nil)
    }
}

/// Collects bytes in memory.
private final class PackedSink: ByteSink {
    let name: String
    private(set) var bytes: [UInt8] = []

    init(name: String) { self.name = name }

    var byteCount: Int { bytes.count }
    func write(_ more: UnsafeRawBufferPointer) throws(EngineError) { bytes.append(contentsOf: more) }
    func finish() throws(EngineError) {}
    func abort() { bytes = [] }
}

/// Serves bytes of memory.
private final class PackedSource: ByteSource {
    let name: String
    private let bytes: [UInt8]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    var byteCount: Int { bytes.count }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let stretch = bytes[min(offset, bytes.count)..<min(offset + buffer.count, bytes.count)]
        buffer.copyBytes(from: stretch)
        return stretch.count
    }
}
