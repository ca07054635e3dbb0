import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Breaks on certain inputs, so that a test can see that the harness tells of each kind of fault.
enum CanaryEntry {
    static let target = FuzzTarget(
        name: "canary", maximalBytes: 64, memoryBytes: 64 << 20, words: ["trap", "hang", "hoard", "lie"],
        seeds: { [Array("a".utf8)] }, take: take)

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("trap") { fatalError("canary: a trap") }
        if text.hasPrefix("lie") { throw Finding("a wrong answer") }
        if text.hasPrefix("blame") { throw EngineError.internal("the engine's own fault") }
        if text.hasPrefix("hang") { while getpid() > 0 {} }
        if text.hasPrefix("hoard") {
            let kept = UnsafeMutableRawPointer.allocate(byteCount: 128 << 20, alignment: 16)
            memset(kept, 1, 128 << 20)
            kept.deallocate()
        }
        throw EngineError.data("CANARY", "an error as it may be")
    }
}
