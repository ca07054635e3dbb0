import Formats
import Memory
import Vocabulary

/// Copies whole outputs from a worker that leaves, one after the other: their blocks are verified and kept as
/// they are. What is still under way is cancelled with the copy. One thread at a time.
package final class OutputCopy {
    /// Answers a request for the next output without blocking the thread.
    package enum Step {
        case output(ShuffleOutput)
        /// Nothing yet: ask again after the wake-up was signalled.
        case blocked(Wakeup)
        case finished
    }

    private let outputs: [WantedOutput]
    private let lane: FetchLane
    private let board: FetchBoard
    private let place: CopyPlace
    private var hasStarted = false
    private var doneCount = 0
    private var current: CopiedBlocks

    init(_ outputs: [WantedOutput], lane: FetchLane, board: FetchBoard, place: CopyPlace) {
        self.outputs = outputs
        self.lane = lane
        self.board = board
        self.place = place
        current = CopiedBlocks(place)
    }

    deinit {
        board.cancel()
        lane.cancel()
    }

    /// Returns the next output that is here whole. Throws `FetchFailure` and `SPILL_FAILED` when this one and
    /// the later ones do not come.
    package func next() throws -> Step {
        if doneCount == outputs.count { return .finished }
        if !hasStarted {
            hasStarted = true
            lane.start()
        }
        while true {
            switch try board.pop(lane: 0) {
            case .failure(let nothing):
                lane.settle()
                return .blocked(nothing.wakeup)
            case .success(.block(let block)):
                block.request.grant(block.creditBytes)
                try keep(block)
            case .success(.ended(let part)):
                let done = try current.finish(outputs[part])
                current = CopiedBlocks(place)
                doneCount += 1
                return .output(done)
            }
        }
    }

    private func keep(_ block: FetchedBlock) throws {
        do throws(EngineError) {
            try current.add(block.buffer)
        } catch {
            throw FetchFailure(producer: outputs[block.part].output.attempt, error: error)
        }
    }
}

/// Gathers the blocks of one output: in memory while it lasts, all of them in a file from then on.
private final class CopiedBlocks {
    private let place: CopyPlace
    private let memory: OutputMemory
    private var blocks: [Buffer] = []
    private var ranges: [Range<Int>] = []
    private var file: SpillFile?

    init(_ place: CopyPlace) {
        self.place = place
        memory = OutputMemory(budget: place.budget)
    }

    func add(_ block: Buffer) throws(EngineError) {
        try ColumnBlockDecoder.verify(block.bytes)
        if file == nil, memory.tryGrow(by: block.byteCount) { return blocks.append(block) }
        let target: SpillFile
        if let file { target = file } else { target = try SpillFile(directory: place.spillDirectory) }
        file = target
        for kept in blocks { ranges.append(try target.append(kept.bytes)) }
        memory.shrink(by: blocks.reduce(0) { $0 + $1.byteCount })
        blocks = []
        ranges.append(try target.append(block.bytes))
    }

    /// Returns the output. The sizes of its partitions tell which blocks are whose.
    func finish(_ wanted: WantedOutput) throws -> ShuffleOutput {
        let sizes = file == nil ? blocks.map(\.byteCount) : ranges.map(\.count)
        var partitions: [PartitionData] = []
        var next = 0
        for bytes in wanted.partitionBytes {
            let first = next
            var rest = bytes
            while rest > 0, next < sizes.count {
                rest -= sizes[next]
                next += 1
            }
            guard rest == 0 else { throw CopiedBlocks.misfit(wanted.output) }
            partitions.append(
                file.map { .file($0, Array(ranges[first..<next])) } ?? .blocks(Array(blocks[first..<next])))
        }
        guard next == sizes.count else { throw CopiedBlocks.misfit(wanted.output) }
        return ShuffleOutput(
            adopted: wanted.output, partitions: partitions, partitionBytes: wanted.partitionBytes,
            memory: memory)
    }

    private static func misfit(_ output: OutputAddress) -> FetchFailure { .mismatched(output) }
}
