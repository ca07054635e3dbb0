import Vocabulary

/// Says how a file that a task has uploaded is made visible: its upload's id and parts. It travels in the
/// task's manifest to the commit.
struct UploadReceipt: Sendable, Hashable, WireCodable {
    var uploadID: String
    var parts: [UploadedPart]

    private static let version: UInt64 = 1

    init(uploadID: String, parts: [UploadedPart]) {
        self.uploadID = uploadID
        self.parts = parts
    }

    func write(to writer: inout WireWriter) {
        writer.unsigned(UploadReceipt.version)
        writer.data(Array(uploadID.utf8))
        writer.unsigned(UInt64(parts.count))
        for part in parts {
            writer.unsigned(UInt64(part.number))
            writer.data(Array(part.tag.utf8))
        }
    }

    init(from reader: inout WireReader) throws(EngineError) {
        let version = try reader.unsigned()
        if version != UploadReceipt.version {
            throw .system(
                "VERSION_NOT_SUPPORTED", "An upload was recorded by a newer release, version \(version)",
                remedy: "Upgrade the coordinator before the workers.")
        }
        uploadID = String(decoding: try reader.data(), as: UTF8.self)
        parts = []
        for _ in 0..<(try reader.count()) {
            let number = Int(clamping: try reader.unsigned())
            parts.append(
                UploadedPart(number: number, tag: String(decoding: try reader.data(), as: UTF8.self)))
        }
    }
}
