import Memory
import Synchronization
import Transport
import Vocabulary

/// Receives the response to one request of a lane.
///
/// `@unchecked Sendable`: the reader and the flags belong to the client's event loop, which makes all calls
/// but `grant` and `cancel`; the credit that is owed is atomic.
final class FetchRequest: CreditGiver, @unchecked Sendable {
    private let lane: FetchLane
    private let stream: ClientStream
    private let windowBytes: Int
    private var reader = FrameReader()
    private var isOver = false
    private var status = 0
    private let owedBytes = Atomic<Int>(0)

    init(lane: FetchLane, stream: ClientStream, windowBytes: Int) {
        self.lane = lane
        self.stream = stream
        self.windowBytes = windowBytes
    }

    /// Begins to listen.
    func begin() {
        stream.whenHead { [self] result in
            if case .success(let head) = result { status = head.status }
        }
        stream.body.receive(
            onData: { [self] bytes in receive(bytes) }, onEnd: { [self] error in ended(error) })
    }

    /// Lets the worker send more in place of what was consumed; gathers small amounts.
    func grant(_ bytes: Int) {
        let owed = owedBytes.add(bytes, ordering: .relaxed).newValue
        if owed >= windowBytes / 4 { settle() }
    }

    /// Grants all that was gathered. Called before the consumer waits.
    func settle() {
        let owed = owedBytes.exchange(0, ordering: .relaxed)
        if owed > 0 { stream.body.grant(owed) }
    }

    func cancel() { stream.cancel() }

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !isOver, status == 200 else { return }
        var rest = bytes
        do throws(EngineError) {
            while let (frame, block) = try reader.next(&rest, willReceive: { willReceive($0) }) {
                if block == nil { grant(BlockFrame.byteCount) }
                try lane.take(frame, block, from: self, creditBytes: credit(of: block))
                if isOver { return }
            }
        } catch {
            isOver = true
            stream.cancel()
            lane.broke(self, error)
        }
    }

    /// A block larger than the window would never arrive whole: its excess is granted before.
    private func willReceive(_ bytes: Int) {
        if bytes > windowBytes { stream.body.grant(bytes - windowBytes) }
    }

    private func credit(of block: Buffer?) -> Int {
        guard let block else { return 0 }
        return min(block.byteCount + BlockFrame.byteCount, windowBytes)
    }

    /// Hears no more; the lane gave the read up.
    func close() {
        isOver = true
        stream.cancel()
    }

    private func ended(_ error: EngineError?) {
        lane.release(self)
        if isOver { return }
        isOver = true
        if let error { return lane.broke(self, error) }
        switch status {
        case 200: lane.ended(self, isWhole: reader.isBetweenFrames)
        case 404: lane.missing()
        case 400, 401, 403:
            lane.refused(status)
        default:
            lane.broke(self, .system("SHUFFLE_FETCH_FAILED", "A worker answered with status \(status)"))
        }
    }
}
