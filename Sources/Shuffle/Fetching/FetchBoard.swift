import Memory
import Synchronization

/// Tells the consumer what came in for one part of its list.
enum Arrival: Sendable {
    case block(FetchedBlock)
    /// All blocks of the part came before.
    case ended(part: Int)
}

/// Holds an encoded block that came in, not verified yet.
struct FetchedBlock: Sendable {
    /// Position in the read's list.
    var part: Int
    /// Position among the blocks of the part.
    var index: Int
    var buffer: Buffer
    /// Whoever gave the block, and is given back the credit.
    var request: any CreditGiver
    var creditBytes: Int
}

/// Hands blocks from the network's threads to the consumer's. One queue for each lane, in the lane's order.
///
/// Thread-safe: one mutex. What is in it is bounded by the credit of the lanes.
final class FetchBoard: Sendable {
    private struct Queue {
        var arrivals: [Arrival] = []
        var first = 0

        mutating func pop() -> Arrival? {
            guard first < arrivals.count else { return nil }
            let arrival = arrivals[first]
            first += 1
            // What was taken is not held longer than half of the queue's length.
            if first * 2 >= arrivals.count {
                arrivals.removeFirst(first)
                first = 0
            }
            return arrival
        }
    }

    private struct State {
        var queues: [Queue]
        var turn = 0
        var failure: (any Error)?
        var wakeup: Wakeup?
        var isCancelled = false
    }

    private let state: Mutex<State>
    /// Queues that are read in turn; those added later are read by their number only.
    private let laneCount: Int

    init(laneCount: Int) {
        self.laneCount = laneCount
        state = Mutex(State(queues: Array(repeating: Queue(), count: laneCount)))
    }

    /// Adds a queue and returns its number.
    func addLane() -> Int {
        state.withLock { state in
            state.queues.append(Queue())
            return state.queues.count - 1
        }
    }

    // MARK: the network's side

    func push(_ arrival: Arrival, lane: Int) {
        change { $0.queues[lane].arrivals.append(arrival) }
    }

    /// Ends the read; the consumer throws the error next. Only the first one counts.
    func fail(_ error: any Error) {
        change { if $0.failure == nil { $0.failure = error } }
    }

    private func change(_ body: (inout State) -> Void) {
        let wakeup = state.withLock { state in
            body(&state)
            let wakeup = state.wakeup
            state.wakeup = nil
            return wakeup
        }
        wakeup?.signal()
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    // MARK: the consumer's side

    /// Returns what came in next: in the queue `lane`, or in any, each in turn. When there is nothing,
    /// returns a wake-up that is signalled by the next change. Throws what the read failed with.
    func pop(lane: Int?) throws -> Result<Arrival, Nothing> {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            if let lane {
                if let arrival = state.queues[lane].pop() { return .success(arrival) }
            } else {
                for _ in 0..<laneCount {
                    state.turn = state.turn + 1 < laneCount ? state.turn + 1 : 0
                    if let arrival = state.queues[state.turn].pop() { return .success(arrival) }
                }
            }
            let wakeup = state.wakeup ?? Wakeup()
            state.wakeup = wakeup
            return .failure(Nothing(wakeup: wakeup))
        }
    }

    /// Says that nothing came in, and when to ask again.
    struct Nothing: Error {
        var wakeup: Wakeup
    }

    /// Bytes of blocks that came in and wait for the consumer.
    var waitingBytes: Int {
        state.withLock { state in
            state.queues.reduce(0) { total, queue in
                queue.arrivals[queue.first...].reduce(total) { sum, arrival in
                    if case .block(let block) = arrival { sum + block.buffer.byteCount } else { sum }
                }
            }
        }
    }

    /// Drops all blocks; lanes ask no more.
    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            for lane in state.queues.indices { state.queues[lane] = Queue() }
        }
    }
}
