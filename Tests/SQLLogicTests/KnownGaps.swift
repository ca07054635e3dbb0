import Foundation

/// Holds the records that are known to differ from Spark: `KnownGaps.txt`, lines `file:line reason`.
struct KnownGaps {
    /// Reasons by `file:line`.
    var reasons: [String: String]

    static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "KnownGaps.txt")

    /// Reads the committed list. Lines that begin with `#` are comments.
    static func read() throws -> KnownGaps {
        KnownGaps(text: try String(contentsOf: path, encoding: .utf8))
    }

    init(text: String) {
        reasons = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ", maxSplits: 1)
            reasons[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
    }
}
