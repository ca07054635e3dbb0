import Testing

@testable import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// When a process gives back the memory that is free in it.
@Suite("What a process holds")
struct ResidentBoundTests {
    private static let step = 16 << 20

    private func passes(_ resident: Int, _ bound: inout ResidentBound) -> Bool {
        bound.isPassed(by: resident)
    }

    @Test("more than the bound is given back, and again only when the process has grown since")
    func grown() {
        var bound = ResidentBound(bytes: 256 << 20)
        #expect(!passes(200 << 20, &bound))
        #expect(!passes(256 << 20, &bound))
        #expect(passes((256 << 20) + 1, &bound))
        // All of it is in use: to look again at once would find nothing.
        bound.gaveBack(leaving: 256 << 20)
        #expect(!passes((256 << 20) + Self.step - 1, &bound))
        #expect(passes((256 << 20) + Self.step, &bound))
    }

    @Test("growth counts from the least that the process has held since it gave back")
    func shrunk() {
        var bound = ResidentBound(bytes: 64 << 20)
        bound.gaveBack(leaving: 300 << 20)
        #expect(!passes(80 << 20, &bound))
        #expect(!passes((96 << 20) - 1, &bound))
        #expect(passes(96 << 20, &bound))
    }

    @Test("what the process holds is told, and grows with what it writes to")
    func told() throws {
        // Nobody else gives back what is free meanwhile.
        FreedMemory.giveBack()
        let before = ResidentBound.residentBytes()
        #expect(before > 1 << 20)
        let bytes = 64 << 20
        let memory = try #require(malloc(bytes))
        memset(memory, 1, bytes)
        let during = ResidentBound.residentBytes()
        #expect(during - before > bytes / 2)
        free(memory)
    }
}
