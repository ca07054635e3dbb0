import Memory
import Vocabulary

/// Writes an object by a multipart upload to its final key. For an attempt of a task the upload is left
/// complete in all its parts but not completed, so that nothing is visible: its receipt goes to the commit.
///
///     write ─ gather 8 MiB ─▶ part 1 ┐
///                        ─▶ part 2 ├ up to three under way     finish ─▶ receipt (id, tags)
///                        ─▶ …      ┘
///
/// Used by one thread at a time.
final class S3FileSink: ByteSink {
    let name: String
    private(set) var byteCount = 0
    private(set) var receipt: [UInt8] = []
    private let location: StoragePath
    /// `JOB/ATTEMPT`
    private let attempt: String
    private let completesAtFinish: Bool
    private let files: S3FileSystem
    private let parts = RequestsUnderWay<UploadedPart>()
    private var uploadID: String?
    private var gathered: Buffer?
    private var used = 0
    private var partCount = 0
    private var isOver = false

    /// Parts under way of one file.
    private static let partsUnderWay = 3
    /// Bytes gathered at first; many files may be open, each with little in it.
    private static let firstBytes = 64 << 10

    init(path: String, attempt: String, completesAtFinish: Bool, files: S3FileSystem) {
        name = path
        location = StoragePath(path)
        self.attempt = attempt
        self.completesAtFinish = completesAtFinish
        self.files = files
    }

    /// Bytes of a part, from 1: grows so that the 10,000 that are allowed hold more than the largest object.
    static func partBytes(_ number: Int) -> Int { (8 << 20) << ((number - 1) / 1000) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        var rest = bytes
        while rest.count > 0 {
            let size = S3FileSink.partBytes(partCount + 1)
            let space = room(for: rest.count, atMost: size)
            let count = min(rest.count, size - used)
            UnsafeMutableRawBufferPointer(rebasing: space.mutableBytes[used...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            used += count
            byteCount += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if used == size { try sendPart() }
        }
    }

    /// Returns the gathering buffer with room for `more` bytes, or as many as a part takes.
    private func room(for more: Int, atMost limit: Int) -> Buffer {
        let needed = min(limit, used + more)
        if let gathered, gathered.byteCount >= needed { return gathered }
        let grown = max(S3FileSink.firstBytes, (gathered?.byteCount ?? 0) * 4, partCount > 0 ? limit : 0)
        let larger = Buffer(byteCount: min(limit, max(grown, needed)))
        if let gathered, used > 0 {
            larger.mutableBytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: gathered.bytes[..<used]))
        }
        gathered = larger
        return larger
    }

    private func begin() throws(EngineError) -> String {
        if let uploadID { return uploadID }
        let id = try files.client.beginUpload(
            bucket: location.authority, key: location.path, attempt: attempt)
        let upload = OpenUpload(key: location.path, id: id)
        files.uploads.add(.init(bucket: location.authority, upload: upload), attempt: attempt)
        uploadID = id
        return id
    }

    private func sendPart() throws(EngineError) {
        let id = try begin()
        let bytes = gathered ?? Buffer(byteCount: 0)
        let (count, number) = (used, partCount + 1)
        let (client, location) = (files.client, location)
        try parts.start(limit: S3FileSink.partsUnderWay) { () throws(EngineError) in
            try client.uploadPart(
                bucket: location.authority, key: location.path, id: id, number: number,
                body: UnsafeRawBufferPointer(rebasing: bytes.bytes[..<count]))
        }
        partCount = number
        gathered = nil
        used = 0
    }

    func finish() throws(EngineError) {
        if isOver { return }
        if completesAtFinish, partCount == 0 {
            let bytes = gathered ?? Buffer(byteCount: 0)
            let content = UnsafeRawBufferPointer(rebasing: bytes.bytes[..<used])
            try files.client.put(bucket: location.authority, key: location.path, body: content)
            isOver = true
            return
        }
        // An empty object is one empty part.
        if used > 0 || partCount == 0 { try sendPart() }
        let done = try parts.finish().sorted { $0.number < $1.number }
        let id = try begin()
        if completesAtFinish {
            try files.client.completeUpload(
                bucket: location.authority, key: location.path, id: id, parts: done, byteCount: byteCount,
                attempt: attempt)
            files.uploads.remove(id, attempt: attempt)
        }
        receipt = UploadReceipt(uploadID: id, parts: done).wireBytes
        isOver = true
    }

    func abort() {
        gathered = nil
        used = 0
        // A part that arrives after the abort would stay for good.
        _ = try? parts.finish()
        guard let id = uploadID else { return }
        isOver = true
        uploadID = nil
        files.uploads.remove(id, attempt: attempt)
        // What cannot be aborted now is aborted with the statement.
        try? files.client.abortUpload(bucket: location.authority, key: location.path, id: id)
    }
}
