import Columns
import Transport
import Vocabulary

/// Reads outputs of this process from its store and all others from their workers, over HTTP/2.
///
/// Thread-safe: nothing in it changes.
package final class RemoteShuffleSource: ShuffleSource {
    private let store: ShuffleStore
    private let ownAddress: String
    private let client: HTTPClient
    private let settings: FetchSettings
    private let timer: EventLoop

    /// `ownAddress` is the address under which other workers know this one; its outputs are never fetched.
    /// Throws `OUT_OF_RESOURCES` (system).
    package init(
        store: ShuffleStore, ownAddress: String, client: HTTPClient, settings: FetchSettings = .init()
    ) throws(EngineError) {
        self.store = store
        self.ownAddress = ownAddress
        self.client = client
        self.settings = settings
        timer = try EventLoop(name: "shuffle-retry")
    }

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
            } else if output.address == ownAddress {
                places.append(.gone(.missing(output.attempt, at: output.address)))
            } else {
                let lane = laneOfAddress[output.address] ?? itemsOfLane.count
                if lane == itemsOfLane.count {
                    laneOfAddress[output.address] = lane
                    itemsOfLane.append((output.address, []))
                }
                let request = BlockRequest(attempt: output.attempt, partitions: partitions)
                itemsOfLane[lane].items.append(.init(part: part, output: output, request: request))
                places.append(.there(lane: lane, output, partitions))
            }
        }
        let share = settings.creditBytes / max(1, itemsOfLane.count)
        let window = min(max(share, settings.laneBytes.lowerBound), settings.laneBytes.upperBound)
        let means = FetchLane.Means(client: client, timer: timer, settings: settings, windowBytes: window)
        let board = FetchBoard(laneCount: itemsOfLane.count)
        let lanes = itemsOfLane.enumerated().map { number, lane in
            FetchLane(number: number, address: lane.address, items: lane.items, board: board, means: means)
        }
        return RemoteShuffleStream(
            places: places, schema: schema, ordered: ordered, board: board, lanes: lanes, means: means)
    }

    package func copy(_ outputs: [WantedOutput], into place: CopyPlace) -> OutputCopy? {
        let items = outputs.enumerated().map { part, wanted in
            FetchLane.Item(
                part: part, output: wanted.output,
                request: BlockRequest(
                    attempt: wanted.output.attempt, partitions: 0..<wanted.partitionBytes.count))
        }
        let means = FetchLane.Means(
            client: client, timer: timer, settings: settings, windowBytes: settings.laneBytes.upperBound)
        let board = FetchBoard(laneCount: 1)
        let lane = FetchLane(
            number: 0, address: outputs.first?.output.address ?? "", items: items, board: board, means: means)
        return OutputCopy(outputs, lane: lane, board: board, place: place)
    }
}
