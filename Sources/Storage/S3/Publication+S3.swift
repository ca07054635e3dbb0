import Vocabulary

// Publication to S3, which has no rename and no way to make several objects visible at once.
//
//     tasks    begin upload, parts … of out/part-…          nothing visible
//     commit   1 overwriting: put out/_publishing           of two jobs one alone can; the other fails
//              2 overwriting: delete out/_SUCCESS           readers that wait for it wait
//              3 complete every upload                      old and new visible together
//              4 overwriting: delete what was there before  only the new
//              5 put out/_SUCCESS, which names the statement
//              6 overwriting: delete out/_publishing
//              7 abort what losers left                     nothing visible changes
//
// A crash before 3 leaves the old output. Within 3 and 4 readers that do not wait for `_SUCCESS` may see old
// and new rows together; the replay goes on from there. No order avoids that: the other one would show, and
// after a crash keep, no output at all. A replay after 5 finds the statement named in `_SUCCESS` and deletes
// nothing. When an upload cannot be completed for good, those completed before are deleted again and the old
// output stays; but not by a replay that found any of them completed, since the old output may be gone.
// An append claims nothing: before 5 it looks whether all its files are still there.
extension Publication {
    /// The metadata of `_SUCCESS` that names the statement.
    private static let statementMetadata = "millrace-statement"

    var location: StoragePath { StoragePath(output) }
    var prefix: String { S3FileSystem.prefix(location) }
    private var successKey: String { prefix + "_SUCCESS" }

    /// Creates a file of an attempt at its final key, not visible before it is published.
    static func create(
        output: String, job: String, attempt: String, path: String, in store: S3FileSystem
    ) -> any ByteSink {
        S3FileSink(
            path: trimmed(output) + "/" + path, attempt: job + "/" + attempt, completesAtFinish: false,
            files: store)
    }

    /// Makes the uploads of the winners visible. Idempotent. Throws `OUTPUT_REPLACED` when another job
    /// publishes there at the same time: then nothing of this one is left, and all of that one.
    func publish(
        in store: S3FileSystem, claimTimes: S3Claims.Times = S3Claims.Times()
    ) throws(EngineError) {
        let mark = try store.client.head(bucket: location.authority, key: successKey)
        if mark?[Publication.statementField] != job {
            let claims = S3Claims(self, in: store, times: claimTimes)
            // A process that died may have deleted old files, but had completed all new ones before that.
            // Appends delete none.
            if mode != .append { claims.stage = .replacing }
            do throws(EngineError) {
                if mode != .append, try !visibleFiles(in: store).contains(true) { claims.stage = .beside }
                for step in s3Steps(store, claims, since: mark) { try step.perform() }
            } catch {
                takeBack(mark, claims, in: store)
                throw displaced(error, by: mark)
            }
        } else if mode != .append {
            // Killed before it came to that.
            try? S3Claims(self, in: store).release()
        }
        // What cannot be listed or aborted, as where that is not allowed, is invisible: the job has
        // succeeded.
        try? Publication.abortUploads(output: output, job: job, in: store)
    }

    /// Removes what a publication that failed has made visible, unless what was there before may be gone in
    /// part. What cannot be deleted now stays, and the error says why.
    private func takeBack(_ mark: [String: String]?, _ claims: S3Claims, in store: S3FileSystem) {
        if claims.stage < .replacing {
            try? store.client.delete(bucket: location.authority, keys: files.map { prefix + $0.path })
            // Of another job that is at work there the mark is its own affair.
            if claims.stage == .unmarked, claims.isHeld, let mark { try? put(mark, in: store) }
        }
        // Those that are this statement's, whatever has become of the rest.
        try? claims.release()
    }

    /// Returns for each file, in no order, whether it is visible.
    private func visibleFiles(in store: S3FileSystem) throws(EngineError) -> [Bool] {
        let heads = RequestsUnderWay<Bool>()
        for file in files {
            let (bucket, key) = (location.authority, prefix + file.path)
            try heads.start(limit: Publication.requestLimit) { () throws(EngineError) in
                try store.client.head(bucket: bucket, key: key) != nil
            }
        }
        return try heads.finish()
    }

    /// The field of an object's head in which that metadata comes.
    private static let statementField = "x-amz-meta-" + statementMetadata

    /// Returns whether `_SUCCESS` names a statement.
    func hasSucceeded(_ statement: String, in store: S3FileSystem) throws(EngineError) -> Bool {
        let mark = try store.client.head(bucket: location.authority, key: successKey)
        return mark?[Publication.statementField] == statement
    }

    /// Puts a `_SUCCESS` back that was there before.
    private func put(_ mark: [String: String], in store: S3FileSystem) throws(EngineError) {
        let winner = mark[Publication.statementField]
        try store.client.put(
            bucket: location.authority, key: successKey, body: .init(start: nil, count: 0),
            metadata: winner.map { [(Publication.statementMetadata, $0)] } ?? [])
    }

    /// Returns the error that another job replaced the output since this one was submitted, when an upload
    /// has gone and the `_SUCCESS` that was there before says so. Returns `error` else.
    private func displaced(_ error: EngineError, by mark: [String: String]?) -> EngineError {
        guard error.code == "STAGED_FILE_LOST", let mark, mark[Publication.statementField] != nil,
            let time = mark["last-modified"].flatMap(HTTPDate.seconds(of:)),
            // Within that second it may have been at its end.
            let replaced = displaced(at: time * 1000 + 999)
        else { return error }
        return replaced
    }

    /// The steps that make the output visible, in order. `mark` is the `_SUCCESS` that was there at first.
    func s3Steps(
        _ store: S3FileSystem, _ claims: S3Claims, since mark: [String: String]? = nil
    ) -> [PublicationStep] {
        let claim = PublicationStep(name: "claim") { () throws(EngineError) in try claims.take() }
        let check = PublicationStep(name: "check") { () throws(EngineError) in try claims.checkOthers() }
        let recheck = PublicationStep(name: "check") { () throws(EngineError) in
            try checkStanding(since: mark, in: store, claims)
        }
        let unmark = PublicationStep(name: "unmark") { () throws(EngineError) in
            try claims.check()
            claims.stage = max(claims.stage, .unmarked)
            try store.client.delete(bucket: location.authority, keys: [successKey])
        }
        let complete = PublicationStep(name: "complete") { () throws(EngineError) in
            try completeUploads(in: store, claims)
        }
        let replace = PublicationStep(name: "replace") { () throws(EngineError) in
            try claims.check()
            try deleteReplaced(in: store, claims)
        }
        let success = PublicationStep(name: "success") { () throws(EngineError) in
            try claims.check()
            try store.client.put(
                bucket: location.authority, key: successKey, body: .init(start: nil, count: 0),
                metadata: [(Publication.statementMetadata, job)])
        }
        // What is left of them is void by the `_SUCCESS` that names the statement.
        let release = PublicationStep(name: "release") { () throws(EngineError) in try? claims.release() }
        return mode == .append
            ? [check, complete, recheck, success] : [claim, unmark, complete, replace, success, release]
    }

    /// Uploads completed, and objects looked at, at the same time.
    static let requestLimit = 16

    private func completeUploads(in store: S3FileSystem, _ claims: S3Claims) throws(EngineError) {
        let completions = RequestsUnderWay<Bool>()
        var refused: EngineError?
        do throws(EngineError) {
            for file in files {
                try claims.check()
                let receipt = try UploadReceipt(wireBytes: file.receipt)
                let (bucket, key) = (location.authority, prefix + file.path)
                let attempt = job + "/" + file.attempt
                try completions.start(limit: Publication.requestLimit) { () throws(EngineError) in
                    try store.client.completeUpload(
                        bucket: bucket, key: key, id: receipt.uploadID, parts: receipt.parts,
                        byteCount: file.byteCount, attempt: attempt)
                    store.uploads.remove(receipt.uploadID, attempt: attempt)
                    return true
                }
            }
        } catch {
            refused = error
        }
        // Also after an error all must have ended before what they made is taken back.
        _ = try completions.finish()
        if let refused { throw refused }
    }

    /// Makes sure that what an append has completed was not deleted by a job that replaces what it listed
    /// meanwhile, and will not be in part. Throws `OUTPUT_REPLACED` else.
    private func checkStanding(
        since mark: [String: String]?, in store: S3FileSystem, _ claims: S3Claims
    ) throws(EngineError) {
        try claims.checkOthers(in: Set(folders + [prefix]).sorted())
        // Who replaces anything deletes the mark before, and ends with one of its own.
        let now = try store.client.head(bucket: location.authority, key: successKey)
        if let statement = now?[Publication.statementField], statement == mark?[Publication.statementField] {
            return
        }
        if try visibleFiles(in: store).contains(false) { throw .outputReplaced(output) }
    }

    /// Deletes what the new files replace: all else below the output, or below the folders that were written
    /// to.
    private func deleteReplaced(in store: S3FileSystem, _ claims: S3Claims) throws(EngineError) {
        let new = Set(files.map { prefix + $0.path } + claims.keys)
        var old: [String] = []
        for place in replacedPlaces {
            old += try store.keys(location, below: place) { !new.contains($0) && $0 != successKey }
        }
        // Before any is deleted: another job's files that were listed were completed under its claim.
        try claims.checkOthers(old.filter(S3Claims.isClaim))
        if mode == .overwritePartitions { try claims.checkOthers() }
        try claims.check()
        claims.stage = .replacing
        var from = 0
        while from < old.count {
            // Each thousand takes its time, and the claims must stand for all of it.
            try claims.check()
            let some = old[from..<min(from + S3Client.deleteLimit, old.count)]
            try store.client.delete(bucket: location.authority, keys: Array(some))
            from += some.count
        }
    }

    /// The output, or the folders of it that were written to: all that is there before is replaced.
    var replacedPlaces: [String] {
        mode == .overwritePartitions ? folders : [prefix]
    }

    /// The folders below the output that have files of this publication.
    private var folders: [String] {
        let folders = Set(files.map { LocalDirectory.parent(of: $0.path) })
        return folders.filter { $0 != "." }.sorted().map { prefix + $0 + "/" }
    }

    /// Aborts whatever a statement's attempts have uploaded and not completed, here and on other workers: a
    /// file's name has the statement in it.
    static func abortUploads(output: String, job: String, in store: S3FileSystem) throws(EngineError) {
        let location = StoragePath(output)
        let open = try store.client.openUploads(
            bucket: location.authority, prefix: S3FileSystem.prefix(location))
        var places = Set(store.uploads.take(job: job))
        for upload in open where upload.key.contains("-\(job)-c") {
            places.insert(.init(bucket: location.authority, upload: upload))
        }
        try abort(Array(places), in: store)
    }

    /// Aborts the uploads of one attempt that ran in this process.
    static func abortUploads(job: String, attempt: String, in store: S3FileSystem) throws(EngineError) {
        try abort(store.uploads.take(attempt: job + "/" + attempt), in: store)
    }

    private static func abort(_ places: [AttemptUploads.Place], in store: S3FileSystem) throws(EngineError) {
        let requests = RequestsUnderWay<Bool>()
        for place in places {
            try requests.start(limit: requestLimit) { () throws(EngineError) in
                try store.client.abortUpload(
                    bucket: place.bucket, key: place.upload.key, id: place.upload.id)
                return true
            }
        }
        _ = try requests.finish()
    }
}
