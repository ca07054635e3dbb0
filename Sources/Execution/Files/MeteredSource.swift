import Synchronization
import Vocabulary

/// Counts the bytes that a task reads of a file.
final class MeteredSource: ByteSource {
    private let source: any ByteSource
    private let counters: TaskMeter

    init(_ source: any ByteSource, _ counters: TaskMeter) {
        self.source = source
        self.counters = counters
    }

    var name: String { source.name }
    var byteCount: Int { source.byteCount }
    var stamp: UInt64 { source.stamp }
    var isNear: Bool { source.isNear }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let got = try source.read(at: offset, into: buffer)
        counters.bytesIn.add(got, ordering: .relaxed)
        return got
    }

    func willRead(_ ranges: [Range<Int>]) { source.willRead(ranges) }
}
