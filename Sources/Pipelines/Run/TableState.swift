import FoundationEssentials
import Vocabulary

/// Holds what a table's step must know in its next run. It lies in the table's directory, so that it becomes
/// valid with the table's rows, in one rename.
package struct TableState: Codable, Sendable, Hashable {
    /// Greatest cursor value that was read, as text; nil when none was.
    package var cursor: String?
    /// Greatest value of the id column among rows with that cursor.
    package var id: String?
    /// What the values of the cursor are, where they are texts; nil for those of a database.
    package var form: CursorForm?
    /// Where the first read began, where each would begin with its own time.
    package var initial: String?
    /// Whether the cursor was set by hand since, maybe to before where the first read began.
    package var isRewound: Bool?
    /// Transactions before it had ended when the table was read (PostgreSQL's snapshot).
    package var bound: String?
    /// Whether the table keeps the rows of earlier runs without a cursor: that of an incremental model, or of
    /// an extract that appends or merges. Else nil.
    package var keepsRows: Bool?
    /// Rows of the latest read, and of all reads.
    package var latestRows = 0
    package var totalRows = 0

    package init() {}

    /// Name of the file; readers pass over names that begin with `_`.
    static let fileName = "_millrace_state.json"

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    static func parse(_ text: String) -> TableState? {
        try? JSONDecoder().decode(TableState.self, from: Data(text.utf8))
    }
}
