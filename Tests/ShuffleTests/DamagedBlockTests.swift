import Columns
import Memory
import Synchronization
import Testing
import Transport
import Vocabulary

@testable import Shuffle

/// Swaps the store's good output for a damaged copy for the first requests that it sees.
private final class Flipping: RequestHandler {
    let inner: ShuffleServer
    let requests = Atomic<Int>(0)
    let good: ShuffleOutput
    let damaged: ShuffleOutput
    let damagedCount: Int
    let store: ShuffleStore

    init(_ inner: ShuffleServer, store: ShuffleStore, good: ShuffleOutput, damaged: ShuffleOutput, count: Int)
    {
        self.inner = inner
        self.store = store
        self.good = good
        self.damaged = damaged
        damagedCount = count
    }

    func handle(_ request: Request, _ response: ResponseWriter) {
        let number = requests.add(1, ordering: .sequentiallyConsistent).oldValue
        store.put(number < damagedCount ? damaged : good)
        inner.handle(request, response)
    }
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct DamagedBlockTests {
    /// Serves three blocks of which the middle one has a flipped byte in the first `count` responses.
    private static func read(damagedResponses count: Int, ordered: Bool, repairs: Int = 1) throws -> (
        result: Result<[String], any Error>, expected: [String], requests: Int
    ) {
        let batches = (0..<3).map { mixedBatch(100, seed: $0) }
        let good = try encodedOutput(5, [batches], schema: mixedSchema)
        guard case .blocks(var blocks) = good.partitions[0] else { throw EngineError.internal("no blocks") }
        blocks[1] = Buffer.copying(blocks[1].bytes)
        blocks[1].mutableBytes[blocks[1].byteCount / 2] ^= 0x10
        let damaged = ShuffleOutput(
            attempt: good.attempt, schema: mixedSchema, partitions: [.blocks(blocks)],
            partitionRows: good.partitionRows, partitionBytes: good.partitionBytes)
        let store = ShuffleStore()
        store.put(good)
        let handler = Flipping(
            try ShuffleServer(store: store), store: store, good: good, damaged: damaged, count: count)
        let server = try HTTPServer(
            configuration: ServerConfiguration(listen: "localhost:0", limits: .clusterPeers), handler: handler
        )
        defer { server.stop() }
        let address = OutputAddress(
            attempt: good.attempt, address: "localhost:\(server.port)", checksum: good.checksum)
        var settings = FetchSettings()
        settings.repairs = repairs
        let stream = try source(settings: settings).read(
            [(address, 0..<1)], schema: mixedSchema, ordered: ordered)
        let result = Result { rows(try drain(stream)) }
        return (result, rows(batches), handler.requests.load(ordering: .sequentiallyConsistent))
    }

    @Test(
        "a block with a flipped byte is fetched once more, and the rows are right", arguments: [true, false])
    func refetched(ordered: Bool) async throws {
        try await aside {
            let read = try Self.read(damagedResponses: 1, ordered: ordered)
            #expect(try read.result.get().sorted() == read.expected.sorted())
            #expect(read.requests == 2)
        }
    }

    @Test("whoever can have nothing made again fetches a damaged block more often", arguments: [true, false])
    func repairs(ordered: Bool) async throws {
        try await aside {
            let read = try Self.read(damagedResponses: 4, ordered: ordered, repairs: 4)
            #expect(try read.result.get().sorted() == read.expected.sorted())
            #expect(read.requests == 5)
        }
    }

    @Test("a block that is damaged twice blames its producer")
    func blamed() async throws {
        try await aside {
            let read = try Self.read(damagedResponses: 2, ordered: false)
            let failure = #expect(throws: FetchFailure.self) { try read.result.get() }
            #expect(failure?.producer == attempt(5))
            #expect(failure?.error.code == "CORRUPT_BLOCK")
            #expect(read.requests == 2)
        }
    }
}
