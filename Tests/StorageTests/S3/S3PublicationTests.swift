import Foundation
import Testing
import Vocabulary

@testable import Storage

extension S3Tests {
    @Suite("Publication to S3")
    struct Publications {
        private let double: S3Double

        init() throws { double = try S3Double.shared.get() }

        private static let old = ["k=1/part-0": "old 1", "k=2/part-0": "old 2", "part-top": "old top"]
        private static let new = [
            "k=2/part-1-j1-c0": "new 2", "k=3/part-1-j1-c0": "new 3", "k=3/part-2-j1-c0": "",
        ]

        private func stage(
            _ store: S3FileSystem, _ output: String, _ files: [String: String], attempt: String = "a1",
            job: String = "j1"
        ) throws -> [StagedFile] {
            try files.sorted { $0.key < $1.key }.map { path, text in
                let sink = Publication.create(
                    output: output, job: job, attempt: attempt, path: path, in: store)
                try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
                try sink.finish()
                return StagedFile(
                    attempt: attempt, path: path, byteCount: text.utf8.count, receipt: sink.receipt)
            }
        }

        private func visible(_ store: S3FileSystem, _ output: String) throws -> [String: String] {
            var found: [String: String] = [:]
            for file in try store.files(below: output) {
                found[String(file.path.dropFirst(output.count + 1))] = try store.text(file.path)
            }
            return found
        }

        private func openUploads(_ store: S3FileSystem, _ bucket: String) throws -> [String] {
            try store.client.openUploads(bucket: bucket, prefix: "").map(\.key)
        }

        private static func expected(_ mode: PublicationMode) -> [String: String] {
            switch mode {
            case .overwrite: new
            case .append: old.merging(new) { $1 }
            case .overwritePartitions: old.merging(new) { $1 }.filter { $0.key != "k=2/part-0" }
            }
        }

        @Test(
            "a crash after any step, or any completion, leaves what a replay completes",
            arguments: [PublicationMode.append, .overwrite, .overwritePartitions])
        func interruptedAnywhere(mode: PublicationMode) throws {
            let bucket = "crash-\(mode.rawValue)"
            let store = try double.fileSystem(bucket: bucket)
            let stepCount = mode == .append ? 4 : 6
            // Negative: within the second half of completing, so many uploads are completed.
            for stop in -3...stepCount {
                let output = "s3://\(bucket)/out\(stop + 10)"
                for (path, text) in Self.old { try store.write(output + "/" + path, Array(text.utf8)) }
                let files = try stage(store, output, Self.new)
                #expect(try visible(store, output) == Self.old)
                let publication = Publication(output: output, job: "j1", mode: mode, files: files)
                let claims = S3Claims(publication, in: store)
                let steps = publication.s3Steps(store, claims)
                #expect(steps.count == stepCount)
                let replaced = steps.firstIndex { $0.name == "replace" } ?? stepCount
                if stop < 0 {
                    let some = Array(files.prefix(-stop))
                    let part = Publication(output: output, job: "j1", mode: .append, files: some)
                    for step in part.s3Steps(store, S3Claims(part, in: store)).prefix(2) {
                        try step.perform()
                    }
                } else {
                    for step in steps.prefix(stop) { try step.perform() }
                }
                // Nothing of the old output is lost before all of the new one is there.
                let seen = try visible(store, output)
                if seen.count < Self.old.count + Self.new.count, stop <= replaced {
                    #expect(seen.filter { Self.old[$0.key] != nil } == Self.old)
                }
                claims.abandon()
                // The coordinator that replays may be another process, which remembers no uploads.
                let later = try S3FileSystem(settings: double.settings())
                for _ in 0..<2 {
                    try publication.publish(in: later)
                    #expect(try visible(later, output) == Self.expected(mode))
                    #expect(try later.status(output + "/_SUCCESS") != nil)
                }
            }
            #expect(try openUploads(store, bucket).isEmpty)
        }

        @Test("a replay that comes late deletes nothing that another job has added since")
        func lateReplay() throws {
            let store = try double.fileSystem(bucket: "late")
            let output = "s3://late/out/"
            let files = try stage(store, output, Self.new)
            let publication = Publication(output: output, job: "j1", mode: .overwrite, files: files)
            try publication.publish(in: store)
            try store.write("s3://late/out/part-other", [1])
            try publication.publish(in: store)
            #expect(try store.status("s3://late/out/part-other") != nil)
        }

        @Test(
            "uploads that are not completed are invisible; discarding an attempt or a statement aborts them")
        func discarded() throws {
            let store = try double.fileSystem(bucket: "discard")
            let output = "s3://discard/out"
            _ = try stage(store, output, Self.new, attempt: "a1")
            _ = try stage(store, output, Self.new, attempt: "a2")
            let cut = Publication.create(
                output: output, job: "j1", attempt: "a3", path: "part-9-j1-c0", in: store)
            try [UInt8](repeating: 1, count: 20 << 20).withUnsafeBytes { try cut.write($0) }
            cut.abort()
            cut.abort()
            #expect(try store.entries("s3://discard").isEmpty)
            #expect(try openUploads(store, "discard").count == 6)
            try Publication.abortUploads(job: "j1", attempt: "a1", in: store)
            #expect(try openUploads(store, "discard").count == 3)
            // The worker of a2 has died; another job's upload stays.
            let later = try S3FileSystem(settings: double.settings())
            _ = try later.client.beginUpload(bucket: "discard", key: "out/part-0-j2-c0", attempt: "j2/a1")
            try Publication.abortUploads(output: output, job: "j1", in: later)
            #expect(try openUploads(later, "discard") == ["out/part-0-j2-c0"])
        }

        @Test("files are copied into a directory whole, large ones in parts, after what was cut off too")
        func copies() throws {
            let store = try double.fileSystem(bucket: "copies")
            let (from, to) = ("s3://copies/staged x", "s3://copies/table")
            let large = String(repeating: "0123456789abcdef", count: 11 << 16)
            let new = ["part-a+1": "a", "k=1/part-b": large, "part-c": ""]
            for (path, text) in new { try store.write(from + "/" + path, Array(text.utf8)) }
            try store.write(from + "/_millrace_added", [10])
            try store.write(to + "/part-old", Array("old".utf8))
            let sizes = CopySizes(wholeBytes: 6 << 20, partBytes: 5 << 20)
            // As often as a request is tried.
            _ = double.command("fault before 8 PUT /copies/table/k partNumber=2")
            #expect(throws: EngineError.self) {
                try StoredCopies.copyFiles(below: from, to: to, in: store, sizes: sizes)
            }
            #expect(try store.text(to + "/part-old") == "old")
            #expect(try openUploads(store, "copies").isEmpty)
            for _ in 1...2 {
                #expect(try StoredCopies.copyFiles(below: from, to: to, in: store, sizes: sizes) == 3)
                #expect(try visible(store, to) == new.merging(["part-old": "old"]) { $1 })
            }
            #expect(double.command("seen PUT /copies/table/k partNumber=3") != "0")
            #expect(try openUploads(store, "copies").isEmpty)
        }

        @Test("the winner is published whole, in parts, and a loser's upload to the same key is aborted")
        func winner() throws {
            let store = try double.fileSystem(bucket: "winner")
            let text = String(repeating: "0123456789abcdef", count: 20 << 16)
            let path = "part-0-j1-c0"
            _ = try stage(store, "s3://winner", [path: "loser"], attempt: "a1")
            let files = try stage(store, "s3://winner", [path: text], attempt: "a2")
            #expect(try UploadReceipt(wireBytes: files[0].receipt).parts.map(\.number) == [1, 2, 3])
            try Publication(output: "s3://winner/", job: "j1", mode: .append, files: files).publish(in: store)
            #expect(try visible(store, "s3://winner") == [path: text])
            #expect(try openUploads(store, "winner").isEmpty)
        }

        @Test("an answer to completing that is lost is asked after; another's object there is an error")
        func ambiguousCompletion() throws {
            let store = try double.fileSystem(bucket: "ambiguous")
            let output = "s3://ambiguous/out"
            for kind in ["after", "cut"] {
                let files = try stage(store, output, ["part-\(kind)-j1-c0": kind])
                _ = double.command("fault \(kind) 1 POST /ambiguous/out/part-\(kind)-j1-c0 uploadId=")
                try Publication(output: output, job: "j1", mode: .append, files: files).publish(in: store)
                try store.remove(output + "/_SUCCESS")
                // Both the lost one and the one that asked: the fault did happen.
                #expect(double.command("seen POST /ambiguous/out/part-\(kind)-j1-c0 uploadId=") == "2")
                #expect(try store.text(output + "/part-\(kind)-j1-c0") == kind)
            }
            let files = try stage(store, output, ["part-x-j1-c0": "mine", "part-y-j1-c0": "mine too"])
            let receipt = try UploadReceipt(wireBytes: files[0].receipt)
            try store.client.abortUpload(
                bucket: "ambiguous", key: "out/part-x-j1-c0", id: receipt.uploadID)
            let error = #expect(throws: EngineError.self) {
                try Publication(output: output, job: "j1", mode: .append, files: files).publish(in: store)
            }
            #expect(error?.code == "STAGED_FILE_LOST")
            // The job fails, and nothing of it stays.
            #expect(try visible(store, output).keys.sorted() == ["part-after-j1-c0", "part-cut-j1-c0"])
            // The upload has gone because it was completed: the object says that this attempt wrote it.
            try Array("mine".utf8).withUnsafeBytes {
                try store.client.put(
                    bucket: "ambiguous", key: "out/part-x-j1-c0", body: $0,
                    metadata: [(S3Client.attemptMetadata, "j1/a1")])
            }
            try store.client.completeUpload(
                bucket: "ambiguous", key: "out/part-x-j1-c0", id: receipt.uploadID, parts: receipt.parts,
                byteCount: 4, attempt: "j1/a1")
            try store.write(output + "/part-x-j1-c0", Array("else".utf8))
            let other = #expect(throws: EngineError.self) {
                try store.client.completeUpload(
                    bucket: "ambiguous", key: "out/part-x-j1-c0", id: receipt.uploadID, parts: receipt.parts,
                    byteCount: 4, attempt: "j1/a1")
            }
            #expect(other?.code == "STAGED_FILE_LOST")
        }

        @Test(
            "a job whose files another one replaced since its submission is told so; that one's stay"
        )
        func displaced() throws {
            let store = try double.fileSystem(bucket: "displaced")
            let output = "s3://displaced/out"
            func job(_ milliseconds: Int) -> String {
                let time = String(milliseconds, radix: 16)
                let digits = String(repeating: "0", count: 12 - time.count) + time
                return "\(digits.prefix(8))-\(digits.suffix(4))-7000-8000-000000000000-0"
            }
            let now = Int(Date().timeIntervalSince1970 * 1000)
            let (winner, late, later) = (job(now - 3000), job(now - 2000), job(now + 60_000))
            let first = try stage(store, output, ["part-0-\(winner)-c0": "winner"], job: winner)
            try Publication(output: output, job: winner, mode: .overwrite, files: first).publish(in: store)
            for (name, code) in [(late, "OUTPUT_REPLACED"), (later, "STAGED_FILE_LOST")] {
                let key = "part-0-\(name)-c0"
                let files = try stage(store, output, [key: "late"], job: name)
                try store.client.abortUpload(
                    bucket: "displaced", key: "out/" + key,
                    id: try UploadReceipt(wireBytes: files[0].receipt).uploadID)
                let error = #expect(throws: EngineError.self) {
                    try Publication(output: output, job: name, mode: .overwrite, files: files)
                        .publish(in: store)
                }
                #expect(error?.code == code, "\(error?.message ?? "")")
                #expect(try visible(store, output).values.sorted() == ["winner"])
            }
        }

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

        @Test("a claim is renewed while its job is at work, and lost once another has put its own")
        func renewed() throws {
            let store = try double.fileSystem(bucket: "renewed")
            let output = "s3://renewed/out"
            let key = "out/_publishing"
            let first = Publication(output: output, job: "j1", mode: .overwrite, files: [])
            let claims = S3Claims(first, in: store, times: Self.fast)
            try claims.take()
            let before = try store.client.get(bucket: "renewed", key: key)
            Thread.sleep(forTimeInterval: 1)
            let after = try #require(try store.client.get(bucket: "renewed", key: key))
            #expect(before?.body != after.body)
            try claims.check()
            // As one that waited for it to be void.
            for _ in 0..<20 {
                let found = try #require(try store.client.get(bucket: "renewed", key: key))
                let theirs = Array("j2\n0".utf8)
                if try store.client.put(bucket: "renewed", key: key, body: theirs, over: found.tag) { break }
            }
            Thread.sleep(forTimeInterval: 1)
            let error = #expect(throws: EngineError.self) { try claims.check() }
            #expect(error?.code == "OUTPUT_REPLACED" && !claims.isHeld)
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
}
