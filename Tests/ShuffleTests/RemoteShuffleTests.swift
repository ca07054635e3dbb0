import Columns
import Foundation
import Memory
import Synchronization
import Testing
import Transport
import Vocabulary

@testable import Shuffle

/// Answers the first request with a status of its own.
private final class RefusingFirst: RequestHandler {
    private let inner: ShuffleServer
    private let status: Int
    private let requests = Atomic<Int>(0)

    init(_ inner: ShuffleServer, status: Int) {
        self.inner = inner
        self.status = status
    }

    func handle(_ request: Request, _ response: ResponseWriter) {
        if requests.add(1, ordering: .relaxed).oldValue > 0 { return inner.handle(request, response) }
        response.respond(status: status, contentType: "text/plain; charset=utf-8", [])
    }
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct RemoteShuffleTests {
    @Test("rows of every type arrive from another worker", arguments: [false, true])
    func roundTrip(isSecure: Bool) async throws {
        let tls = isSecure ? try Certificates.shared.get().files : nil
        try await aside {
            let peer = try Peer(tls: tls)
            defer { withExtendedLifetime(peer) {} }
            let batches = [mixedBatch(500, seed: 1), mixedBatch(33, seed: 2)]
            let output = peer.put(try encodedOutput(0, [[], batches], schema: mixedSchema))
            let source = try source(tls: tls)
            let stream = source.read([(output, 0..<2)], schema: mixedSchema, ordered: true)
            #expect(rows(try drain(stream)) == rows(batches))
            #expect(stream.bytesRead > 0)
        }
    }

    @Test("a batch of this process is the same object, not a copy")
    func byReference() throws {
        let batch = mixedBatch(10, seed: 1)
        let store = ShuffleStore()
        store.put(
            ShuffleOutput(
                attempt: attempt(0), schema: mixedSchema, partitions: [.batches([batch])],
                partitionRows: [10],
                partitionBytes: [100]))
        let address = OutputAddress(attempt: attempt(0), address: "localhost:1")
        let read = try drain(try source(store).read([(address, 0..<1)], schema: mixedSchema, ordered: false))
        #expect(read.count == 1)
        #expect(zip(read[0].columns, batch.columns).allSatisfy { $0 === $1 })
    }

    @Test("blocks in a file arrive in order, and small ones are read together")
    func fromFile() async throws {
        try await aside {
            let peer = try Peer()
            defer { withExtendedLifetime(peer) {} }
            let file = try SpillFile(directory: NSTemporaryDirectory())
            let batches = (0..<200).map { mixedBatch(50, seed: $0) }
            var ranges: [Range<Int>] = []
            for batch in batches {
                for block in try encode(batch, mixedSchema) { ranges.append(try file.append(block.bytes)) }
            }
            let output = ShuffleOutput(
                attempt: attempt(0), schema: mixedSchema, partitions: [.file(file, ranges)],
                partitionRows: [10_000],
                partitionBytes: [file.byteCount])
            let address = peer.put(output)
            let read = try drain(try source().read([(address, 0..<1)], schema: mixedSchema, ordered: true))
            #expect(rows(read) == rows(batches))
        }
    }

    @Test("a fetch from many producers on several workers keeps the order that was asked for")
    func manyProducers() async throws {
        try await aside {
            let schema = Schema([Field("n", .int64)])
            let peers = try (0..<3).map { _ in try Peer() }
            defer { withExtendedLifetime(peers) {} }
            var parts: [(output: OutputAddress, partitions: Range<Int>)] = []
            for producer in 0..<600 {
                let partitions = (0..<20).map { partition in
                    [Batch(columns: [.of(.int64, [.integer(Int64(producer * 100 + partition))])], count: 1)]
                }
                let output = try encodedOutput(producer, partitions, schema: schema)
                parts.append((peers[producer % 3].put(output), 5..<8))
            }
            let wanted = (0..<600).flatMap { p in (5..<8).map { "integer(\(p * 100 + $0))" } }
            let source = try source()
            #expect(rows(try drain(source.read(parts, schema: schema, ordered: true))) == wanted)
            let any = rows(try drain(source.read(parts, schema: schema, ordered: false)))
            #expect(any.sorted() == wanted.sorted())
        }
    }

    @Test("an output that is gone blames its producer at once")
    func gone() async throws {
        try await aside {
            let peer = try Peer()
            defer { withExtendedLifetime(peer) {} }
            let batch = mixedBatch(10, seed: 1)
            let kept = peer.put(try encodedOutput(0, [[batch]], schema: mixedSchema))
            let lost = peer.put(try encodedOutput(1, [[batch]], schema: mixedSchema))
            peer.store.drop([lost.attempt])
            let source = try source()
            for parts in [[(kept, 0..<1), (lost, 0..<1)], [(lost, 0..<1)]] {
                let stream = source.read(
                    parts.map { (output: $0.0, partitions: $0.1) }, schema: mixedSchema, ordered: false)
                let failure = #expect(throws: FetchFailure.self) { try drain(stream) }
                #expect(failure?.producer == lost.attempt)
                #expect(failure?.error.code == "SHUFFLE_OUTPUT_MISSING")
            }
        }
    }

    @Test("an output of other sizes than its task reported is refused")
    func changed() async throws {
        try await aside {
            let peer = try Peer()
            defer { withExtendedLifetime(peer) {} }
            var address = peer.put(try encodedOutput(0, [[mixedBatch(10, seed: 1)]], schema: mixedSchema))
            address.checksum += 1
            let stream = try source().read([(address, 0..<1)], schema: mixedSchema, ordered: false)
            let failure = #expect(throws: FetchFailure.self) { try drain(stream) }
            #expect(failure?.error.code == "SHUFFLE_OUTPUT_CHANGED")
        }
    }

    @Test("a worker that nobody can reach is asked again, then its producer is blamed")
    func unreachable() async throws {
        try await aside {
            var settings = FetchSettings()
            settings.pauseSeconds = 0.05
            let address = OutputAddress(attempt: attempt(7), address: "localhost:1")
            let source = try RemoteShuffleSource(
                store: ShuffleStore(), ownAddress: "localhost:2", client: HTTPClient(), settings: settings)
            let start = MonotonicTime.now
            let stream = source.read([(address, 0..<1)], schema: mixedSchema, ordered: false)
            let failure = #expect(throws: FetchFailure.self) { try drain(stream) }
            #expect(failure?.producer == attempt(7))
            #expect(failure?.error.code == "CONNECTION_REFUSED")
            #expect(MonotonicTime.now.seconds(since: start) >= 0.05)
        }
    }

    @Test("a reader that the hook refuses gets an error that blames no producer")
    func refused() async throws {
        try await aside {
            let peer = try Peer(mayRead: { $0.headers["authorization"] == "Bearer right" })
            defer { withExtendedLifetime(peer) {} }
            let address = peer.put(try encodedOutput(0, [[mixedBatch(10, seed: 1)]], schema: mixedSchema))
            var settings = FetchSettings()
            settings.pauseSeconds = 0.01
            let stranger = try source(settings: settings).read(
                [(address, 0..<1)], schema: mixedSchema, ordered: false)
            let error = #expect(throws: EngineError.self) { try drain(stranger) }
            #expect(error?.code == "SHUFFLE_REFUSED")
            settings.headers = { _ in [HeaderField("authorization", "Bearer right")] }
            let known = try source(settings: settings).read(
                [(address, 0..<1)], schema: mixedSchema, ordered: false)
            #expect(try drain(known).count == 1)
        }
    }

    @Test("an answer that a turned bit made a refusal is asked for again", arguments: [400, 401, 403, 500])
    func refusedOnce(status: Int) async throws {
        try await aside {
            let peer = try Peer(wrap: { RefusingFirst($0, status: status) })
            defer { withExtendedLifetime(peer) {} }
            let batches = [mixedBatch(10, seed: 1)]
            let address = peer.put(try encodedOutput(0, [batches], schema: mixedSchema))
            var settings = FetchSettings()
            settings.pauseSeconds = 0.01
            let stream = try source(settings: settings).read(
                [(address, 0..<1)], schema: mixedSchema, ordered: false)
            #expect(rows(try drain(stream)) == rows(batches))
        }
    }

    @Test("a slow consumer bounds what is fetched ahead")
    func slowConsumer() async throws {
        try await aside {
            let peer = try Peer()
            defer { withExtendedLifetime(peer) {} }
            let schema = Schema([Field("n", .double)])
            var random = SystemRandomNumberGenerator()
            let noise = (0..<50_000).map { _ in Scalar.double(Double.random(in: 0...1, using: &random)) }
            let batch = Batch(columns: [.of(.double, noise)], count: noise.count)
            let block = try encode(batch, schema)[0]
            let blocks = Array(repeating: block, count: 100)
            let total = 100 * block.byteCount
            let address = peer.put(
                ShuffleOutput(
                    attempt: attempt(0), schema: schema, partitions: [.blocks(blocks)],
                    partitionRows: [100 * noise.count], partitionBytes: [total]))
            var settings = FetchSettings()
            settings.creditBytes = 2 << 20
            let stream = try source(settings: settings).read(
                [(address, 0..<1)], schema: schema, ordered: false)
            guard case .blocked = try stream.next() else {
                return #expect(Bool(false), "nothing can be there yet")
            }
            Thread.sleep(forTimeInterval: 1)
            let board = try #require(stream as? RemoteShuffleStream)
            #expect(board.waitingBytes > 1 << 20)
            #expect(board.waitingBytes <= 2 << 20)
            var peak = 0
            let read = try drain(stream) { _ in peak = max(peak, board.waitingBytes) }
            #expect(read.count == 100)
            #expect(peak <= 2 << 20)
        }
    }
}
