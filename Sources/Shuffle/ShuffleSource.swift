import Columns
import Vocabulary

/// Tells where one producer task's output lies.
package struct OutputAddress: Sendable, Hashable {
    package var attempt: AttemptID
    /// `host:port` of the worker that holds it.
    package var address: String
    /// Checksum that its producer reported.
    package var checksum: UInt64

    package init(attempt: AttemptID, address: String, checksum: UInt64 = 0) {
        self.attempt = attempt
        self.address = address
        self.checksum = checksum
    }
}

/// Reports that an output could not be had; the scheduler runs its producer again.
package struct FetchFailure: Error, Sendable {
    package var producer: AttemptID
    package var error: EngineError

    package init(producer: AttemptID, error: EngineError) {
        self.producer = producer
        self.error = error
    }
}

/// Yields the batches of a shuffle read. Used by one thread at a time.
package protocol ShuffleStream: AnyObject {
    /// Returns the next batch, or that there is none yet, or the end. Throws `FetchFailure`.
    func next() throws -> Pull
    /// Encoded bytes read so far.
    var bytesRead: Int { get }
}

/// Reads producer outputs, wherever they lie.
package protocol ShuffleSource: Sendable {
    /// Begins to read the given partitions of each output. With `ordered`, batches come in the order of the
    /// list and of the partitions; else as they arrive.
    func read(_ parts: [(output: OutputAddress, partitions: Range<Int>)], schema: Schema, ordered: Bool)
        -> any ShuffleStream
}

/// Reads from the store of this process only, by reference.
package final class LocalShuffleSource: ShuffleSource {
    private let store: ShuffleStore

    package init(store: ShuffleStore) { self.store = store }

    package func read(
        _ parts: [(output: OutputAddress, partitions: Range<Int>)], schema: Schema, ordered: Bool
    ) -> any ShuffleStream {
        LocalShuffleStream(store: store, parts: parts)
    }
}

/// Walks through partitions held as batches in this process.
final class LocalShuffleStream: ShuffleStream {
    private let store: ShuffleStore
    private let parts: [(output: OutputAddress, partitions: Range<Int>)]
    private var part = 0
    private var pending: ArraySlice<Batch> = []
    private(set) var bytesRead = 0

    init(store: ShuffleStore, parts: [(output: OutputAddress, partitions: Range<Int>)]) {
        self.store = store
        self.parts = parts
    }

    func next() throws -> Pull {
        while true {
            if let batch = pending.popFirst() { return .batch(batch) }
            guard part < parts.count else { return .finished }
            let (address, range) = parts[part]
            part += 1
            guard let output = store.output(of: address.attempt) else {
                throw FetchFailure(
                    producer: address.attempt,
                    error: .system(
                        "SHUFFLE_OUTPUT_MISSING", "The output of task \(address.attempt) is not here"))
            }
            pending = try LocalShuffleStream.batches(output, range)
            for partition in range { bytesRead += output.partitionBytes[partition] }
        }
    }

    private static func batches(_ output: ShuffleOutput, _ range: Range<Int>) throws -> ArraySlice<Batch> {
        var found: [Batch] = []
        for partition in range where partition < output.partitions.count {
            guard case .batches(let batches) = output.partitions[partition] else {
                throw EngineError.internal("an encoded shuffle output was read by reference")
            }
            found += batches
        }
        return found[...]
    }
}
