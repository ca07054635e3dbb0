import SeededRandom
import Testing
import Vocabulary

@testable import Formats

/// Decodes the examples of ORC's specification, and what the own encoder makes of random runs.
@Suite("Runs of integers in ORC files")
struct ORCIntegersTests {
    private func decode(
        _ bytes: [UInt8], _ count: Int, isSigned: Bool, isVersion2: Bool = true
    ) throws -> [Int64] {
        let source = MemorySource(bytes)
        let stream = ORCBytes(
            source, at: 0, count: bytes.count, codec: ORCCodec(kind: .none, chunkBytes: 0))
        let integers = ORCIntegers(stream, isSigned: isSigned, isVersion2: isVersion2)
        var values = [Int64](repeating: 0, count: count)
        // In pieces, as columns read them.
        for start in stride(from: 0, to: count, by: 7) {
            try values.withUnsafeMutableBufferPointer { room in
                guard let base = room.baseAddress else { return }
                try integers.read(base + start, min(7, count - start))
            }
        }
        return values
    }

    @Test("version 1: runs and literals")
    func version1() throws {
        #expect(
            try decode([0x61, 0x00, 0x07], 100, isSigned: false, isVersion2: false)
                == .init(repeating: 7, count: 100))
        #expect(
            try decode([0x61, 0xFF, 0x64], 100, isSigned: false, isVersion2: false)
                == (1...100).reversed().map { Int64($0) })
        #expect(
            try decode([0xFB, 0x02, 0x03, 0x06, 0x07, 0x0B], 5, isSigned: false, isVersion2: false)
                == [2, 3, 6, 7, 11])
    }

    @Test("version 2: the four kinds of runs")
    func version2() throws {
        #expect(try decode([0x0A, 0x27, 0x10], 5, isSigned: false) == [10000, 10000, 10000, 10000, 10000])
        #expect(
            try decode([0x5E, 0x03, 0x5C, 0xA1, 0xAB, 0x1E, 0xDE, 0xAD, 0xBE, 0xEF], 4, isSigned: false)
                == [23713, 43806, 57005, 48879])
        #expect(
            try decode([0xC6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46], 10, isSigned: false)
                == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29])
        let patched: [UInt8] = [
            0x8E, 0x13, 0x2B, 0x21, 0x07, 0xD0, 0x1E, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3C, 0x46, 0x50, 0x5A,
            0x64, 0x6E, 0x78, 0x82, 0x8C, 0x96, 0xA0, 0xAA, 0xB4, 0xBE, 0xFC, 0xE8,
        ]
        #expect(
            try decode(patched, 20, isSigned: false) == [
                2030, 2000, 2020, 1_000_000, 2040, 2050, 2060, 2070, 2080, 2090, 2100, 2110, 2120, 2130, 2140,
                2150, 2160, 2170, 2180, 2190,
            ])
    }

    @Test("what the encoder makes of runs of every kind is what was put in", arguments: [true, false])
    func encoder(isSigned: Bool) throws {
        var dice = SplitMix(state: 7)
        for round in 0..<400 {
            let encoder = ORCIntegerEncoder(isSigned: isSigned)
            var values: [Int64] = []
            while values.count < 1 + round * 3 {
                let start =
                    Int64(dice.roll(1 << (1 + dice.roll(40)))) * (isSigned && dice.roll(2) == 0 ? -1 : 1)
                let step = Int64(dice.roll(5)) * (isSigned && dice.roll(3) == 0 ? -1 : 1)
                for place in 0..<(1 + dice.roll(600)) {
                    switch dice.roll(1 + round % 3) {
                    case 0: values.append(start + Int64(place) * step)
                    default: values.append(start + Int64(dice.roll(1 + place)))
                    }
                }
            }
            if round % 50 == 0 { values += isSigned ? [.min, .max, 0, .min] : [.max, 0, 1, .max] }
            for value in values { encoder.append(value) }
            encoder.flush()
            let bytes = Array(encoder.out.bytes)
            #expect(try decode(bytes, values.count, isSigned: isSigned) == values, "round \(round)")
        }
    }

    @Test("bytes and bits come back", arguments: [0, 1, 2, 3])
    func bytes(kind: Int) throws {
        var dice = SplitMix(state: UInt64(kind))
        let values = (0..<10_000).map { _ in dice.roll(4) < kind ? UInt8(dice.roll(256)) : 9 }
        let encoder = ORCByteEncoder()
        let bits = ORCByteEncoder()
        for value in values {
            encoder.append(value)
            bits.append(bit: value & 1 == 1)
        }
        encoder.flush()
        bits.flush()
        func runs(_ encoder: ORCByteEncoder) -> ORCByteRuns {
            let bytes = Array(encoder.out.bytes)
            return ORCByteRuns(
                ORCBytes(
                    MemorySource(bytes), at: 0, count: bytes.count,
                    codec: ORCCodec(kind: .none, chunkBytes: 0)))
        }
        let (found, foundBits) = (runs(encoder), runs(bits))
        for (place, value) in values.enumerated() {
            #expect(try found.byte() == value, "byte \(place)")
            #expect(try foundBits.bit() == (value & 1 == 1), "bit \(place)")
        }
    }
}
