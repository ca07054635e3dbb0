import Memory
import Testing
import Vocabulary

@testable import Shuffle

@Suite struct WireTests {
    @Test("a request reads back as it was written")
    func request() {
        let requests = [
            BlockRequest(attempt: attempt(0), partitions: 0..<4),
            BlockRequest(attempt: attempt(1), partitions: 7..<7, firstBlock: 3),
            BlockRequest(attempt: attempt(2), partitions: 1..<2, firstBlock: 0, blockCount: 1),
        ]
        #expect(requests[2].description == "3.1.2.2@4-3/1-2+0x1")
        #expect(ShufflePath.parse(ShufflePath.make(requests)) == requests)
    }

    @Test(
        "a path that is no request is refused",
        arguments: [
            "/shuffle/v1/", "/shuffle/v1/1.2.3@4-5/0-1", "/shuffle/v1/1.2.3.4@4-5/2-1",
            "/shuffle/v1/1.2.3.4@4/0-1",
            "/shuffle/v1/01.2.3.4@4-5/0-1", "/shuffle/v1/1.2.3.4@4-5/0-99999999999",
            "/shuffle/v1/1.2.3.4@4-5/0-1,",
            "/shuffle/v2/1.2.3.4@4-5/0-1", "/shuffle/v1/1.2.3.4@4-5/0-1+x1",
        ])
    func badPath(path: String) { #expect(ShufflePath.parse(path) == nil) }

    @Test("a bit that turns in a path is noticed, whatever it then asks for")
    func turnedBits() {
        let path = ShufflePath.make([
            BlockRequest(attempt: attempt(1), partitions: 3..<4),
            BlockRequest(attempt: attempt(2), partitions: 3..<4, firstBlock: 12, blockCount: 1),
        ])
        let fields = [ShufflePath.checkField(path)]
        #expect(ShufflePath.isWhole(path, fields) && ShufflePath.isWhole(path, []))
        var readable = 0
        for index in path.utf8.indices {
            for bit in 0..<7 {
                let place = path.utf8.distance(from: path.utf8.startIndex, to: index)
                var bytes = Array(path.utf8)
                bytes[place] ^= 1 << bit
                let turned = String(decoding: bytes, as: UTF8.self)
                #expect(!ShufflePath.isWhole(turned, fields), "\(turned)")
                if ShufflePath.parse(turned) != nil { readable += 1 }
            }
        }
        // Without the check these would have been answered.
        #expect(readable > 50, "\(readable)")
    }

    @Test("frames are cut out of pieces of any size", arguments: [1, 7, 31, 32, 33, 1000])
    func pieces(size: Int) throws {
        let block = Buffer.zeroed(byteCount: 100)
        block.mutableBytes[99] = 9
        var bytes: [UInt8] = []
        for frame in [
            BlockFrame(.begin, position: 2, value: 77), BlockFrame(.block, position: 2, index: 5, value: 100),
        ] {
            bytes += copied(frame.encoded())
        }
        bytes += copied(block) + copied(BlockFrame(.end, position: 2, index: 6).encoded())
        var reader = FrameReader()
        var seen: [BlockFrame.Kind] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            try Array(bytes[start..<min(bytes.count, start + size)]).withUnsafeBytes { piece in
                var rest = piece
                while let (frame, found) = try reader.next(&rest, willReceive: { #expect($0 == 132) }) {
                    seen.append(frame.kind)
                    if frame.kind == .block { #expect(found?.bytes.last == 9) }
                }
            }
        }
        #expect(seen == [.begin, .block, .end])
        #expect(reader.isBetweenFrames)
    }

    /// The buffer outlives the copying: its memory goes with the last reference.
    private func copied(_ buffer: Buffer) -> [UInt8] { withExtendedLifetime(buffer) { Array(buffer.bytes) } }

    @Test("a frame with any flipped bit is refused")
    func flipped() {
        let frame = BlockFrame(.block, position: 1, index: 2, value: 3).encoded()
        for bit in 0..<(BlockFrame.byteCount * 8) {
            frame.mutableBytes[bit / 8] ^= 1 << (bit % 8)
            #expect(BlockFrame(frame.bytes) == nil)
            frame.mutableBytes[bit / 8] ^= 1 << (bit % 8)
        }
        #expect(BlockFrame(frame.bytes) != nil)
    }
}
