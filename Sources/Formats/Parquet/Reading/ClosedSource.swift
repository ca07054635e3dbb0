import Vocabulary

/// Stands for a file that is not open: it has a name and a size, and cannot be read.
final class ClosedSource: ByteSource {
    let name: String
    let byteCount: Int

    init(name: String, byteCount: Int) {
        self.name = name
        self.byteCount = byteCount
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        throw .internal("a footer that was kept alone is read like a file: \(name)")
    }
}
