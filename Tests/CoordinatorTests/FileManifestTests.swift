import Protocol
import Testing
import Vocabulary

@Suite("The files of a task, as they travel to the commit")
struct FileManifestTests {
    /// What the release before receipts wrote: count, then path, rows and bytes of each file.
    private func firstForm(_ files: [FileManifest.File]) -> [UInt8] {
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
            FileManifest.File(relativePath: "k=1/part-0", rows: 3, bytes: 400),
            FileManifest.File(relativePath: "part-1", rows: 0, bytes: 0),
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
