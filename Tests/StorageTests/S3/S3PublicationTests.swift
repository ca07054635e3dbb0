import Foundation
import Testing
import Vocabulary

@testable import Storage

extension S3Tests {
    @Suite("Publication to S3")
    struct Publications {
        let double: S3Double

        init() throws { double = try S3Double.shared.get() }

        static let old = ["k=1/part-0": "old 1", "k=2/part-0": "old 2", "part-top": "old top"]
        static let new = [
            "k=2/part-1-j1-c0": "new 2", "k=3/part-1-j1-c0": "new 3", "k=3/part-2-j1-c0": "",
        ]

        func stage(
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

        func visible(_ store: S3FileSystem, _ output: String) throws -> [String: String] {
            var found: [String: String] = [:]
            for file in try store.files(below: output) {
                found[String(file.path.dropFirst(output.count + 1))] = try store.text(file.path)
            }
            return found
        }

        func openUploads(_ store: S3FileSystem, _ bucket: String) throws -> [String] {
            try store.client.openUploads(bucket: bucket, prefix: "").map(\.key)
        }

        static func expected(_ mode: PublicationMode) -> [String: String] {
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
    }
}
