import Memory
import Synchronization
import Transport
import Vocabulary

/// Gives back what a consumer has taken, so that more can come.
protocol CreditGiver: AnyObject, Sendable {
    func grant(_ bytes: Int)
}

/// Reads blocks of one output from its copy in shared storage, for a lane, as far as its credit goes.
///
/// ```
/// run ──▶ blocks to the board ──▶ the credit is used up: waits ──grant──▶ run … ──▶ the lane's `copyEnded`
/// ```
/// `@unchecked Sendable`: each run hands over to the next one on the same thread, which may wait for the
/// storage; what the consumer grants is behind the mutex.
final class CopyRead: CreditGiver, @unchecked Sendable {
    private struct Credit {
        var usedBytes = 0
        var isWaiting = false
        var isCancelled = false
    }

    private let lane: FetchLane
    private let item: FetchLane.Item
    private let job: String
    private let means: CopyMeans
    private let windowBytes: Int
    private let credit = Mutex(Credit())
    private var source: (any ByteSource)?
    private var blocks: [Range<Int>] = []
    /// The next block, and the end, counted over all blocks of the partitions.
    private var next: Int
    private var end = 0

    /// Begins at the block `firstBlock`. `job` is the id under which the copy lies.
    init(
        _ item: FetchLane.Item, firstBlock: Int, job: String, lane: FetchLane, means: CopyMeans,
        windowBytes: Int
    ) {
        self.lane = lane
        self.item = item
        self.job = job
        self.means = means
        self.windowBytes = windowBytes
        next = firstBlock
    }

    func start() { means.thread(for: item.output.attempt).execute { self.run() } }

    func cancel() { credit.withLock { $0.isCancelled = true } }

    func grant(_ bytes: Int) {
        let goesOn = credit.withLock { credit in
            credit.usedBytes -= bytes
            guard credit.isWaiting, credit.usedBytes < windowBytes else { return false }
            credit.isWaiting = false
            return true
        }
        if goesOn { start() }
    }

    private func run() {
        do throws(EngineError) {
            let source = try opened()
            while next < end {
                guard hasCredit() else { return }
                let buffer = Buffer(byteCount: blocks[next].count)
                try source.readFully(at: blocks[next].lowerBound, into: buffer.mutableBytes)
                credit.withLock { $0.usedBytes += buffer.byteCount }
                let index = next
                next += 1
                lane.takeCopied(
                    FetchedBlock(
                        part: item.part, index: index, buffer: buffer, request: self,
                        creditBytes: buffer.byteCount))
            }
            lane.copyEnded(self)
        } catch {
            // Whatever is wrong with the storage is no fault of the job's author.
            lane.copyFailed(
                self,
                .system(
                    "SHUFFLE_COPY_UNREADABLE",
                    "A task's output cannot be read from shared storage: \(error.message)",
                    remedy: error.remedy))
        }
    }

    private func hasCredit() -> Bool {
        credit.withLock { credit in
            if credit.isCancelled { return false }
            credit.isWaiting = credit.usedBytes >= windowBytes
            return !credit.isWaiting
        }
    }

    private func opened() throws(EngineError) -> any ByteSource {
        if let source { return source }
        let opened = try means.outputs.open(item.output.attempt, of: job)
        let layout = try CopyLayout(opened)
        let partitions = item.request.partitions
        guard item.output.checksum == 0 || layout.checksum == item.output.checksum,
            partitions.upperBound <= layout.partitions.count
        else { throw .system("SHUFFLE_OUTPUT_CHANGED", "It is not what its task reported: \(opened.name)") }
        blocks = layout.partitions[partitions].flatMap { $0 }
        next = min(next, blocks.count)
        let wanted = item.request.blockCount.map { item.request.firstBlock + $0 } ?? blocks.count
        end = max(next, min(blocks.count, wanted))
        opened.willRead(Array(blocks[next..<end]))
        source = opened
        return opened
    }
}

/// Holds what a source needs to read copies: where they lie, and threads that may wait for the storage.
///
/// Thread-safe: nothing in it changes.
final class CopyMeans: Sendable {
    let outputs: SharedOutputs
    private let threads: [EventLoop]

    /// So many outputs are read at once.
    static let threadCount = 4

    /// Throws `OUT_OF_RESOURCES` (system).
    init(_ outputs: SharedOutputs) throws(EngineError) {
        self.outputs = outputs
        var threads: [EventLoop] = []
        for number in 0..<Self.threadCount { threads.append(try EventLoop(name: "shuffle-copy-\(number)")) }
        self.threads = threads
    }

    deinit { for thread in threads { thread.stop() } }

    /// Returns the thread that reads an output's copy, always the same.
    func thread(for attempt: AttemptID) -> EventLoop { threads[Int(attempt.number) % threads.count] }
}
