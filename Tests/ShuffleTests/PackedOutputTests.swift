import Columns
import Memory
import SeededRandom
import Testing
import Vocabulary

@testable import Shuffle

@Suite("Small outputs as one piece of bytes")
struct PackedOutputTests {
    private static let partitions = [
        [], [mixedBatch(300, seed: 4)], [mixedBatch(20, seed: 1), mixedBatch(7, seed: 2)],
    ]

    private func packed() throws -> (output: ShuffleOutput, bytes: [UInt8]) {
        let output = try encodedOutput(0, Self.partitions, schema: mixedSchema)
        return (output, try #require(try output.packed(limitBytes: 1 << 20)))
    }

    @Test("read back they hold the same rows under the same checksum, and are found in a store")
    func roundTrip() throws {
        let (output, bytes) = try packed()
        let read = try ShuffleOutput(packed: bytes, of: output.attempt)
        #expect(read.checksum == output.checksum && read.partitionBytes == output.partitionBytes)
        let store = ShuffleStore()
        store.put(read)
        let stream = LocalShuffleSource(store: store).read(
            [(OutputAddress(attempt: output.attempt, address: "gone"), 0..<3)], schema: mixedSchema,
            ordered: true)
        #expect(rows(try drain(stream)) == rows(Self.partitions.flatMap { $0 }))
    }

    @Test("what takes more than it may, or is held as batches, is not packed")
    func refused() throws {
        let (output, bytes) = try packed()
        #expect(try output.packed(limitBytes: bytes.count) == bytes)
        #expect(try output.packed(limitBytes: bytes.count - 1) == nil)
        let batches = ShuffleOutput(
            attempt: output.attempt, schema: mixedSchema, partitions: [.batches(Self.partitions[1])],
            partitionRows: [300], partitionBytes: [10])
        #expect(try batches.packed(limitBytes: 1 << 20) == nil)
    }

    @Test("cut or changed anywhere they are an error, never a trap and never other rows")
    func damaged() throws {
        let (output, bytes) = try packed()
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: EngineError.self) {
                try ShuffleOutput(packed: Array(bytes[..<count]), of: output.attempt)
            }
        }
        var generator = SplitMix(state: 5)
        var refused = 0
        for place in bytes.indices {
            var copy = bytes
            copy[place] ^= 1 << UInt8(generator.next() % 8)
            // Nothing of some bytes of padding is read.
            guard let read = try? ShuffleOutput(packed: copy, of: output.attempt) else {
                refused += 1
                continue
            }
            let store = ShuffleStore()
            store.put(read)
            let stream = LocalShuffleSource(store: store).read(
                [(OutputAddress(attempt: output.attempt, address: "gone"), 0..<3)], schema: mixedSchema,
                ordered: true)
            if let got = try? drain(stream) { #expect(rows(got) == rows(Self.partitions.flatMap { $0 })) }
        }
        #expect(refused > bytes.count - bytes.count / 50)
    }
}
