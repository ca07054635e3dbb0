import SeededRandom
import Testing
import Vocabulary

/// Reads damaged bytes in every way that a test can think of.
enum WireDamage {
    /// Fails unless every prefix of a value's bytes, and the bytes with one more, are refused.
    static func cut<Value: WireCodable>(_ value: Value) {
        let bytes = value.wireBytes
        for length in bytes.indices {
            #expect(throws: EngineError.self) { try Value(wireBytes: Array(bytes.prefix(length))) }
        }
        #expect(throws: EngineError.self) { try Value(wireBytes: bytes + [0]) }
    }

    /// Flips bits, and puts random bytes in the place of each byte and behind: an error or another value,
    /// which is written and read again like any other; never a trap.
    static func flip<Value: WireCodable & Equatable>(_ value: Value, generator: inout SplitMix) throws {
        let bytes = value.wireBytes
        for position in bytes.indices {
            for _ in 0..<8 {
                var copy = bytes
                copy[position] = UInt8.random(in: .min ... .max, using: &generator)
                if Bool.random(using: &generator) {
                    let end = Int.random(in: position..<bytes.count, using: &generator)
                    for index in position...end {
                        copy[index] = UInt8.random(in: .min ... .max, using: &generator)
                    }
                }
                try read(copy, as: Value.self)
            }
        }
    }

    /// Reads random bytes behind a start that is right.
    static func random<Value: WireCodable & Equatable>(
        _ type: Value.Type, after start: [UInt8], generator: inout SplitMix
    ) throws {
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<48, using: &generator)
            try read(
                start + (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) },
                as: Value.self)
        }
    }

    private static func read<Value: WireCodable & Equatable>(_ bytes: [UInt8], as type: Value.Type) throws {
        guard let value = try? Value(wireBytes: bytes) else { return }
        #expect(try Value(wireBytes: value.wireBytes) == value)
    }
}
