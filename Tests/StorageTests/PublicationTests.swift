import Foundation
import Synchronization
import Testing
import Vocabulary

@testable import Storage

@Suite("Publication to local directories")
struct PublicationTests {
    /// A folder of its own for each test, removed at its end.
    final class Folder {
        let path = NSTemporaryDirectory() + "millrace-storage-" + UUID().uuidString
        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func write(_ path: String, _ text: String) throws {
        let sink = try LocalFileSink(path: path)
        try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
        try sink.finish()
    }

    /// The visible files of a directory with their contents.
    private func visible(_ directory: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for file in try FileSystems.local.files(below: directory) {
            found[String(file.path.dropFirst(directory.count + 1))] =
                try String(contentsOfFile: file.path, encoding: .utf8)
        }
        return found
    }

    private func stage(_ output: String, job: String, _ files: [String: String]) throws -> [StagedFile] {
        try files.sorted { $0.key < $1.key }.map { path, text in
            let sink = try Publication.create(output: output, job: job, attempt: "a1", path: path)
            try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
            try sink.finish()
            return StagedFile(
                attempt: "a1", path: path, byteCount: text.utf8.count, receipt: sink.receipt)
        }
    }

    private static let old = ["k=1/part-0": "old 1", "k=2/part-0": "old 2", "part-top": "old top"]
    private static let new = ["k=2/part-1": "new 2", "k=3/part-1": "new 3", "k=3/part-2": "more 3"]

    private static func expected(_ mode: PublicationMode) -> [String: String] {
        switch mode {
        case .overwrite: new
        case .append: old.merging(new) { $1 }
        case .overwritePartitions: old.merging(new) { $1 }.filter { $0.key != "k=2/part-0" }
        }
    }

    @Test(
        "a crash after any step leaves what a replay completes, an overwrite the old output or the new",
        arguments: [PublicationMode.append, .overwrite, .overwritePartitions])
    func interruptedAnywhere(mode: PublicationMode) throws {
        var steps = 1
        var stop = 0
        while stop < steps {
            let folder = try Folder()
            let output = folder.path + "/out"
            for (path, text) in Self.old { try write(output + "/" + path, text) }
            let files = try stage(output, job: "j1", Self.new)
            let publication = Publication(output: output, job: "j1", mode: mode, files: files)
            steps = publication.localSteps.count
            for step in publication.localSteps.prefix(stop + 1) { try step.perform() }
            let seen = try visible(output)
            if mode == .overwrite { #expect(seen == Self.old || seen == Self.new) }
            try publication.publish()
            #expect(try visible(output) == Self.expected(mode))
            try publication.publish()
            #expect(try visible(output) == Self.expected(mode))
            #expect(FileManager.default.fileExists(atPath: output + "/_SUCCESS"))
            let left = try LocalDirectory.names(output) ?? []
            #expect(!left.contains { $0.hasPrefix("_temporary") })
            #expect(try LocalDirectory.names(folder.path) == ["out"])
            #expect(try LocalDirectory.names(output + "/k=3") == ["part-1", "part-2"])
            stop += 1
        }
        #expect(steps > 3)
    }

    @Test(
        "a staged file with another byte in it stops the publication before anything changes",
        arguments: [PublicationMode.append, .overwrite, .overwritePartitions])
    func damagedFile(mode: PublicationMode) throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        for (path, text) in Self.old { try write(output + "/" + path, text) }
        let files = try stage(output, job: "j1", Self.new)
        let publication = Publication(output: output, job: "j1", mode: mode, files: files)
        // The last of them: those before it must not have been moved.
        let damaged = output + "/_temporary-j1/a1/k=3/part-2"
        for (text, code) in [("mure 3", "STAGED_FILE_DAMAGED"), ("more", "STAGED_FILE_LOST")] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: damaged))
            let error = #expect(throws: EngineError.self) { try publication.publish() }
            #expect(error?.code == code)
            #expect(try visible(output) == Self.old)
        }
        try Data("more 3".utf8).write(to: URL(fileURLWithPath: damaged))
        try publication.publish()
        #expect(try visible(output) == Self.expected(mode))
    }

    @Test("a replay tells a published file from one with other bytes of the same size")
    func damagedWhenPublished() throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        let files = try stage(output, job: "j1", ["a": "one", "b": "two"])
        let publication = Publication(output: output, job: "j1", mode: .append, files: files)
        try publication.publish()
        try Data("owt".utf8).write(to: URL(fileURLWithPath: output + "/b"))
        let error = #expect(throws: EngineError.self) { try publication.publish() }
        #expect(error?.code == "STAGED_FILE_DAMAGED")
    }

    @Test("an overwrite into a directory that does not exist makes it")
    func freshDirectory() throws {
        let folder = try Folder()
        let output = folder.path + "/a/b/out/"
        let files = try stage(output, job: "j", ["part-0": "x"])
        try Publication(output: output, job: "j", mode: .overwrite, files: files).publish()
        #expect(try visible(folder.path + "/a/b/out") == ["part-0": "x"])
    }

    @Test("an overwrite without files empties the output, again when replayed")
    func nothingWritten() throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        try write(output + "/part-0", "old")
        let publication = Publication(output: output, job: "j", mode: .overwrite, files: [])
        try publication.publish()
        try publication.publish()
        #expect(try visible(output) == [:])
        #expect(FileManager.default.fileExists(atPath: output + "/_SUCCESS"))
    }

    /// Writes a file as an attempt that has lost and was not stopped yet.
    private func writeLate(_ output: String) throws {
        let sink = try Publication.create(output: output, job: "j", attempt: "late", path: "k=2/part-9")
        try Array("late".utf8).withUnsafeBytes { try sink.write($0) }
        try sink.finish()
    }

    @Test(
        "a loser that writes on after the publication changes nothing, and takes what it made with it",
        arguments: [PublicationMode.append, .overwrite, .overwritePartitions])
    func lateLoser(mode: PublicationMode) throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        for (path, text) in Self.old { try write(output + "/" + path, text) }
        let files = try stage(output, job: "j", Self.new)
        let publication = Publication(output: output, job: "j", mode: mode, files: files)
        try publication.publish()
        let names = try LocalDirectory.names(output)
        try writeLate(output)
        // As a coordinator does that was killed before it noted the publication.
        try publication.publish()
        #expect(try visible(output) == Self.expected(mode))
        try writeLate(output)
        try Publication.discard(output: output, job: "j", attempt: "late")
        #expect(try LocalDirectory.names(output) == names)
        #expect(try visible(output) == Self.expected(mode))
    }

    @Test("an attempt that is discarded takes directories with it that were made for it alone")
    func discardedAttempt() throws {
        let folder = try Folder()
        try writeLate(folder.path + "/out")
        _ = try stage(folder.path + "/out", job: "j", ["part-0": "x"])
        try Publication.discard(output: folder.path + "/out", job: "j", attempt: "late")
        #expect(try LocalDirectory.names(folder.path + "/out/_temporary-j") == ["a1"])
        try Publication.discard(output: folder.path + "/out", job: "j", attempt: "a1")
        #expect(try LocalDirectory.names(folder.path) == [])
    }

    @Test("staging that a task still writes into is removed, and the task can write again")
    func raced() throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        try write(output + "/part-0", "old")
        let ends = Atomic(false)
        let writer = Thread {
            var number = 0
            while !ends.load(ordering: .relaxed) {
                number += 1
                do {
                    try self.write(output + "/_temporary-j/a/k=\(number % 7)/part-\(number)", "x")
                } catch {
                    // The directory of a new file may go between its making and the file's.
                    if (error as? EngineError)?.code != "PATH_NOT_FOUND" { Issue.record(error) }
                }
            }
        }
        writer.start()
        for _ in 0..<300 { try Publication.discard(output: output, job: "j") }
        ends.store(true, ordering: .relaxed)
        while !writer.isFinished { usleep(1000) }
        try Publication.discard(output: output, job: "j")
        #expect(try LocalDirectory.names(output) == ["part-0"])
    }

    @Test("a discarded statement leaves the earlier output as it was")
    func discarded() throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        try write(output + "/part-0", "old")
        _ = try stage(output, job: "j", Self.new)
        #expect(try visible(output) == ["part-0": "old"])
        try Publication.discard(output: output, job: "j")
        try Publication.discard(output: output, job: "j")
        #expect(try LocalDirectory.names(output) == ["part-0"])
    }

    @Test("a statement discarded before it published anything leaves no directory behind")
    func discardedFresh() throws {
        let folder = try Folder()
        _ = try stage(folder.path + "/out", job: "j", Self.new)
        try Publication.discard(output: folder.path + "/out", job: "j")
        #expect(try LocalDirectory.names(folder.path) == [])
    }

    @Test("of two jobs that overwrite one directory the second is told that the first has replaced it")
    func twoJobs() throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        let milliseconds = Int(Date().timeIntervalSince1970 * 1000)
        func job(_ at: Int) -> String {
            let time = String(at, radix: 16)
            let digits = String(repeating: "0", count: 12 - time.count) + time
            return "\(digits.prefix(8))-\(digits.suffix(4))-7000-8000-000000000000-0"
        }
        let (first, second) = (job(milliseconds - 2000), job(milliseconds - 1000))
        try Publication(output: output, job: job(1), mode: .overwrite, files: []).publish()
        let winner = try stage(output, job: first, Self.new)
        let loser = try stage(output, job: second, ["part-second": "2"])
        try Publication(output: output, job: first, mode: .overwrite, files: winner).publish()
        let late = Publication(output: output, job: second, mode: .overwrite, files: loser)
        let error = #expect(throws: EngineError.self) { try late.publish() }
        #expect(error?.code == "OUTPUT_REPLACED" && error?.message.contains("Another job") == true)
        // Where no other job has written since, the disk is suspected.
        let lost = try stage(output, job: job(milliseconds + 60_000), ["part-9": "x"])
        try FileSystems.local.remove(output + "/_temporary-" + job(milliseconds + 60_000))
        let unshared = Publication(
            output: output, job: job(milliseconds + 60_000), mode: .overwrite, files: lost)
        let other = #expect(throws: EngineError.self) { try unshared.publish() }
        #expect(other?.code == "STAGED_FILE_LOST")
        #expect(try visible(output) == Self.new)
    }

    @Test("a staged file that was cut short is not published")
    func damagedStaging() throws {
        let folder = try Folder()
        let output = folder.path + "/out"
        var files = try stage(output, job: "j", ["part-0": "abc"])
        files[0].byteCount = 4
        #expect(throws: EngineError.self) {
            try Publication(output: output, job: "j", mode: .append, files: files).publish()
        }
        #expect(try visible(output) == [:])
    }

    @Test("an output behind a symbolic link is replaced where it really is")
    func symbolicLink() throws {
        let folder = try Folder()
        try write(folder.path + "/real/part-0", "old")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: folder.path + "/real")
        let files = try stage(folder.path + "/link", job: "j", ["part-1": "new"])
        try Publication(output: folder.path + "/link", job: "j", mode: .overwrite, files: files).publish()
        #expect(try visible(folder.path + "/real") == ["part-1": "new"])
        #expect(try visible(folder.path + "/link") == ["part-1": "new"])
    }
}
