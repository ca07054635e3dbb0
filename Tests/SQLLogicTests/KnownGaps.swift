import Foundation

/// Holds the records that are known to differ from Spark: `KnownGaps.txt`, lines `file:line reason`. A reason
/// is how the difference or the error begins as it is reported, and behind ` — ` perhaps why it is there.
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

    /// Returns nil when a known record differs as its reason says, else a sentence that says what to do.
    func complaint(_ place: String, _ difference: String) -> String? {
        guard let reason = reasons[place] else { return "\(place): \(difference)" }
        let due = reason.components(separatedBy: " — ")[0]
        if !due.isEmpty, difference.hasPrefix(due) { return nil }
        return "\(place) differs, but not as KnownGaps.txt says: \(difference)"
    }
}
