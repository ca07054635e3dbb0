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
