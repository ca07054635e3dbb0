import Foundation
import Testing
import Vocabulary

@testable import Storage

@Suite("Paths, globs and listings")
struct FileSystemTests {
    @Test("paths are taken apart by scheme")
    func paths() {
        #expect(StoragePath("out/x").scheme == .local)
        #expect(StoragePath("file:///data/x").path == "/data/x")
        #expect(StoragePath("file:/data/x").path == "/data/x")
        #expect(StoragePath("a:b/c").path == "a:b/c")
        let s3 = StoragePath("s3a://bucket/key/part")
        #expect(s3.scheme == .s3)
        #expect(s3.authority == "bucket")
        #expect(s3.path == "key/part")
        #expect(s3.with(path: "k2") == "s3a://bucket/k2")
        #expect(StoragePath("ftp://h/x").scheme == .other("ftp"))
    }

    @Test("a file where a directory should be is named, and not what would be below it")
    func fileInTheWay() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "in-way-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        for path in [file.path, file.path + "/_temporary", file.path + "/a/b/c"] {
            let error = #expect(throws: EngineError.self) { try LocalDirectory.create(path) }
            #expect(error?.message.hasSuffix("Not a directory: \(file.path)") == true, "\(error as Any)")
        }
    }

    @Test("a path is allowed by where it leads, not by how its scheme is written")
    func rules() throws {
        let rules = PathRules(base: "/data", allowed: ["s3://lake/in", "/tmp/x"])
        for path in ["s3://lake/in/a", "s3a://lake/in", "S3://lake/in//b", "/data/y", "y", "file:///tmp/x/z"]
        {
            _ = try rules.resolve(path)
        }
        for path in [
            "s3://lake/input", "s3://lake", "s3a://other/in/a", "s3://lake/in/../out", "/tmp/xy",
            "gs://lake/in",
        ] {
            let error = #expect(throws: EngineError.self) { try rules.resolve(path) }
            #expect(error?.code == "PATH_NOT_ALLOWED")
        }
        #expect(try PathRules(base: "s3://lake/base/", allowed: []).resolve("x") == "s3://lake/base/x")
        // The root allows everything of the machine, and nothing elsewhere.
        let root = PathRules(base: "/data", allowed: ["/"])
        #expect(try root.resolve("/etc/hosts") == "/etc/hosts")
        #expect(throws: EngineError.self) { try root.resolve("/tmp/../etc/hosts") }
        #expect(throws: EngineError.self) { try root.resolve("s3://lake/in") }
    }

    @Test("a symbolic link leads no job out of what is allowed")
    func links() throws {
        let folder = try PublicationTests.Folder()
        let (inside, outside) = (folder.path + "/inside", folder.path + "/outside")
        for path in [inside + "/a/b.csv", outside + "/secret.csv"] {
            try LocalFileSink(path: path, durable: false).finish()
        }
        for (link, target) in [("out", "../outside"), ("in", "a"), ("file.csv", "../outside/secret.csv")] {
            #expect(symlink(target, inside + "/" + link) == 0)
        }
        for rules in [PathRules(base: inside, allowed: []), PathRules(allowed: [inside])] {
            let start = inside + "/"
            for path in ["in/b.csv", "in/new/part-0", "a/*.csv", "."] { _ = try rules.resolve(start + path) }
            for path in ["out/secret.csv", "out", "out/*.csv", "out/new/part-0", "file.csv"] {
                let error = #expect(throws: EngineError.self) { try rules.resolve(start + path) }
                #expect(error?.code == "PATH_NOT_ALLOWED", "\(path)")
            }
        }
        let relative = PathRules(base: inside, allowed: [])
        #expect(throws: EngineError.self) { try relative.resolve("out/secret.csv") }
        #expect(try relative.resolve("in/b.csv") == inside + "/in/b.csv")
        // Who may use every path may follow every link.
        #expect(try PathRules.unrestricted.resolve(inside + "/out") == inside + "/out")
    }

    @Test("nor does one that is made between the look at a path and its opening")
    func racingLinks() throws {
        let folder = try PublicationTests.Folder()
        let (inside, outside) = (folder.path + "/inside", folder.path + "/outside")
        for (path, text) in [(inside + "/a/f.csv", "good"), (outside + "/f.csv", "secret")] {
            let sink = try LocalFileSink(path: path, durable: false)
            try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
            try sink.finish()
        }
        #expect(symlink("../outside", inside + "/link") == 0 && symlink("a", inside + "/same") == 0)
        #expect(try LocalFileSource(beneath: inside, "link/f.csv", name: "f") == nil)
        #expect(try LocalFileSource(beneath: inside, "same/f.csv", name: "f")?.byteCount == 4)
        let rules = PathRules(base: inside, allowed: [outside + "/other"])
        #expect(try rules.open("same/f.csv").byteCount == 4)
        #expect(try PathRules(allowed: [inside + "/a/f.csv"]).open(inside + "/a/f.csv").byteCount == 4)
        let missing = #expect(throws: EngineError.self) { try rules.open("a/none.csv") }
        #expect(missing?.code == "PATH_NOT_FOUND")
        let swapper = LocalTreeTests.Swapper(inside + "/a", inside + "/link")
        var (opened, refused) = (0, 0)
        swapper.race(rounds: 20_000, until: { opened > 0 && refused > 0 }) { _ in
            do throws(EngineError) {
                let file = try rules.open("a/f.csv")
                opened += 1
                #expect(file.byteCount == 4, "the secret was opened")
            } catch {
                refused += 1
                #expect(["PATH_NOT_ALLOWED", "PATH_NOT_FOUND"].contains(error.code), "\(error)")
            }
        }
        #expect(opened > 0 && refused > 0, "\(opened) opened, \(refused) refused")
    }

    @Test("a directory gives its files at any depth, without hidden ones; a missing one gives none")
    func listing() throws {
        let folder = try PublicationTests.Folder()
        for name in ["b.csv", "a.csv", "_SUCCESS", ".x.crc", "sub/c.csv", "_temporary/t.csv", "_p=1/d.csv"] {
            try LocalFileSink(path: folder.path + "/" + name, durable: false).finish()
        }
        let local = FileSystems.local
        let all = try local.files(below: folder.path).map { $0.path.dropFirst(folder.path.count + 1) }
        #expect(all == ["_p=1/d.csv", "a.csv", "b.csv", "sub/c.csv"])
        #expect(
            try local.files(below: "file://" + folder.path).map(\.name) == all.map { String($0.suffix(5)) })
        #expect(try local.files(below: folder.path + "/none").isEmpty)
    }

    @Test("bytes written in pieces of any size come back, and a read past the end is short")
    func readAndWrite() throws {
        let folder = try PublicationTests.Folder()
        let path = folder.path + "/deep/er/file"
        let sink = try LocalFileSink(path: path)
        var expected: [UInt8] = []
        for size in [0, 1, 1000, 3 << 20, 17, 1 << 20] {
            let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            expected += piece
            try piece.withUnsafeBytes { try sink.write($0) }
        }
        try sink.finish()
        #expect(sink.byteCount == expected.count)
        let source = try LocalFileSource(path: path)
        var bytes = [UInt8](repeating: 0, count: expected.count + 10)
        let got = try bytes.withUnsafeMutableBytes { try source.read(at: 0, into: $0) }
        #expect(got == expected.count)
        #expect(Array(bytes[..<got]) == expected)
        #expect(throws: EngineError.self) {
            try bytes.withUnsafeMutableBytes { try source.readFully(at: 5, into: $0) }
        }
    }
}
