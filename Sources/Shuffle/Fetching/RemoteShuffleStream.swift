import Columns
import Formats
import Memory
import Vocabulary

/// Yields the batches of outputs here and on other workers; verifies and decodes on the consumer's thread.
/// What is still under way is cancelled with the stream. One thread at a time.
///
/// A block whose checksum is wrong is fetched once more (`FetchSettings.repairs`), alone; is it wrong again,
/// its producer is blamed.
final class RemoteShuffleStream: ShuffleStream {
    /// Tells where one part of the list is read.
    enum Place {
        case here(ShuffleOutput, Range<Int>)
        case there(lane: Int, OutputAddress, Range<Int>)
        case gone(FetchFailure)
    }

    private let places: [Place]
    private let schema: Schema
    private let decoder: ColumnBlockDecoder
    private let ordered: Bool
    private let board: FetchBoard
    private var lanes: [FetchLane]
    private let means: FetchLane.Means
    private var hasStarted = false
    /// Ordered: the part that is read. Else: the next part that may be one of this process.
    private var part = 0
    private var endedRemoteParts = 0
    private let remoteParts: Int
    private var reader: OutputReader?
    /// Queue in which a damaged block comes in again.
    private var repairLane: Int?
    /// How often that block was fetched again.
    private var repairs = 0
    private(set) var bytesRead = 0

    init(
        places: [Place], schema: Schema, ordered: Bool, board: FetchBoard, lanes: [FetchLane],
        means: FetchLane.Means
    ) {
        self.places = places
        self.schema = schema
        decoder = ColumnBlockDecoder(schema: schema)
        self.ordered = ordered
        self.board = board
        self.lanes = lanes
        self.means = means
        remoteParts = places.count { if case .there = $0 { true } else { false } }
    }

    deinit {
        board.cancel()
        for lane in lanes { lane.cancel() }
    }

    func next() throws -> Pull {
        if !hasStarted {
            hasStarted = true
            for case .gone(let failure) in places { throw failure }
            for lane in lanes { lane.start() }
        }
        if let repairLane { return try nextRepaired(repairLane) }
        return try ordered ? nextInOrder() : nextOfAny()
    }

    /// Bytes that came in and wait, encoded.
    var waitingBytes: Int { board.waitingBytes }

    // MARK: - Order

    private func nextInOrder() throws -> Pull {
        while part < places.count {
            if case .there(let lane, _, _) = places[part] {
                switch try board.pop(lane: lane) {
                case .success(.block(let block)): return try take(block)
                case .success(.ended): part += 1
                case .failure(let nothing): return wait(nothing)
                }
            } else if let batch = try nextHere() {
                return .batch(batch)
            } else {
                part += 1
            }
        }
        return .finished
    }

    /// What came over the network goes first, so that more can come while outputs of this process are read.
    private func nextOfAny() throws -> Pull {
        while endedRemoteParts < remoteParts {
            switch try board.pop(lane: nil) {
            case .success(.block(let block)): return try take(block)
            case .success(.ended): endedRemoteParts += 1
            case .failure(let nothing):
                if let batch = try nextOfHere() { return .batch(batch) }
                return wait(nothing)
            }
        }
        return try nextOfHere().map { .batch($0) } ?? .finished
    }

    private func nextOfHere() throws -> Batch? {
        while part < places.count {
            if let batch = try nextHere() { return batch }
            part += 1
        }
        return nil
    }

    /// Returns the next batch of the current part when it lies in this process.
    private func nextHere() throws -> Batch? {
        guard case .here(let output, let partitions) = places[part] else { return nil }
        let current = reader ?? OutputReader(output, partitions: partitions, schema: schema)
        reader = current
        let before = current.bytesRead
        let batch = try current.next()
        bytesRead += current.bytesRead - before
        if batch == nil { reader = nil }
        return batch
    }

    private func wait(_ nothing: FetchBoard.Nothing) -> Pull {
        for lane in lanes { lane.settle() }
        return .blocked(nothing.wakeup)
    }

    // MARK: - Blocks

    private func take(_ block: FetchedBlock) throws -> Pull {
        block.request.grant(block.creditBytes)
        bytesRead += block.buffer.byteCount
        do throws(EngineError) {
            return .batch(try decoder.decode(block.buffer))
        } catch {
            repairs = 0
            return try fetchAgain(block, error)
        }
    }

    private func fetchAgain(_ block: FetchedBlock, _ error: EngineError) throws -> Pull {
        guard case .there(_, let output, let partitions) = places[block.part] else { throw error }
        guard repairs < means.settings.repairs else {
            throw FetchFailure(producer: output.attempt, error: error)
        }
        repairs += 1
        let number = board.addLane()
        var again = output
        // Who sent the block damaged may do so again.
        again.isWorkerGone = means.copies != nil && output.copyOfJob != nil
        let request = BlockRequest(
            attempt: output.attempt, partitions: partitions, firstBlock: block.index, blockCount: 1)
        let lane = FetchLane(
            number: number, address: output.address,
            items: [.init(part: block.part, output: again, request: request)], board: board, means: means
        )
        lanes.append(lane)
        repairLane = number
        lane.start()
        return try nextRepaired(number)
    }

    private func nextRepaired(_ lane: Int) throws -> Pull {
        switch try board.pop(lane: lane) {
        case .failure(let nothing): return wait(nothing)
        case .success(.ended):
            // Nobody counts this end: the whole output's own end follows in its lane.
            throw EngineError.internal("a block that was fetched again did not come")
        case .success(.block(let block)):
            repairLane = nil
            bytesRead += block.buffer.byteCount
            do throws(EngineError) {
                return .batch(try decoder.decode(block.buffer))
            } catch {
                return try fetchAgain(block, error)
            }
        }
    }
}
