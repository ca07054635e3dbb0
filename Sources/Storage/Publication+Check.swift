import Vocabulary

/// Compares staged local files with what their tasks wrote, before any of them becomes visible.
extension Publication {
    /// Files that are read at a time: on shared storage each waits for the network.
    private static let checksUnderWay = 4

    /// Reads every file that lies aside, and compares its size and its checksum; changes nothing. A file that
    /// is not there was made visible before, or is missed by the step that would.
    var checkStep: PublicationStep {
        PublicationStep(name: "check") { () throws(EngineError) in
            let checks = RequestsUnderWay<Void>()
            for file in files where !file.receipt.isEmpty {
                let (path, tree) = (staged(file), tree)
                try checks.start(limit: Publication.checksUnderWay) { () throws(EngineError) in
                    try Publication.check(path, file, in: tree)
                }
            }
            _ = try checks.finish()
        }
    }

    /// Compares a file with what was written; false where there is none. Throws `STAGED_FILE_LOST` for
    /// another size and `STAGED_FILE_DAMAGED` for other bytes.
    @discardableResult
    static func check(_ path: String, _ file: StagedFile, in tree: LocalTree) throws(EngineError) -> Bool {
        guard let size = try LocalDirectory.fileSize(path, in: tree) else { return false }
        if size != file.byteCount { throw lost(path, file.byteCount, size) }
        guard let expected = FileChecksum(receipt: file.receipt) else { return true }
        guard let found = try FileChecksum.read(path, in: tree) else { return false }
        if found.byteCount != file.byteCount { throw lost(path, file.byteCount, found.byteCount) }
        if found.checksum != expected {
            throw .system(
                "STAGED_FILE_DAMAGED",
                "A file's bytes are not those that its task wrote: \(path)",
                remedy: "Check the device and the network below that directory, and submit the job again.")
        }
        return true
    }

    static func lost(_ path: String, _ expected: Int, _ found: Int?) -> EngineError {
        .system(
            "STAGED_FILE_LOST",
            "A staged file should have \(expected) bytes but "
                + "\(found.map { "has \($0)" } ?? "is not there"): \(path)",
            remedy: "Every worker and the coordinator must see the same files there; is that directory "
                + "shared by all of them?")
    }
}
