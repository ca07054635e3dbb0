import Testing
import Vocabulary

@testable import Protocol

@Suite("Manifests of files")
struct ManifestTests {
    private static let manifest = FileManifest(files: [
        .init(relativePath: "day=2024-01-01/part-0é.parquet", rows: 1 << 40, bytes: 300),
        .init(relativePath: "", rows: 0, bytes: .max),
    ])

    @Test("a manifest reads back as it was written")
    func roundTrip() throws {
        #expect(try FileManifest(wireBytes: Self.manifest.wireBytes) == Self.manifest)
        let empty = FileManifest(files: [])
        #expect(try FileManifest(wireBytes: empty.wireBytes) == empty)
    }

    @Test("the layout stays as it is in the log")
    func layout() {
        let manifest = FileManifest(files: [.init(relativePath: "ab", rows: 300, bytes: 5)])
        #expect(manifest.wireBytes == [1, 2, 0x61, 0x62, 0xac, 2, 5])
    }

    @Test("a manifest cut short, damaged or with a count beyond its end is an error, never a trap")
    func damage() {
        let bytes = Self.manifest.wireBytes
        for count in bytes.indices {
            #expect(throws: EngineError.self) { try FileManifest(wireBytes: Array(bytes[..<count])) }
        }
        for position in bytes.indices {
            for flip in [UInt8(0xFF), 0x01, 0x80] {
                var copy = bytes
                copy[position] ^= flip
                _ = try? FileManifest(wireBytes: copy)
            }
        }
        let huge = [UInt8](repeating: 0xFF, count: 9) + [1]
        #expect(throws: EngineError.self) { try FileManifest(wireBytes: huge) }
    }
}
