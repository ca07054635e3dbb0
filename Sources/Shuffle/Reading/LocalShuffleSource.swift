import Columns
import Vocabulary

/// Reads from the store of this process only, by reference.
package final class LocalShuffleSource: ShuffleSource {
    private let store: ShuffleStore

    package init(store: ShuffleStore) { self.store = store }

    package func read(
        _ parts: [(output: OutputAddress, partitions: Range<Int>)], schema: Schema, ordered: Bool
    ) -> any ShuffleStream {
        LocalShuffleStream(store: store, parts: parts, schema: schema)
    }

    package func copy(_ outputs: [WantedOutput], into place: CopyPlace) -> OutputCopy? { nil }
}

/// Walks through outputs of this process, in the order of the list.
final class LocalShuffleStream: ShuffleStream {
    private let store: ShuffleStore
    private let parts: [(output: OutputAddress, partitions: Range<Int>)]
    private let schema: Schema
    private var part = 0
    private var reader: OutputReader?
    private var bytesDone = 0

    init(store: ShuffleStore, parts: [(output: OutputAddress, partitions: Range<Int>)], schema: Schema) {
        self.store = store
        self.parts = parts
        self.schema = schema
    }

    var bytesRead: Int { bytesDone + (reader?.bytesRead ?? 0) }

    func next() throws -> Pull {
        while true {
            if let batch = try reader?.next() { return .batch(batch) }
            bytesDone += reader?.bytesRead ?? 0
            reader = nil
            guard part < parts.count else { return .finished }
            let (address, range) = parts[part]
            part += 1
            guard let output = store.output(of: address.attempt) else {
                throw FetchFailure.missing(address.attempt, at: address.address)
            }
            reader = OutputReader(output, partitions: range, schema: schema)
        }
    }
}
