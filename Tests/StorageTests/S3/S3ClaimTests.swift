import Foundation
import Testing
import Vocabulary

@testable import Storage

// What several jobs that write one place do to each other.
extension S3Tests.Publications {
    /// A claim's life in a hurry.
    private static let fast = S3Claims.Times(renewal: 200, safe: 1_000, void: 2_500, look: 50)

    @Test(
        "of two jobs that replace one place at the same time one wins, wherever each of them is",
        arguments: [PublicationMode.overwrite, .overwritePartitions])
    func interleaved(mode: PublicationMode) throws {
        let bucket = "race-\(mode.rawValue)"
        let store = try double.fileSystem(bucket: bucket)
        let other = try S3FileSystem(settings: double.settings())
        let theirs = ["k=2/part-1-j2-c0": "their 2", "k=3/part-1-j2-c0": "their 3"]
        var losses = 0
        // The second job comes when the first has done so many steps; the first goes on after it.
        for pause in 0...6 {
            let output = "s3://\(bucket)/out\(pause)"
            for (path, text) in Self.old { try store.write(output + "/" + path, Array(text.utf8)) }
            let first = Publication(
                output: output, job: "j1", mode: mode, files: try stage(store, output, Self.new))
            let second = Publication(
                output: output, job: "j2", mode: mode,
                files: try stage(other, output, theirs, job: "j2"))
            let steps = first.s3Steps(store, S3Claims(first, in: store, times: Self.fast))
            for step in steps.prefix(pause) { try step.perform() }
            // Before the first claims anything the second does all, and is replaced; after the first's
            // mark stands it replaces the first; in between it fails.
            let mayPublish = pause == 0 || steps[pause - 1].name == "success" || pause == steps.count
            if mayPublish {
                try second.publish(in: other)
            } else {
                losses += 1
                let error = #expect(throws: EngineError.self) { try second.publish(in: other) }
                #expect(error?.code == "OUTPUT_REPLACED", "\(error?.message ?? "")")
            }
            try Publication.abortUploads(output: output, job: "j2", in: other)
            if !mayPublish || pause == 0 {
                for step in steps.dropFirst(pause) { try step.perform() }
                #expect(try visible(store, output) == Self.expected(mode), "after \(pause) steps")
            } else {
                let seen = try visible(store, output)
                #expect(seen.filter { $0.key.contains("-j2-") } == theirs)
                let isReplaced = mode == .overwrite || !seen.keys.contains { $0.contains("-j1-") }
                #expect(isReplaced && !seen.keys.contains("k=2/part-0"), "\(seen)")
            }
            #expect(try store.status(output + "/_SUCCESS") != nil)
            let claims = try store.keys(
                StoragePath(output), below: "out\(pause)/", where: S3Claims.isClaim)
            #expect(claims.isEmpty)
        }
        #expect(losses == 4)
        #expect(try openUploads(store, bucket).isEmpty)
    }

    @Test("a claim whose job died is taken over when its time is over; that job finds out if it lives")
    func takenOver() throws {
        let store = try double.fileSystem(bucket: "over")
        let output = "s3://over/out"
        let first = Publication(
            output: output, job: "j1", mode: .overwrite, files: try stage(store, output, Self.new))
        // Its process stands still: nothing is renewed.
        var frozen = Self.fast
        frozen.renewal = 60_000
        let claims = S3Claims(first, in: store, times: frozen)
        let began = ContinuousClock.now
        for step in first.s3Steps(store, claims).prefix(3) { try step.perform() }
        let files = try stage(store, output, ["part-0-j2-c0": "theirs"], job: "j2")
        let second = Publication(output: output, job: "j2", mode: .overwrite, files: files)
        try second.publish(in: store, claimTimes: Self.fast)
        #expect(ContinuousClock.now - began >= .milliseconds(Self.fast.void))
        #expect(try visible(store, output) == ["part-0-j2-c0": "theirs"])
        let error = #expect(throws: EngineError.self) { try claims.check() }
        #expect(error?.code == "OUTPUT_REPLACED" && !claims.isHeld)
    }

    @Test(
        "a job that stood still while an append passed it by fails when it goes on, before it deletes",
        arguments: [PublicationMode.overwrite, .overwritePartitions])
    func stoodStill(mode: PublicationMode) throws {
        let bucket = "still-\(mode.rawValue)"
        let store = try double.fileSystem(bucket: bucket)
        let output = "s3://\(bucket)/out"
        let first = Publication(
            output: output, job: "j1", mode: mode, files: try stage(store, output, Self.new))
        var frozen = Self.fast
        frozen.renewal = 60_000
        let claims = S3Claims(first, in: store, times: frozen)
        let steps = first.s3Steps(store, claims)
        for step in steps.prefix(3) { try step.perform() }
        let files = try stage(store, output, ["k=2/part-0-j2-c0": "added"], job: "j2")
        let second = Publication(output: output, job: "j2", mode: .append, files: files)
        try second.publish(in: store, claimTimes: Self.fast)
        let error = #expect(throws: EngineError.self) { try steps[3].perform() }
        #expect(error?.code == "OUTPUT_REPLACED" && !claims.isHeld)
        #expect(try visible(store, output)["k=2/part-0-j2-c0"] == "added")
    }

    /// Asks again until the answer is yes, half a minute at most.
    private static func eventually(_ ask: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<1_500 {
            if try ask() { return true }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }

    @Test("a claim is renewed while its job is at work, and lost once another has put its own")
    func renewed() throws {
        let store = try double.fileSystem(bucket: "renewed")
        let output = "s3://renewed/out"
        let key = "out/_publishing"
        let first = Publication(output: output, job: "j1", mode: .overwrite, files: [])
        let claims = S3Claims(first, in: store, times: Self.fast)
        try claims.take()
        let before = try store.client.get(bucket: "renewed", key: key)
        #expect(
            try Self.eventually {
                try store.client.get(bucket: "renewed", key: key).map { $0.body != before?.body } ?? false
            })
        try claims.check()
        // As one that waited for it to be void.
        for _ in 0..<20 {
            let found = try #require(try store.client.get(bucket: "renewed", key: key))
            let theirs = Array("j2\n0".utf8)
            if try store.client.put(bucket: "renewed", key: key, body: theirs, over: found.tag) { break }
        }
        #expect(Self.eventually { !claims.isHeld })
        let error = #expect(throws: EngineError.self) { try claims.check() }
        #expect(error?.code == "OUTPUT_REPLACED")
        try claims.release()
        #expect(try store.client.get(bucket: "renewed", key: key)?.body == Array("j2\n0".utf8))
    }

    @Test("an append fails while another job replaces the output, and leaves nothing")
    func appendBeside() throws {
        let store = try double.fileSystem(bucket: "beside")
        let output = "s3://beside/out"
        let first = Publication(
            output: output, job: "j1", mode: .overwrite, files: try stage(store, output, Self.new))
        let steps = first.s3Steps(store, S3Claims(first, in: store, times: Self.fast))
        for step in steps.prefix(3) { try step.perform() }
        let files = try stage(store, output, ["part-0-j2-c0": "added"], job: "j2")
        let second = Publication(output: output, job: "j2", mode: .append, files: files)
        let error = #expect(throws: EngineError.self) { try second.publish(in: store) }
        #expect(error?.code == "OUTPUT_REPLACED")
        for step in steps.dropFirst(3) { try step.perform() }
        #expect(try visible(store, output) == Self.new)
    }

    @Test("claims whose renewal takes longer than until the next are checked, given up, and gone")
    func slowRenewal() throws {
        let store = try double.fileSystem(bucket: "slow")
        let paths = (0..<S3Claims.folderLimit).map { "k=\($0)/part-0-j1-c0" }
        let first = Publication(
            output: "s3://slow/out", job: "j1", mode: .overwritePartitions,
            files: paths.map { StagedFile(attempt: "a1", path: $0, byteCount: 0) })
        var hurried = Self.fast
        hurried.renewal = 0
        hurried.safe = 100
        let claims = S3Claims(first, in: store, times: hurried)
        #expect(claims.keys.count == S3Claims.folderLimit)
        try claims.take()
        for _ in 0..<20 {
            try claims.check()
            #expect(claims.isHeld)
            Thread.sleep(forTimeInterval: 0.05)
        }
        try claims.release()
        Thread.sleep(forTimeInterval: 0.2)
        #expect(try store.keys(StoragePath("s3://slow"), below: "") { _ in true }.isEmpty)
    }

    @Test("for many folders the output is claimed, which keeps out jobs that claim a folder, and they it")
    func manyFolders() throws {
        let store = try double.fileSystem(bucket: "many")
        let output = "s3://many/out"
        var new: [String: String] = [:]
        for folder in 0...S3Claims.folderLimit { new["k=\(folder)/part-0-j1-c0"] = "new \(folder)" }
        let theirs = ["k=3/part-0-j2-c0": "theirs"]
        try store.write(output + "/k=3/part-0", Array("old".utf8))
        let many = Publication(
            output: output, job: "j1", mode: .overwritePartitions, files: try stage(store, output, new))
        let one = Publication(
            output: output, job: "j2", mode: .overwritePartitions,
            files: try stage(store, output, theirs, job: "j2"))
        let claims = S3Claims(many, in: store, times: Self.fast)
        #expect(claims.keys == ["out/_publishing"])
        let steps = many.s3Steps(store, claims)
        let ones = one.s3Steps(store, S3Claims(one, in: store, times: Self.fast))
        // The folder is claimed first, its job has looked at the output's claim before that was put.
        for step in ones.prefix(2) { try step.perform() }
        for step in steps.prefix(3) { try step.perform() }
        for step in ones.dropFirst(2).prefix(1) { try step.perform() }
        for last in [ones[3], steps[3]] {
            let error = #expect(throws: EngineError.self) { try last.perform() }
            #expect(error?.code == "OUTPUT_REPLACED")
        }
        // Nobody has deleted anything.
        let all = new.merging(theirs) { $1 }.merging(["k=3/part-0": "old"]) { $1 }
        #expect(try visible(store, output) == all)
        try ones[5].perform()
        // The output is claimed first.
        let late = #expect(throws: EngineError.self) { try one.publish(in: store) }
        #expect(late?.code == "OUTPUT_REPLACED")
        for step in steps.dropFirst(3) { try step.perform() }
        #expect(try visible(store, output).filter { $0.key.contains("-j1-") } == new)
        #expect(try store.status(output + "/k=3/part-0") == nil)
        #expect(try store.keys(StoragePath(output), below: "out/", where: S3Claims.isClaim).isEmpty)
    }

    @Test("a job that cannot claim one of its folders leaves no claim in those before it")
    func partlyClaimed() throws {
        let store = try double.fileSystem(bucket: "partly")
        let output = "s3://partly/out"
        let first = Publication(
            output: output, job: "j1", mode: .overwritePartitions,
            files: try stage(store, output, Self.new))
        // As often as a request is tried.
        _ = double.command("fault before 8 PUT /partly/out/k 3/_publishing")
        let error = #expect(throws: EngineError.self) { try first.publish(in: store) }
        #expect(error?.code == "S3_ERROR", "\(error?.message ?? "")")
        #expect(double.command("seen PUT /partly/out/k 2/_publishing") == "1")
        #expect(try store.keys(StoragePath(output), below: "out/") { _ in true }.isEmpty)
        // Nor one that another job keeps from having all.
        let other = Publication(
            output: output, job: "j2", mode: .overwritePartitions,
            files: [StagedFile(attempt: "a1", path: "k=3/part-0-j2-c0", byteCount: 0)])
        let claims = S3Claims(other, in: store, times: Self.fast)
        try claims.take()
        let late = #expect(throws: EngineError.self) {
            try first.publish(in: store, claimTimes: Self.fast)
        }
        #expect(late?.code == "OUTPUT_REPLACED")
        #expect(try store.keys(StoragePath(output), below: "out/") { _ in true } == claims.keys)
        try claims.release()
        try first.publish(in: store)
        #expect(try visible(store, output) == Self.new)
    }

    @Test(
        "an error while completing takes back what is new, but not in a replay: it may be all there is",
        arguments: [PublicationMode.overwrite, .overwritePartitions])
    func failedReplay(mode: PublicationMode) throws {
        let bucket = "replay-\(mode.rawValue)"
        let store = try double.fileSystem(bucket: bucket)
        // So many steps were done by a process that died.
        for done in [0, 2, 3, 4] {
            let output = "s3://\(bucket)/out\(done)"
            for (path, text) in Self.old { try store.write(output + "/" + path, Array(text.utf8)) }
            let files = try stage(store, output, Self.new)
            let publication = Publication(output: output, job: "j1", mode: mode, files: files)
            let claims = S3Claims(publication, in: store)
            for step in publication.s3Steps(store, claims).prefix(done) { try step.perform() }
            claims.abandon()
            let before = try visible(store, output)
            // As often as a request is tried: one completion fails, then the first claim.
            let place = "/\(bucket)/out\(done)/"
            for request in ["POST \(place)k 2/part-1-j1-c0 uploadId=", "PUT \(place) _publishing"] {
                _ = double.command("fault before 8 " + request)
                let error = #expect(throws: EngineError.self) { try publication.publish(in: store) }
                #expect(error?.code == "S3_ERROR", "\(error?.message ?? "")")
                #expect(try visible(store, output) == before, "after \(done) steps")
            }
            // Uploads that were completed and taken back have gone.
            if done < 3 { continue }
            try publication.publish(in: store)
            #expect(try visible(store, output) == Self.expected(mode))
        }
    }

    @Test(
        "an append that another job replaced while it completed fails, and one beside a claimed folder",
        arguments: [PublicationMode.overwrite, .overwritePartitions])
    func appendReplaced(mode: PublicationMode) throws {
        let bucket = "within-\(mode.rawValue)"
        let store = try double.fileSystem(bucket: bucket)
        let key = "k=2/part-1-j2-c0"
        func append(_ output: String) throws -> [PublicationStep] {
            let files = try stage(store, output, [key: "added"], job: "j2")
            let added = Publication(output: output, job: "j2", mode: .append, files: files)
            let mark = try store.client.head(
                bucket: bucket, key: S3FileSystem.prefix(StoragePath(output)) + "_SUCCESS")
            return added.s3Steps(store, S3Claims(added, in: store, times: Self.fast), since: mark)
        }
        // The other job begins once the append has done so much, and ends or stands still after some.
        for (begun, done, isLost) in [(1, 6, false), (2, 6, true), (2, 3, true), (4, 6, false)] {
            let output = "s3://\(bucket)/out\(begun)\(done)"
            let before = Publication(
                output: output, job: "j0", mode: .append,
                files: try stage(store, output, ["k=2/part-0-j0-c0": "old"], job: "j0"))
            try before.publish(in: store)
            let steps = try append(output)
            let other = Publication(
                output: output, job: "j1", mode: mode, files: try stage(store, output, Self.new))
            let others = other.s3Steps(store, S3Claims(other, in: store, times: Self.fast))
            for step in steps.prefix(begun) { try step.perform() }
            for step in others.prefix(done) { try step.perform() }
            if isLost {
                let error = #expect(throws: EngineError.self) { try steps[2].perform() }
                #expect(error?.code == "OUTPUT_REPLACED")
            } else {
                for step in steps.dropFirst(begun) { try step.perform() }
            }
            for step in others.dropFirst(done) { try step.perform() }
            let expected = begun == 1 ? Self.new.merging([key: "added"]) { $1 } : Self.new
            #expect(try visible(store, output) == expected, "after \(begun) and \(done) steps")
        }
    }
}
