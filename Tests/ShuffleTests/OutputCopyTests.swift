import Columns
import Foundation
import Memory
import Testing
import Transport
import Vocabulary

@testable import Shuffle

@Suite("Outputs copied from a worker that leaves", .serialized, .timeLimit(.minutes(2)))
struct OutputCopyTests {
    private static func partitions(_ seed: Int) -> [[Batch]] {
        [[], [mixedBatch(300, seed: seed)], [], [mixedBatch(20, seed: 1), mixedBatch(700, seed: seed)], []]
    }

    private static func place(memory: Int) -> CopyPlace {
        CopyPlace(budget: MemoryBudget(limitBytes: memory), spillDirectory: NSTemporaryDirectory())
    }

    /// Walks through a copy to its end, waiting for wake-ups.
    private static func all(_ copy: OutputCopy) throws -> [ShuffleOutput] {
        var outputs: [ShuffleOutput] = []
        while true {
            switch try copy.next() {
            case .output(let output): outputs.append(output)
            case .finished: return outputs
            case .blocked(let wakeup):
                let signal = DispatchSemaphore(value: 0)
                wakeup.whenSignalled { signal.signal() }
                #expect(signal.wait(timeout: .now() + 20) == .success)
            }
        }
    }

    @Test(
        "they are what their producers wrote, partition by partition, in memory and in files",
        arguments: [1 << 30, 0, 40_000])
    func copies(memory: Int) async throws {
        try await aside {
            let peer = try Peer()
            defer { withExtendedLifetime(peer) {} }
            let originals = try (0..<5).map {
                try encodedOutput($0, Self.partitions($0 + 2), schema: mixedSchema)
            }
            let wanted = originals.map {
                WantedOutput(output: peer.put($0), partitionBytes: $0.partitionBytes)
            }
            let reading = try source()
            let place = Self.place(memory: memory)
            let copies = try Self.all(try #require(reading.copy(wanted, into: place)))
            #expect(copies.map(\.attempt) == originals.map(\.attempt))
            #expect(copies.map(\.checksum) == originals.map(\.checksum))
            let isInFiles = copies.contains {
                $0.partitions.contains { if case .file = $0 { true } else { false } }
            }
            #expect(isInFiles == (memory < 1 << 20))
            // They are served to readers under the same names.
            let second = try Peer()
            defer { withExtendedLifetime(second) {} }
            for (index, copy) in copies.enumerated() {
                let address = second.put(copy)
                for partition in 0..<5 {
                    let stream = try source().read(
                        [(address, partition..<partition + 1)], schema: mixedSchema, ordered: true)
                    #expect(rows(try drain(stream)) == rows(Self.partitions(index + 2)[partition]))
                }
            }
            #expect(place.budget.usedBytes <= memory)
        }
    }

    @Test("one that is gone, or is another than was reported, is a failure that names it")
    func missing() async throws {
        try await aside {
            let peer = try Peer()
            defer { withExtendedLifetime(peer) {} }
            let output = try encodedOutput(0, Self.partitions(3), schema: mixedSchema)
            var address = peer.put(output)
            let gone = OutputAddress(attempt: attempt(9), address: peer.address, checksum: 1)
            let reading = try source()
            let place = Self.place(memory: 1 << 30)
            for (output, sizes) in [(gone, output.partitionBytes), (address, [1, 2])] {
                let wanted = WantedOutput(output: output, partitionBytes: sizes)
                let copy = try #require(reading.copy([wanted], into: place))
                #expect { try Self.all(copy) } throws: { ($0 as? FetchFailure)?.producer == output.attempt }
            }
            address.checksum += 1
            let wanted = WantedOutput(output: address, partitionBytes: output.partitionBytes)
            let copy = try #require(reading.copy([wanted], into: place))
            #expect { try Self.all(copy) } throws: {
                ($0 as? FetchFailure)?.error.code == "SHUFFLE_OUTPUT_CHANGED"
            }
        }
    }
}
