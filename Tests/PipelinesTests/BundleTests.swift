import Foundation
import Pipelines
import Testing
import Vocabulary

/// Holds what travels to a coordinator, and what may not.
@Suite("A bundle")
struct BundleTests {
    static let files = [
        "etl.yml": "name: p\n", "models/b.sql": "SELECT 1", "models/a.sql": "SELECT 2",
        ".gitignore": "data/out/\n*.log\n", "data/out/big.parquet": "x", "data/in.csv": "a\n1\n",
        "run.log": "x", ".millrace/tables/t": "x", "target/manifest.json": "{}",
    ]

    static func packed(_ files: [String: String]) throws -> PipelineBundle {
        let folder = try ProjectFolder(files)
        return try withExtendedLifetime(folder) { try PipelineBundle(directory: folder.path) }
    }

    @Test("has the same bytes and digest for the same files, without what is ignored")
    func deterministic() throws {
        let a = try Self.packed(Self.files)
        let b = try Self.packed(Self.files)
        #expect(a.digest == b.digest && a.bytes == b.bytes)
        #expect(
            try a.files().map(\.path) == ["data/in.csv", "etl.yml", "models/a.sql", "models/b.sql"])
        var changed = Self.files
        changed["models/a.sql"] = "SELECT 3"
        #expect(try Self.packed(changed).digest != a.digest)
    }

    @Test("unpacks to the files that were packed")
    func unpacks() throws {
        let bundle = try Self.packed(Self.files)
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("bundle-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: target) }
        try PipelineBundle(bytes: bundle.bytes).unpack(into: target)
        #expect(try PipelineBundle(directory: target).digest == bundle.digest)
    }

    @Test("refuses links")
    func links() throws {
        let folder = try ProjectFolder(Self.files)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/models/c.sql", withDestinationPath: "/etc/passwd")
        let error = #expect(throws: EngineError.self) { try PipelineBundle(directory: folder.path) }
        #expect(error?.message.contains("models/c.sql") == true)
    }

    @Test("refuses more than 64 MiB")
    func size() throws {
        let folder = try ProjectFolder(["etl.yml": "name: p"])
        let file = folder.path + "/big.bin"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        #expect(truncate(file, 65 << 20) == 0)
        let error = #expect(throws: EngineError.self) { try PipelineBundle(directory: folder.path) }
        #expect(error?.message.contains("larger than") == true)
    }

    static func packed(_ paths: [String]) -> [UInt8] {
        var writer = WireWriter()
        writer.unsigned(UInt64(paths.count))
        for path in paths {
            writer.write(path)
            writer.data([1])
        }
        return Array("MRB1".utf8) + writer.bytes
    }

    static let hostile: [[String]] = [
        ["../x"], ["a/../b"], ["/etc/x"], ["a//b"], [""], ["a/"], ["."], [".ssh/x"], ["b", "a"], ["a", "a"],
        ["a\u{0}b"],
    ]

    @Test("refuses paths that lead elsewhere", arguments: hostile)
    func traversal(paths: [String]) {
        #expect(throws: EngineError.self) { try PipelineBundle(bytes: Self.packed(paths)).files() }
    }

    @Test("that is damaged anywhere is refused or read, and never traps")
    func damage() throws {
        let bytes = try Self.packed(Self.files).bytes
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 0xFF
            _ = try? PipelineBundle(bytes: damaged).files()
            _ = try? PipelineBundle(bytes: Array(bytes[..<place])).files()
        }
        #expect(throws: EngineError.self) { try PipelineBundle(bytes: Array(bytes.dropLast())).files() }
    }
}
