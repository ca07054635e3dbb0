import CObjectStore
import Foundation
import Synchronization
import Testing
import Vocabulary

@testable import Storage

@Suite("Writing below what is allowed")
struct LocalTreeTests {
    /// Swaps a directory and a link again and again, on a thread of its own.
    final class Swapper: Sendable {
        private let isOver = Atomic<Bool>(false)
        private let isDone = DispatchSemaphore(value: 0)

        init(_ a: String, _ b: String) {
            Thread { [self] in
                while !isOver.load(ordering: .relaxed) { _ = try? LocalDirectory.exchange(a, b) }
                isDone.signal()
            }.start()
        }

        func stop() {
            isOver.store(true, ordering: .relaxed)
            isDone.wait()
        }

        /// Runs `body` against the swaps `rounds` times, and on until `hasMet` tells that it met what it is to meet
        /// (the link, the directory): on a busy machine the swaps may not begin in the time that `rounds` take.
        func race(rounds: Int, until hasMet: () -> Bool, _ body: (Int) throws -> Void) rethrows {
            defer { stop() }
            let deadline = ContinuousClock.now + .seconds(30)
            var round = 0
            while round < rounds || !hasMet() && ContinuousClock.now < deadline {
                try body(round)
                round += 1
            }
        }
    }

    private struct Place {
        let folder: PublicationTests.Folder
        var inside: String { folder.path + "/inside" }
        var outside: String { folder.path + "/outside" }

        init() throws {
            folder = try PublicationTests.Folder()
            for path in ["/inside/out", "/outside/k=1", "/inside/other"] {
                try FileManager.default.createDirectory(
                    atPath: folder.path + path, withIntermediateDirectories: true)
            }
            try Data("mine".utf8).write(to: URL(fileURLWithPath: outside + "/k=1/precious"))
        }

        /// All that lies outside, which nobody may change.
        func outsideNames() throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: outside).sorted()
        }
    }

    private func stage(
        _ output: String, job: String, tree: LocalTree
    ) throws -> [StagedFile] {
        var files: [StagedFile] = []
        for path in ["k=1/part-0", "k=2/part-0"] {
            let sink = try Publication.create(
                output: output, job: job, attempt: "a1", path: path, tree: tree)
            let text = Array("row".utf8)
            try text.withUnsafeBytes { try sink.write($0) }
            try sink.finish()
            files.append(StagedFile(attempt: "a1", path: path, byteCount: 3, receipt: sink.receipt))
        }
        return files
    }

    @Test(
        "no link that is made while a job writes and publishes has it create, replace or remove elsewhere",
        arguments: [PublicationMode.append, .overwrite, .overwritePartitions])
    func racingLinks(mode: PublicationMode) throws {
        let place = try Place()
        let output = place.inside + "/out"
        let link = place.inside + "/link"
        #expect(symlink("../outside", link) == 0)
        let rules = PathRules(base: place.inside, allowed: [])
        let before = try place.outsideNames()
        let swapper = Swapper(output, link)
        var (published, refused) = (0, 0)
        swapper.race(rounds: 400, until: { refused > 0 }) { round in
            do {
                let path = try rules.resolve("out")
                let tree = try rules.tree(of: "out")
                let job = "j\(round)"
                let files = try stage(path, job: job, tree: tree)
                try Publication(
                    output: path, job: job, mode: mode, files: files, isDurable: false, tree: tree
                ).publish()
                published += 1
            } catch {
                refused += (error as? EngineError)?.code == "PATH_NOT_ALLOWED" ? 1 : 0
                try? Publication.discard(
                    output: output, job: "j\(round)", tree: LocalTree(below: place.inside))
            }
        }
        #expect(refused > 0, "\(published) published, \(refused) refused")
        #expect(try place.outsideNames() == before)
        #expect(FileManager.default.contents(atPath: place.outside + "/k=1/precious") == Data("mine".utf8))
    }

    @Test("a link below an output that leads out stops its publication; one that stays inside is followed")
    func linksBelowOutput() throws {
        let place = try Place()
        let rules = PathRules(base: place.inside, allowed: [])
        for (target, isAllowed) in [("../../outside", false), ("../other", true)] {
            let output = place.inside + "/out"
            let tree = try rules.tree(of: "out")
            let files = try stage(output, job: "j", tree: tree)
            #expect(symlink(target, output + "/k=2") == 0)
            let publication = Publication(output: output, job: "j", mode: .append, files: files, tree: tree)
            if isAllowed {
                try publication.publish()
                #expect(try LocalDirectory.names(place.inside + "/other") == ["part-0"])
            } else {
                let error = #expect(throws: EngineError.self) { try publication.publish() }
                #expect(error?.code == "PATH_NOT_ALLOWED")
                #expect(try place.outsideNames() == ["k=1", "k=1/precious"])
            }
            try FileManager.default.removeItem(atPath: output)
        }
    }

    @Test("an output may be all that is allowed, and one that does not exist yet")
    func wholeTree() throws {
        let folder = try PublicationTests.Folder()
        let output = folder.path + "/new/storage"
        let rules = PathRules(base: output, allowed: [])
        // Once: statements that would replace all of it are refused before they run.
        for (round, path) in [".", "a/b"].enumerated() {
            let (whole, tree) = (try rules.resolve(path), try rules.tree(of: path))
            let job = "j\(round)"
            let files = try stage(whole, job: job, tree: tree)
            try Publication(output: whole, job: job, mode: .overwrite, files: files, tree: tree).publish()
            let written = path == "." ? output : output + "/" + path
            #expect(try LocalDirectory.names(written) == ["_SUCCESS", "k=1", "k=2"])
        }
        #expect(try LocalDirectory.names(folder.path + "/new") == ["storage"])
        let tree = try rules.tree(of: ".")
        for path in [folder.path + "/new", folder.path + "/new/storage2", folder.path + "/new/.other-j/x"] {
            #expect(throws: EngineError.self, "\(path)") { try LocalDirectory.exists(path, in: tree) }
        }
    }

    @Test("what is removed is removed below what is allowed only, and a link itself, not what it leads to")
    func removal() throws {
        let place = try Place()
        let rules = PathRules(base: place.inside, allowed: [])
        #expect(symlink("../outside", place.inside + "/link") == 0)
        let files = LocalFileSystem(tree: LocalTree(below: place.inside))
        let error = #expect(throws: EngineError.self) { try files.remove(place.inside + "/link/k=1") }
        #expect(error?.code == "PATH_NOT_ALLOWED")
        #expect(throws: EngineError.self) { try files.create(place.inside + "/link/new", durable: false) }
        try files.remove(place.inside + "/link")
        #expect(try LocalDirectory.names(place.inside) == ["other", "out"])
        #expect(try place.outsideNames() == ["k=1", "k=1/precious"])
        #expect(throws: EngineError.self) { try rules.fileSystem(of: place.outside) }
    }

    @Test("what the program keeps there is written, moved, read and removed below what is allowed only")
    func kept() throws {
        let place = try Place()
        let tree = LocalTree(below: place.inside)
        let note = place.inside + "/out/note"
        #expect(try tree.replace(note, with: "one", durable: true))
        #expect(try tree.link(note, to: place.inside + "/other/kept"))
        #expect(try tree.replace(note, with: "two", durable: false))
        #expect(try tree.text(note, limitBytes: 3) == "two" && tree.text(note, limitBytes: 2) == nil)
        #expect(try tree.text(place.inside + "/other/kept", limitBytes: 9) == "one")
        #expect(try tree.names(in: place.inside + "/out") == ["note"])
        let made = try tree.identity(of: note)
        #expect(try tree.move(note, to: place.inside + "/out/moved"))
        #expect(try tree.identity(of: place.inside + "/out/moved") == made && !tree.has(note))
        #expect(try !tree.move(note, to: place.inside + "/out/moved") && errno == ENOENT)
        // What stands where it is written aside is not written through.
        #expect(symlink("../../outside/k=1/precious", note + ".new") == 0)
        #expect(try tree.replace(note, with: "three", durable: false))
        #expect(symlink("../outside", place.inside + "/link") == 0)
        let inner = place.inside + "/link/k=1"
        for refused in [
            { _ = try tree.replace(inner + "/precious", with: "theirs", durable: false) },
            { _ = try tree.move(inner, to: place.inside + "/got") },
            { _ = try tree.move(place.inside + "/out", to: inner + "/out") },
            { _ = try tree.link(inner + "/precious", to: place.inside + "/got") },
            { try tree.makeDirectory(inner + "/new") }, { try tree.remove(inner) },
            { _ = try tree.source(inner + "/precious") }, { _ = try tree.names(in: inner) },
            { _ = try LocalFileSystem(tree: tree).open(inner + "/precious") },
        ] {
            let error = #expect(throws: EngineError.self) { try refused() }
            #expect(error?.code == "PATH_NOT_ALLOWED")
        }
        #expect(try place.outsideNames() == ["k=1", "k=1/precious"])
        #expect(FileManager.default.contents(atPath: place.outside + "/k=1/precious") == Data("mine".utf8))
    }

    @Test("no link that is made while it is written has it written elsewhere")
    func racingNotes() throws {
        let place = try Place()
        let link = place.inside + "/link"
        #expect(symlink("../outside", link) == 0)
        let tree = LocalTree(below: place.inside)
        let swapper = Swapper(place.inside + "/out", link)
        var (written, refused) = (0, 0)
        swapper.race(rounds: 1000, until: { refused > 0 && written > 0 }) { _ in
            do throws(EngineError) {
                let note = place.inside + "/out/note"
                guard try tree.replace(note, with: "mine", durable: false) else { return }
                _ = try tree.move(note, to: place.inside + "/out/k=1")
                try tree.remove(place.inside + "/out/k=1")
                written += 1
            } catch {
                refused += error.code == "PATH_NOT_ALLOWED" ? 1 : 0
            }
        }
        #expect(refused > 0 && written > 0, "\(written) written, \(refused) refused")
        #expect(try place.outsideNames() == ["k=1", "k=1/precious"])
    }

    @Test("a kernel that cannot tell follows no link at all")
    func withoutKernel() throws {
        let place = try Place()
        #expect(
            symlink("../outside", place.inside + "/link") == 0 && symlink("other", place.inside + "/in") == 0)
        func open(_ path: String, _ flags: Int32) -> Int32 {
            errno = 0
            let descriptor = storage_open_without_links(place.inside, path, flags | O_CLOEXEC, 0o644)
            if descriptor >= 0 { close(descriptor) }
            return descriptor >= 0 ? 0 : errno
        }
        #expect(open("other/new", O_WRONLY | O_CREAT) == 0)
        #expect(open("other/new", O_RDONLY) == 0 && open("other", storage_place_flags()) == 0)
        for path in ["link/k=1/precious", "link", "in/new", "../outside/k=1", "other/../out", "/etc"] {
            #expect(open(path, O_RDONLY) == EXDEV, "\(path)")
            #expect(open(path, storage_place_flags()) == EXDEV, "\(path)")
        }
        #expect(open("none/new", O_RDONLY) == ENOENT)
    }
}
