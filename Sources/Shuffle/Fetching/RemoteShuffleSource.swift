import Columns
import Transport
import Vocabulary

/// Reads outputs of this process from its store and all others from their workers, over HTTP/2, or from their
/// copies in shared storage.
///
/// Thread-safe: nothing in it changes.
package final class RemoteShuffleSource: ShuffleSource {
    private let store: ShuffleStore
    private let ownAddress: String
    private let client: HTTPClient
    private let settings: FetchSettings
    private let timer: EventLoop
    private let copies: CopyMeans?

    /// `ownAddress` is the address under which other workers know this one; its outputs are never fetched.
    /// `copies`: the storage that all nodes share; nil where there is none. Throws `OUT_OF_RESOURCES`
    /// (system).
    package init(
        store: ShuffleStore, ownAddress: String, client: HTTPClient, settings: FetchSettings = .init(),
        copies: SharedOutputs? = nil
    ) throws(EngineError) {
        self.store = store
        self.ownAddress = ownAddress
        self.client = client
        self.settings = settings
        timer = try EventLoop(name: "shuffle-retry")
        if let copies { self.copies = try CopyMeans(copies) } else { self.copies = nil }
    }

    // Streams of a source must not outlive it: what they wait for would not come.
    deinit { timer.stop() }

    package func read(
        _ parts: [(output: OutputAddress, partitions: Range<Int>)], schema: Schema, ordered: Bool
    ) -> any ShuffleStream {
        var places: [RemoteShuffleStream.Place] = []
        var itemsOfLane: [(address: String, items: [FetchLane.Item])] = []
        var laneOfAddress: [String: Int] = [:]
        for (part, (output, partitions)) in parts.enumerated() {
            if let local = store.output(of: output.attempt) {
                places.append(.here(local, partitions))
            } else if (output.address == ownAddress || output.isWorkerGone) && !hasCopy(output) {
                places.append(.gone(.missing(output.attempt, at: output.address)))
            } else {
                var output = output
                output.isWorkerGone = output.isWorkerGone || output.address == ownAddress
                let address = laneName(output)
                let lane = laneOfAddress[address] ?? itemsOfLane.count
                if lane == itemsOfLane.count {
                    laneOfAddress[address] = lane
                    itemsOfLane.append((output.address, []))
                }
                let request = BlockRequest(attempt: output.attempt, partitions: partitions)
                itemsOfLane[lane].items.append(.init(part: part, output: output, request: request))
                places.append(.there(lane: lane, output, partitions))
            }
        }
        let share = settings.creditBytes / max(1, itemsOfLane.count)
        let window = min(max(share, settings.laneBytes.lowerBound), settings.laneBytes.upperBound)
        let means = FetchLane.Means(
            client: client, timer: timer, settings: settings, windowBytes: window, copies: copies)
        let board = FetchBoard(laneCount: itemsOfLane.count)
        let lanes = itemsOfLane.enumerated().map { number, lane in
            FetchLane(number: number, address: lane.address, items: lane.items, board: board, means: means)
        }
        return RemoteShuffleStream(
            places: places, schema: schema, ordered: ordered, board: board, lanes: lanes, means: means)
    }

    private func hasCopy(_ output: OutputAddress) -> Bool { copies != nil && output.copyOfJob != nil }

    /// Names the lane that fetches an output: one for each worker, some for all copies together.
    private func laneName(_ output: OutputAddress) -> String {
        output.isWorkerGone ? "copy \(Int(output.attempt.number) % CopyMeans.threadCount)" : output.address
    }

    package func copy(_ outputs: [WantedOutput], into place: CopyPlace) -> OutputCopy? {
        let items = outputs.enumerated().map { part, wanted in
            FetchLane.Item(
                part: part, output: wanted.output,
                request: BlockRequest(
                    attempt: wanted.output.attempt, partitions: 0..<wanted.partitionBytes.count))
        }
        let means = FetchLane.Means(
            client: client, timer: timer, settings: settings, windowBytes: settings.laneBytes.upperBound,
            copies: nil)
        let board = FetchBoard(laneCount: 1)
        let lane = FetchLane(
            number: 0, address: outputs.first?.output.address ?? "", items: items, board: board, means: means)
        return OutputCopy(outputs, lane: lane, board: board, place: place)
    }
}
