import Memory
import Synchronization
import Transport
import Vocabulary

/// Fetches from one worker, one request after the other; goes on after the last whole block when one breaks
/// off. What the worker does not give is read from its copy in shared storage, where there is one.
///
///     ask ──▶ blocks … ──▶ next output ──▶ …          gone, unreachable, missing, not readable
///      ▲                       │                                       │
///      └────── copy is read ◀──┴───────────────────────────────────────┘ no copy: the read fails
///
/// Thread-safe: one mutex. It is called by the client's event loop, begun again by the timer's, and fed with
/// copies by threads that read them.
final class FetchLane: Sendable {
    /// Holds what is wanted of one output.
    struct Item: Sendable {
        /// Position in the read's list.
        var part: Int
        var output: OutputAddress
        var request: BlockRequest
    }

    private struct State {
        /// The item whose blocks come in, and the next block of it.
        var current = 0
        var nextBlock = 0
        /// First item of the request under way, and the one after its last.
        var first = 0
        var end = 0
        var failures = 0
        /// The worker was given up: outputs with copies are not asked for any more.
        var isUnreachable = false
        var request: FetchRequest?
        var copy: CopyRead?
    }

    /// Names what a lane needs of its source.
    struct Means: Sendable {
        let client: HTTPClient
        let timer: EventLoop
        let settings: FetchSettings
        let windowBytes: Int
        /// The way to copies; nil where storage is not shared.
        let copies: CopyMeans?
    }

    private let number: Int
    private let address: String
    private let items: [Item]
    private let board: FetchBoard
    private let means: Means
    private let state: Mutex<State>

    init(number: Int, address: String, items: [Item], board: FetchBoard, means: Means) {
        self.number = number
        self.address = address
        self.items = items
        self.board = board
        self.means = means
        state = Mutex(State(nextBlock: items.first?.request.firstBlock ?? 0))
    }

    /// Sends a request for what is still wanted.
    func start() {
        if board.isCancelled { return }
        let item: Item? = state.withLock { state in
            guard state.current < items.count else { return nil }
            let item = items[state.current]
            return item.output.isWorkerGone || state.isUnreachable ? item : nil
        }
        if let item, readCopy(of: item) { return }
        let origin: Origin
        do throws(EngineError) {
            origin = try Origin(address)
        } catch {
            return board.fail(error)
        }
        let wanted: ArraySlice<Item> = state.withLock { state in
            state.first = state.current
            guard state.current < items.count else { return [] }
            // Of one job, whose token goes along.
            let job = items[state.current].output.attempt.task.stage.job
            var wanted = items[state.current...].prefix(ShufflePath.outputLimit)
                .prefix { $0.output.attempt.task.stage.job == job }
            state.end = wanted.endIndex
            let skipped = state.nextBlock - wanted[state.current].request.firstBlock
            wanted[state.current].request.firstBlock = state.nextBlock
            if let count = wanted[state.current].request.blockCount {
                wanted[state.current].request.blockCount = count - skipped
            }
            return wanted
        }
        guard let job = wanted.first?.output.attempt.task.stage.job else { return }
        let path = ShufflePath.make(wanted.map(\.request))
        let stream = means.client.open(
            origin, method: "GET", path: path,
            headers: means.settings.headers(job) + [ShufflePath.checkField(path)],
            windowBytes: means.windowBytes)
        let request = FetchRequest(lane: self, stream: stream, windowBytes: means.windowBytes)
        state.withLock { $0.request = request }
        request.begin()
        if board.isCancelled { request.cancel() }
    }

    /// Ends the request under way. From any thread.
    func cancel() {
        let (request, copy) = state.withLock { state in
            defer { state.copy = nil }
            return (state.request, state.copy)
        }
        request?.cancel()
        copy?.cancel()
    }

    /// Grants what the consumer gathered.
    func settle() { state.withLock { $0.request }?.settle() }

    /// Forgets a request that is over: the two refer to each other.
    func release(_ request: FetchRequest) {
        state.withLock { if $0.request === request { $0.request = nil } }
    }

    // MARK: what the request hears, on the client's loop

    /// Takes a frame, in the order of the items and blocks. Throws when the order is another.
    func take(
        _ frame: BlockFrame, _ block: Buffer?, from request: FetchRequest, creditBytes: Int
    ) throws(EngineError) {
        let place: (current: Int, nextBlock: Int, first: Int) = state.withLock {
            ($0.current, $0.nextBlock, $0.first)
        }
        guard place.current < items.count, frame.position == place.current - place.first,
            frame.kind == .missing || frame.kind == .unreadable || frame.index == place.nextBlock
        else { throw .system("CORRUPT_SHUFFLE_STREAM", "A worker's shuffle frames came out of order") }
        let item = items[place.current]
        switch frame.kind {
        case .begin:
            if item.output.checksum != 0, frame.value != item.output.checksum {
                giveUp(.mismatched(item.output), request)
            }
        case .block:
            guard let block else { return }
            state.withLock { state in
                state.nextBlock += 1
                state.failures = 0
            }
            board.push(
                .block(
                    FetchedBlock(
                        part: item.part, index: frame.index, buffer: block, request: request,
                        creditBytes: creditBytes)), lane: number)
        case .end: endItem(item)
        case .missing: giveUp(.missing(item.output.attempt, at: address), request)
        case .unreadable:
            let error = EngineError.system(
                "SHUFFLE_OUTPUT_UNREADABLE", "Worker \(address) cannot read an output that it holds")
            giveUp(FetchFailure(producer: item.output.attempt, error: error), request)
        }
    }

    private func endItem(_ item: Item) {
        state.withLock { state in
            state.current += 1
            state.nextBlock = state.current < items.count ? items[state.current].request.firstBlock : 0
        }
        board.push(.ended(part: item.part), lane: number)
    }

    /// The response is over; the next request follows when items are left.
    func ended(_ request: FetchRequest, isWhole: Bool) {
        let (current, end) = state.withLock { ($0.current, $0.end) }
        if !isWhole || current < end {
            return broke(
                request, .system("CORRUPT_SHUFFLE_STREAM", "A worker's shuffle response is cut short"))
        }
        if current < items.count { start() }
    }

    /// The connection or the response broke: asks again after a pause, or gives the output up.
    func broke(_ request: FetchRequest, _ error: EngineError) {
        again { [self] in
            let current = state.withLock { state in
                state.isUnreachable = true
                return state.current
            }
            let item = items[min(current, items.count - 1)]
            surrender(FetchFailure(producer: item.output.attempt, error: error))
        }
    }

    /// Asks again after a pause; after the last try does something else.
    private func again(orElse giveUp: () -> Void) {
        if board.isCancelled { return }
        let failures = state.withLock { state in
            state.failures += 1
            return state.failures
        }
        guard failures < means.settings.tries else { return giveUp() }
        let pause = means.settings.pauseSeconds * Double(1 << (failures - 1)) * Double.random(in: 0.5...1.5)
        means.timer.schedule(seconds: pause) { [self] in start() }
    }

    /// No output of the request is there any more: an answer, so it is not asked again.
    func missing() {
        let current = state.withLock { min($0.current, items.count - 1) }
        surrender(FetchFailure.missing(items[current].output.attempt, at: address))
    }

    /// The worker does not serve this one, or a bit turned in the request or its answer, which the next try
    /// shows. Another producer would not help.
    func refused(_ status: Int) {
        again { board.fail(status == 401 ? tokenRefused : refusal(status)) }
    }

    private var tokenRefused: EngineError {
        .system(
            "SHUFFLE_TOKEN_REFUSED", "Worker \(address) gives outputs of the job only to who has its token",
            remedy: "A worker that has just joined may be of an earlier release than the others: run all "
                + "workers with the coordinator's release.")
    }

    private func refusal(_ status: Int) -> EngineError {
        .system(
            "SHUFFLE_REFUSED", "Worker \(address) refused a shuffle request with status \(status)",
            remedy: "Check that all workers have the same certificates and version.")
    }

    private func giveUp(_ failure: FetchFailure, _ request: FetchRequest) {
        request.close()
        surrender(failure)
    }

    // MARK: copies

    /// Takes the copy of the current output in place of what its worker does not give; without one the read
    /// has failed.
    private func surrender(_ failure: FetchFailure) {
        let current = state.withLock { $0.current }
        if current < items.count, readCopy(of: items[current]) { return }
        board.fail(failure)
    }

    /// Begins to read the current output's copy from the block after the last one; false where there is none.
    private func readCopy(of item: Item) -> Bool {
        guard let copies = means.copies, let job = item.output.copyOfJob else { return false }
        let read = state.withLock { state in
            let read = CopyRead(
                item, firstBlock: state.nextBlock, job: job, lane: self, means: copies,
                windowBytes: means.windowBytes)
            state.copy = read
            return read
        }
        read.start()
        if board.isCancelled { cancel() }
        return true
    }

    /// Takes a block of the current output's copy.
    func takeCopied(_ block: FetchedBlock) {
        state.withLock { $0.nextBlock += 1 }
        board.push(.block(block), lane: number)
    }

    /// All of the current output came from its copy: the next one follows when there is one.
    func copyEnded(_ copy: CopyRead) {
        let current = state.withLock { state in
            if state.copy === copy { state.copy = nil }
            return state.current
        }
        endItem(items[current])
        if current + 1 < items.count { start() }
    }

    func copyFailed(_ copy: CopyRead, _ error: EngineError) {
        let current = state.withLock { state in
            if state.copy === copy { state.copy = nil }
            return state.current
        }
        board.fail(FetchFailure(producer: items[current].output.attempt, error: error))
    }
}
