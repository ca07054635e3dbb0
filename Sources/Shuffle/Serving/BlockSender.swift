import Memory
import Transport
import Vocabulary

/// Sends the blocks of one request, as fast as the reader takes them.
///
/// Runs until enough is queued, and again when the reader took some. What is in files is read on the disk's
/// thread, in pieces of up to 1 MiB over neighbouring blocks.
///
/// `@unchecked Sendable`: each run hands over to the next one, so only one thread is ever inside.
final class BlockSender: @unchecked Sendable {
    private let items: [(request: BlockRequest, output: ShuffleOutput?)]
    private let response: ResponseWriter
    private let disk: EventLoop
    /// The item that is sent, and its blocks once it was begun.
    private var item = 0
    private var places: [BlockPlace]?
    private var next = 0
    private var end = 0
    /// What was read last of a file.
    private var piece: (file: SpillFile, range: Range<Int>, buffer: Buffer)?

    private static let pieceBytes = 1 << 20

    init(_ items: [(BlockRequest, ShuffleOutput?)], _ response: ResponseWriter, disk: EventLoop) {
        self.items = items
        self.response = response
        self.disk = disk
    }

    /// Sends until the queue is full, the disk's thread must go on, or all is sent.
    func run() {
        while !response.body.isClosed {
            guard item < items.count else { return response.end() }
            guard let places else {
                begin()
                continue
            }
            guard next < end else {
                send(BlockFrame(.end, position: item, index: end))
                self.places = nil
                item += 1
                continue
            }
            if case .file = places[next], !disk.isCurrent { return disk.execute { self.run() } }
            guard let isWelcome = send(places) else { continue }
            if !isWelcome {
                // By way of the thread's queue: a call back at once would nest without bound.
                return response.body.whenWritable { [disk] in disk.execute { self.run() } }
            }
        }
    }

    private func begin() {
        let (request, output) = items[item]
        guard let output else { return skip(.missing) }
        do throws(EngineError) {
            let places = try output.places(of: request.partitions)
            next = min(request.firstBlock, places.count)
            end = request.blockCount.map { min(places.count, next + $0) } ?? places.count
            self.places = places
            send(BlockFrame(.begin, position: item, index: next, value: output.checksum))
        } catch {
            skip(.unreadable)
        }
    }

    private func skip(_ kind: BlockFrame.Kind) {
        send(BlockFrame(kind, position: item))
        places = nil
        item += 1
    }

    @discardableResult
    private func send(_ frame: BlockFrame) -> Bool { response.body.write(frame.encoded()) }

    /// Sends the next block and says whether more is welcome; nil when it could not be read.
    private func send(_ places: [BlockPlace]) -> Bool? {
        FailPoint.pass(.serve)
        let place = places[next]
        let frame = BlockFrame(.block, position: item, index: next, value: UInt64(place.byteCount))
        switch place {
        case .memory(let buffer):
            send(frame)
            next += 1
            return response.body.write(buffer)
        case .file(let file, let range):
            do throws(EngineError) {
                let (buffer, offset) = try read(file, range, places)
                send(frame)
                next += 1
                return response.body.write(buffer, offset: offset, count: range.count)
            } catch {
                skip(.unreadable)
                return nil
            }
        }
    }

    /// Returns the block's bytes, read together with what follows it in the file and the request.
    private func read(
        _ file: SpillFile, _ range: Range<Int>, _ places: [BlockPlace]
    ) throws(EngineError) -> (Buffer, offset: Int) {
        if let piece, piece.file === file, piece.range.lowerBound <= range.lowerBound,
            range.upperBound <= piece.range.upperBound
        {
            return (piece.buffer, range.lowerBound - piece.range.lowerBound)
        }
        var reach = range.upperBound
        for place in places[(next + 1)..<end] {
            guard case .file(let other, let following) = place, other === file, following.lowerBound == reach,
                following.upperBound - range.lowerBound <= Self.pieceBytes
            else { break }
            reach = following.upperBound
        }
        let whole = range.lowerBound..<reach
        let buffer = try file.block(whole)
        piece = (file, whole, buffer)
        return (buffer, 0)
    }
}
