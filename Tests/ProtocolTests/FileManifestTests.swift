import Testing
import Vocabulary

@testable import Protocol

@Suite("The files of a task, as they travel to the commit")
struct FileManifestTests {
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

    /// What the release before receipts wrote: count, then path, rows and bytes of each file.
    private func firstForm(_ files: [WrittenFile]) -> [UInt8] {
        var writer = WireWriter()
        writer.unsigned(UInt64(files.count))
        for file in files {
            writer.data(Array(file.relativePath.utf8))
            writer.unsigned(UInt64(file.rows))
            writer.unsigned(UInt64(file.bytes))
        }
        return writer.bytes
    }

    @Test("manifests of the release before are read, and local files are still written as it reads them")
    func first() throws {
        let files = [
            WrittenFile(relativePath: "k=1/part-0", rows: 3, bytes: 400),
            WrittenFile(relativePath: "part-1", rows: 0, bytes: 0),
        ]
        for count in 0...2 {
            let manifest = FileManifest(files: Array(files.prefix(count)))
            #expect(manifest.wireBytes == firstForm(manifest.files))
            #expect(try FileManifest(wireBytes: manifest.wireBytes) == manifest)
        }
    }

    @Test("receipts travel with their files; a newer form and a cut one are errors")
    func receipts() throws {
        let manifest = FileManifest(files: [
            .init(relativePath: "a", rows: 1, bytes: 2, receipt: [1, 2, 3]),
            .init(relativePath: "b", rows: 1, bytes: 2),
        ])
        let bytes = manifest.wireBytes
        #expect(try FileManifest(wireBytes: bytes) == manifest)
        for end in bytes.indices {
            #expect(throws: EngineError.self) { try FileManifest(wireBytes: Array(bytes[..<end])) }
        }
        var newer = WireWriter()
        newer.unsigned(.max)
        newer.unsigned(3)
        newer.unsigned(0)
        #expect(throws: EngineError.self) { try FileManifest(wireBytes: newer.bytes) }
    }
}
