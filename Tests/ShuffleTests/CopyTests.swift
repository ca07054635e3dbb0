import Columns
import Foundation
import Memory
import Testing
import Transport
import Vocabulary

@testable import Shuffle

@Suite("Copies of outputs in shared storage", .serialized, .timeLimit(.minutes(2)))
final class CopyTests: Sendable {
    private static let job = "0192f0c0-0000-7000-8000-000000000001"
    private let folder = NSTemporaryDirectory() + "copies-\(UUID().uuidString)"
    private var shared: SharedOutputs { SharedOutputs(storage: folder) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static func partitions(_ seed: Int) -> [[Batch]] {
        [[], [mixedBatch(300, seed: seed)], [], [mixedBatch(20, seed: 1), mixedBatch(700, seed: seed)], []]
    }

    private func reader(_ settings: FetchSettings = .init()) throws -> RemoteShuffleSource {
        try RemoteShuffleSource(
            store: ShuffleStore(), ownAddress: "localhost:3",
            client: HTTPClient(configuration: ClientConfiguration()), settings: settings, copies: shared)
    }

    private func address(
        _ output: ShuffleOutput, at place: String = "localhost:2", isGone: Bool
    ) -> OutputAddress {
        OutputAddress(
            attempt: output.attempt, address: place, checksum: output.checksum, copyOfJob: Self.job,
            isWorkerGone: isGone)
    }

    @Test("the outputs of workers that are gone are read from them, some partitions of each, in any order")
    func gone() async throws {
        try await aside { [self] in
            let outputs = try (0..<9).map { try encodedOutput($0, Self.partitions($0), schema: mixedSchema) }
            for output in outputs { try shared.write(output, job: Self.job) }
            for range in [0..<5, 1..<2, 2..<4, 4..<5] {
                let wanted = outputs.indices.map { rows(Self.partitions($0)[range].flatMap { $0 }) }
                let parts = outputs.map { (output: address($0, isGone: true), partitions: range) }
                let ordered = try drain(try reader().read(parts, schema: mixedSchema, ordered: true))
                #expect(rows(ordered) == wanted.flatMap { $0 })
                let any = try drain(try reader().read(parts, schema: mixedSchema, ordered: false))
                #expect(rows(any).sorted() == wanted.flatMap { $0 }.sorted())
            }
        }
    }

    @Test("nothing is written, read or removed where a link leads out of the storage")
    func links() throws {
        let output = try encodedOutput(1, Self.partitions(1), schema: mixedSchema)
        let outside = NSTemporaryDirectory() + "outside-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: outside) }
        let jobs = folder + "/_millrace/shuffle"
        for path in [outside, jobs] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let theirs = SharedOutputs(storage: outside)
        try theirs.write(output, job: Self.job)
        let before = try FileManager.default.subpathsOfDirectory(atPath: outside).sorted()
        try FileManager.default.createSymbolicLink(
            atPath: jobs + "/\(Self.job)", withDestinationPath: outside + jobs.dropFirst(folder.count))
        let other = try encodedOutput(2, Self.partitions(2), schema: mixedSchema)
        #expect(throws: EngineError.self) { try shared.write(other, job: Self.job) }
        try FileManager.default.removeItem(atPath: jobs)
        try FileManager.default.createSymbolicLink(
            atPath: jobs, withDestinationPath: outside + jobs.dropFirst(folder.count))
        for refused in [
            { try self.shared.write(other, job: Self.job) }, { try self.shared.remove(job: Self.job) },
            { _ = try self.shared.open(output.attempt, of: Self.job) },
        ] {
            let error = #expect(throws: EngineError.self) { try refused() }
            #expect(error?.code == "PATH_NOT_ALLOWED")
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: outside).sorted() == before)
    }

    @Test("blocks in a file are copied as well, and more than a reader takes at once waits for it")
    func fromFile() async throws {
        try await aside { [self] in
            let file = try SpillFile(directory: NSTemporaryDirectory())
            let batches = (0..<200).map { mixedBatch(400, seed: $0) }
            var ranges: [Range<Int>] = []
            for batch in batches {
                for block in try encode(batch, mixedSchema) { ranges.append(try file.append(block.bytes)) }
            }
            let output = ShuffleOutput(
                attempt: attempt(0), schema: mixedSchema, partitions: [.file(file, ranges)],
                partitionRows: [80_000], partitionBytes: [file.byteCount])
            try shared.write(output, job: Self.job)
            var settings = FetchSettings()
            settings.creditBytes = 64 << 10
            settings.laneBytes = (16 << 10)...(64 << 10)
            let read = try reader(settings).read(
                [(address(output, isGone: true), 0..<1)], schema: mixedSchema, ordered: true)
            let stream = try #require(read as? RemoteShuffleStream)
            var most = 0
            let got = try drain(stream) { _ in
                usleep(500)
                most = max(most, stream.waitingBytes)
            }
            #expect(rows(got) == rows(batches))
            #expect(file.byteCount > 1 << 20 && most < 256 << 10, "\(most) of \(file.byteCount) bytes waited")
        }
    }

    @Test("a reader whose worker does not answer, or has lost the output, goes on with its copy")
    func fallback() async throws {
        try await aside { [self] in
            let outputs = try (0..<4).map { try encodedOutput($0, Self.partitions($0), schema: mixedSchema) }
            for output in outputs { try shared.write(output, job: Self.job) }
            let peer = try Peer()
            defer { withExtendedLifetime(peer) {} }
            peer.store.put(outputs[0])
            peer.store.put(outputs[2])
            var settings = FetchSettings()
            settings.pauseSeconds = 0.01
            // Two are where they should be, one is missing there; nobody listens at the other's address.
            let places = [peer.address, peer.address, peer.address, "localhost:1"]
            let parts = zip(outputs, places).map {
                (output: address($0, at: $1, isGone: false), partitions: 0..<5)
            }
            // Its timer, which begins anew what broke, lives as long as the source.
            let source = try reader(settings)
            let read = try withExtendedLifetime(source) {
                try drain(source.read(parts, schema: mixedSchema, ordered: true))
            }
            #expect(rows(read) == rows((0..<4).flatMap { Self.partitions($0).flatMap { $0 } }))
        }
    }

    @Test("a copy that is missing, cut or changed anywhere in its index blames its producer, and never traps")
    func damaged() async throws {
        try await aside { [self] in
            let output = try encodedOutput(0, Self.partitions(3), schema: mixedSchema)
            let part = (output: address(output, isGone: true), partitions: 0..<5)
            func failure() throws -> FetchFailure? {
                do {
                    _ = try drain(try reader().read([part], schema: mixedSchema, ordered: true))
                    return nil
                } catch let failure as FetchFailure {
                    return failure
                }
            }
            #expect(try failure()?.error.blame == .system)
            try shared.write(output, job: Self.job)
            #expect(try failure() == nil)
            let path = shared.path(output.attempt, of: Self.job)
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            var damages = [Data(), whole.prefix(31), whole.dropLast(), whole + Data([0])]
            // Header, counts of five partitions, sizes of three blocks.
            for place in 0..<(CopyLayout.headerBytes + 4 * 8) {
                var bytes = whole
                bytes[place] ^= 0x41
                damages.append(bytes)
            }
            for bytes in damages {
                try bytes.write(to: URL(fileURLWithPath: path))
                let found = try failure()
                #expect(found?.producer == output.attempt && found?.error.blame == .system)
            }
        }
    }

    @Test("a job's copies are deleted together, others' stay, and none is fine")
    func removal() throws {
        let output = try encodedOutput(0, Self.partitions(3), schema: mixedSchema)
        let other = "0192f0c0-0000-7000-8000-000000000002"
        try shared.write(output, job: Self.job)
        try shared.write(output, job: other)
        try shared.remove(job: Self.job)
        try shared.remove(job: Self.job)
        #expect(throws: EngineError.self) { try shared.open(output.attempt, of: Self.job) }
        #expect(try shared.open(output.attempt, of: other).byteCount > 0)
    }
}
