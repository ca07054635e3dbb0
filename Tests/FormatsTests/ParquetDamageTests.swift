import Columns
import Foundation
import Memory
import SeededRandom
import Testing
import Vocabulary

@testable import Formats

#if canImport(Glibc)
    import Glibc
#endif

/// Damages files of every encoding and codec at seeded places: reading must end with a `data` error or with
/// as many values as rows, and take no more memory than the file could need.
@Suite("Parquet files that are damaged", .serialized)
struct ParquetDamageTests {
    private static func files() throws -> [[UInt8]] {
        let folder = try ScratchFolder()
        let count = try #require(
            Int(
                try runPython(smallParquetMaker(), ["damage", folder.path]).trimmingCharacters(
                    in: .whitespacesAndNewlines)))
        #expect(count == 19)
        return try (0..<count).map {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("\($0).parquet"))))
        }
    }

    /// Reads the statistics and everything; returns the rows, or nil for an error of the data.
    private func read(_ bytes: [UInt8], _ what: String) -> Int? {
        DamagedFile.read(what) {
            let file = try ParquetFile(source: MemorySource(bytes))
            for group in file.rowGroups.indices {
                for column in file.schema.fields.indices {
                    _ = file.statistics(column: column, rowGroup: group)
                }
            }
            return ParquetReader(file: file, columns: Array(file.schema.fields.indices), batchRows: 64)
        }
    }

    private func damaged(_ original: [UInt8], _ dice: inout SplitMix) -> [UInt8] {
        var bytes = original
        let kind = dice.roll(10)
        if kind == 0 { return Array(bytes.prefix(dice.roll(bytes.count))) }
        if kind == 1 {
            // Cut out of the middle, so that the footer is there but nothing lies where it says.
            let at = 4 + dice.roll(bytes.count - 8)
            bytes.removeSubrange(at..<min(bytes.count - 8, at + 1 + dice.roll(200)))
            return bytes
        }
        // Every other file is damaged in its footer, where few bytes decide much.
        let footer = Int(bytes[bytes.count - 8]) | Int(bytes[bytes.count - 7]) << 8
        let start = kind % 2 == 0 ? max(4, bytes.count - 8 - footer) : 4
        DamagedFile.change(&bytes, from: start, &dice)
        return bytes
    }

    @Test("thousands of damaged files give an error or whole columns, and take little memory")
    func damage() throws {
        let files = try Self.files()
        for (number, bytes) in files.enumerated() { #expect(read(bytes, "file \(number)") == 150) }
        let before = DamagedFile.residentBytes()
        var dice = SplitMix(state: 20_260)
        var errors = 0
        for seed in 0..<6_000 {
            let number = dice.roll(files.count)
            if read(damaged(files[number], &dice), "seed \(seed) of file \(number)") == nil { errors += 1 }
        }
        #expect(errors > 1_000, "the damage is to be found")
        #expect(DamagedFile.residentBytes() - before < 256 << 20)
    }
}
