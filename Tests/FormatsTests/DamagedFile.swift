import Columns
import Foundation
import SeededRandom
import Testing
import Vocabulary

@testable import Formats

/// What the tests of damaged files have in common, whatever the format.
enum DamagedFile {
    /// Reads all batches, value by value; returns the rows, or nil for an error of the data.
    static func read(_ what: String, _ open: () throws -> any BatchStream) -> Int? {
        do {
            let stream = try open()
            var rows = 0
            while rows < 10_000, let batch = try stream.next() {
                for vector in batch.columns {
                    #expect(vector.count == batch.count, "\(what)")
                    for row in 0..<batch.count { _ = vector.scalar(at: row) }
                }
                rows += batch.count
            }
            return rows
        } catch let error as EngineError {
            #expect(error.blame == .data && !error.message.isEmpty, "\(what): \(error)")
            return nil
        } catch {
            Issue.record("\(what): \(error)")
            return nil
        }
    }

    /// The most memory that this process has had, bytes.
    static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// Returns the bytes cut off somewhere, one time in ten, or else with some of them changed.
    static func damaged(_ original: [UInt8], _ dice: inout SplitMix) -> [UInt8] {
        if dice.roll(10) == 0 { return Array(original.prefix(dice.roll(original.count))) }
        var bytes = original
        change(&bytes, from: 0, &dice)
        return bytes
    }

    /// Changes one to four places at or after `start`: a bit, a byte, or five bytes.
    static func change(_ bytes: inout [UInt8], from start: Int, _ dice: inout SplitMix) {
        for _ in 0...dice.roll(4) {
            let at = start + dice.roll(bytes.count - start)
            switch dice.roll(4) {
            case 0: bytes[at] ^= 1 << UInt8(dice.roll(8))
            case 1: bytes[at] = UInt8(dice.roll(256))
            case 2: bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.roll(5)]
            default: for place in at..<min(bytes.count, at + 5) { bytes[place] = 0xFF }
            }
        }
    }
}
