import Memory
import Synchronization
import Testing
import Vocabulary

@testable import Storage

/// Reads an object that is far away, of which every byte tells its place.
@Suite("Reading by ranges")
struct RangedSourceTests {
    private final class Fetcher: RangeFetcher {
        private let list = Mutex<[Range<Int>]>([])
        var fetched: [Range<Int>] { list.withLock { $0 } }

        func fetch(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(EngineError) {
            list.withLock { $0.append(offset..<(offset + target.count)) }
            for place in target.indices { target[place] = UInt8(truncatingIfNeeded: (offset + place) / 1024) }
        }
    }

    private static let megabyte = 1 << 20

    /// Reads all of an object of 40 MiB, which was announced in two pieces, in pieces of 1 MiB. Returns what
    /// was fetched, and the most that was taken of the budget.
    private func read(_ budgetBytes: Int) throws -> (fetched: [Range<Int>], mostBytes: Int) {
        let fetcher = Fetcher()
        let budget = MemoryBudget(limitBytes: budgetBytes)
        var mostBytes = 0
        do {
            let byteCount = 40 * Self.megabyte
            let source = RangedSource(name: "far", byteCount: byteCount, version: nil, fetcher: fetcher)
            source.count(in: CountedMemory(budget, owner: "Reading far"))
            source.willRead([0..<(20 * Self.megabyte)])
            source.willRead([(20 * Self.megabyte)..<byteCount])
            let buffer = Buffer(byteCount: Self.megabyte)
            for place in stride(from: 0, to: byteCount, by: Self.megabyte) {
                try source.readFully(at: place, into: buffer.mutableBytes)
                mostBytes = max(mostBytes, budget.usedBytes)
                #expect(buffer.bytes[5000] == UInt8(truncatingIfNeeded: (place + 5000) / 1024))
            }
            #expect(budget.usedBytes <= 16 * Self.megabyte)
        }
        #expect(budget.usedBytes == 0)
        return (fetcher.fetched, mostBytes)
    }

    @Test("takes memory for what is announced, and fetches no more than is asked for where there is none")
    func counted() throws {
        let ample = try read(64 * Self.megabyte)
        #expect(ample.fetched == [0..<(20 * Self.megabyte), (20 * Self.megabyte)..<(40 * Self.megabyte)])
        #expect(ample.mostBytes == 20 * Self.megabyte)
        let short = try read(1)
        #expect(short.fetched.allSatisfy { $0.count <= 8 * Self.megabyte }, "\(short.fetched)")
        #expect(short.mostBytes == 0)
        let all = short.fetched.reduce(0) { $0 + $1.count }
        #expect(all >= 40 * Self.megabyte && all < 48 * Self.megabyte, "\(short.fetched)")
    }
}
