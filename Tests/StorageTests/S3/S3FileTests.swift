import Foundation
import Testing
import Vocabulary

@testable import Storage

extension S3FileSystem {
    /// Writes a file, visible at once.
    func write(_ path: String, _ bytes: [UInt8]) throws {
        let sink = try create(path, durable: true)
        try bytes.withUnsafeBytes { try sink.write($0) }
        try sink.finish()
    }

    func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    func bytes(_ path: String) throws -> [UInt8] {
        let source = try open(path)
        var bytes = [UInt8](repeating: 0, count: source.byteCount)
        try bytes.withUnsafeMutableBytes { try source.readFully(at: 0, into: $0) }
        return bytes
    }
}

/// Everything that speaks with the double, one test after the other.
@Suite("S3, against a double", .serialized)
enum S3Tests {}

extension S3Tests {
    @Suite("Files and errors")
    struct Files {
        private let double: S3Double

        init() throws { double = try S3Double.shared.get() }

        @Test("objects are listed as files and directories, hidden ones by name only")
        func listing() throws {
            let store = try double.fileSystem(bucket: "listing")
            let root = "s3://listing/d"
            let names = [
                "b.csv", "a.csv", "_SUCCESS", ".x.crc", "sub/c.csv", "_temporary/t.csv", "_p=1/d.csv",
                "a-b/x",
                "k=a b%3A+ü&<>/e.csv",
            ]
            for name in names { try store.write(root + "/" + name, Array(name.utf8)) }
            _ = try store.client.put(bucket: "listing", key: "d/marker/", body: .init(start: nil, count: 0))
            let visible = try store.files(below: root).map { $0.path.dropFirst(root.count + 1) }
            #expect(
                visible == [
                    "_p=1/d.csv", "a-b/x", "a.csv", "b.csv", "k=a b%3A+ü&<>/e.csv", "sub/c.csv",
                ])
            let direct = try store.entries(root + "/").map { $0.isDirectory ? $0.name + "/" : $0.name }
            #expect(direct.count == 10)
            #expect(direct.contains("_SUCCESS") && direct.contains("sub/") && direct.contains("marker/"))
            #expect(
                try store.files(below: "s3a://listing/d/sub").map(\.path) == ["s3a://listing/d/sub/c.csv"])
            #expect(
                try store.status(root + "/a.csv")
                    == FileStatus(path: root + "/a.csv", isDirectory: false, byteCount: 5))
            #expect(try store.status(root + "/sub")?.isDirectory == true)
            #expect(try store.status("s3://listing")?.isDirectory == true)
            #expect(try store.status(root + "/su") == nil)
            #expect(try store.text(root + "/k=a b%3A+ü&<>/e.csv") == "k=a b%3A+ü&<>/e.csv")
            try store.remove(root)
            #expect(try store.entries("s3://listing").isEmpty)
        }

        @Test("a listing goes on where its first page ends")
        func pages() throws {
            let store = try double.fileSystem(bucket: "pages")
            for number in 0..<25 { try store.write("s3://pages/x/\(number)", []) }
            var (keys, pageCount, after) = ([String](), 0, String?.none)
            repeat {
                let page = try store.client.list(bucket: "pages", prefix: "x/", limit: 10, after: after)
                keys += page.objects.map(\.key)
                pageCount += 1
                after = page.continuation
            } while after != nil
            #expect(Set(keys).count == 25)
            #expect(pageCount == 3)
        }

        @Test("bytes of any size come back whole, in ranges, and ahead of them; nearby ranges by one request")
        func ranges() throws {
            let store = try double.fileSystem(bucket: "ranges")
            for size in [0, 1, (8 << 20), (17 << 20) + 5] {
                let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 11) }
                let path = "s3://ranges/\(size)"
                try store.write(path, content)
                #expect(try store.bytes(path) == content)
                let source = try store.open(path)
                #expect(source.byteCount == size)
                // In pieces, past the end too.
                var (read, offset) = ([UInt8](), 0)
                while true {
                    var piece = [UInt8](repeating: 0, count: 300_001)
                    let got = try piece.withUnsafeMutableBytes { try source.read(at: offset, into: $0) }
                    if got == 0 { break }
                    read += piece[..<got]
                    offset += got
                }
                #expect(read == content)
                #expect(throws: EngineError.self) {
                    var past = [UInt8](repeating: 0, count: 10)
                    try past.withUnsafeMutableBytes { try source.readFully(at: size - 5, into: $0) }
                }
            }
            let path = "ranges/\((17 << 20) + 5)"
            let source = try store.open("s3://" + path)
            let before = double.command("seen GET /\(path)")
            source.willRead([100..<200, 300..<1000, 5000..<6000])
            for range in [5000..<6000, 100..<200, 300..<1000] {
                var bytes = [UInt8](repeating: 0, count: range.count)
                try bytes.withUnsafeMutableBytes { try source.readFully(at: range.lowerBound, into: $0) }
                #expect(bytes == range.map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 11) })
            }
            let after = double.command("seen GET /\(path)")
            #expect(Int(after).map { $0 - (Int(before) ?? 0) } == 1)
        }

        @Test("a passing failure is tried again, of writing as of reading, and a lasting one is an error")
        func retries() throws {
            let store = try double.fileSystem(bucket: "retries")
            _ = double.command("fault before 3 PUT /retries/a")
            try store.write("s3://retries/a", [1, 2, 3])
            #expect(double.command("seen PUT /retries/a") == "4")
            _ = double.command("fault before 1 GET /retries/a")
            _ = double.command("fault cut 1 HEAD /retries/a")
            #expect(try store.bytes("s3://retries/a") == [1, 2, 3])
            _ = double.command("fault before 100 PUT /retries/b")
            let error = #expect(throws: EngineError.self) { try store.write("s3://retries/b", [1]) }
            #expect(error?.blame == .system)
            #expect(error?.message.contains("SlowDown") == true)
            #expect(double.command("seen PUT /retries/b") == "8")
        }

        @Test("a note is written over the version that was read only; a lost answer is known for ours")
        func notes() throws {
            let client = try double.fileSystem(bucket: "notes").client
            func put(_ text: String, over tag: String?) throws -> Bool {
                try client.put(bucket: "notes", key: "n/a", body: Array(text.utf8), over: tag)
            }
            func got() throws -> (body: [UInt8], tag: String) {
                try #require(try client.get(bucket: "notes", key: "n/a"))
            }
            #expect(try client.get(bucket: "notes", key: "n/a") == nil)
            #expect(try !put("0", over: "\"none\""), "there is nothing to replace")
            #expect(try put("1", over: nil))
            #expect(try !put("2", over: nil), "there is one")
            let first = try got()
            #expect(first.body == Array("1".utf8))
            #expect(try put("2", over: first.tag))
            #expect(try !put("3", over: first.tag), "another one was written meanwhile")
            let second = try got()
            #expect(second.body == Array("2".utf8))
            // The request is carried out, its answer lost, and the same is sent again.
            _ = double.command("fault cut 1 PUT /notes/n/a")
            #expect(try put("4", over: second.tag))
            #expect(try got().body == Array("4".utf8))
            _ = double.command("fault plain 2 PUT /notes/n/a")
            #expect(try put("5", over: nil) && put("6", over: "any"), "the store knows no conditions")
            #expect(try got().body == Array("6".utf8))
        }

        @Test("a missing bucket, a missing object and an endpoint where nobody is are told apart")
        func missing() throws {
            let store = try double.fileSystem(bucket: "missing")
            let noObject = #expect(throws: EngineError.self) { _ = try store.open("s3://missing/none") }
            #expect(noObject?.code == "PATH_NOT_FOUND")
            let noBucket = #expect(throws: EngineError.self) { _ = try store.status("s3://nowhere/x") }
            #expect(noBucket?.code == "S3_BUCKET_NOT_FOUND")
            #expect(noBucket?.blame == .user)
            #expect(noBucket?.message.contains("nowhere") == true)
            let noName = #expect(throws: EngineError.self) { _ = try store.status("s3://key:secret@b/x") }
            #expect(noName?.code == "S3_BUCKET_NAME_INVALID")
            var settings = try double.settings()
            try settings.setEndpoint("http://127.0.0.1:9")
            let nobody = #expect(throws: EngineError.self) {
                _ = try S3FileSystem(settings: settings).status("s3://missing/x")
            }
            #expect(nobody?.code == "S3_UNREACHABLE")
            #expect(nobody?.blame == .system)
            #expect(nobody?.remedy != nil)
        }

        @Test("where signatures are checked, ours are right, and wrong credentials are the user's error")
        func credentials() throws {
            _ = try double.fileSystem(bucket: "signed")
            let keys = double.command("user").split(separator: " ").map(String.init)
            _ = double.command("auth on")
            defer { _ = double.command("auth off") }
            var settings = try double.settings()
            settings.credentials = S3Credentials(key: keys[0], secret: keys[1])
            let store = try S3FileSystem(settings: settings)
            // Keys whose encoding a signature depends on, a body in parts, and parameters.
            let content = [UInt8](repeating: 7, count: 9 << 20)
            for key in ["plain", "a b+c%3A=ü/~*'()!", "k=1/x&y"] {
                try store.write("s3://signed/" + key, content)
                #expect(try store.bytes("s3://signed/" + key) == content)
            }
            #expect(try store.files(below: "s3://signed").count == 3)
            try store.remove("s3://signed/k=1")
            settings.credentials = S3Credentials(key: keys[0], secret: "wrong")
            let wrong = #expect(throws: EngineError.self) {
                _ = try S3FileSystem(settings: settings).entries("s3://signed")
            }
            #expect(wrong?.code == "S3_CREDENTIALS_REFUSED")
            #expect(wrong?.blame == .user)
            settings.credentials = S3Credentials(key: "nobody", secret: "wrong")
            let unknown = #expect(throws: EngineError.self) {
                _ = try S3FileSystem(settings: settings).open("s3://signed/plain")
            }
            #expect(unknown?.code == "S3_CREDENTIALS_REFUSED")
            #expect("\(S3Credentials(key: "k", secret: "hidden"))".contains("hidden") == false)
        }
    }
}
