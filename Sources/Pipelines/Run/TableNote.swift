import FoundationEssentials
import Vocabulary

/// Holds what is written down about one table in an object store, in one object: `notes/NAME`. A directory is
/// renamed with its rows and its cursor in it; a store has no such step, so the intention is written first,
/// as a database writes its log:
///
///     staging/RUN/NAME    rows, tested, with the cursor and the files that were read
///     1  notes/NAME       pending = this making
///     2  tables/NAME      overwritten with the staged rows by a job; or, where the step adds to its table,
///     the
///                         staged files copied into it by the store under their own names
///     3  notes/NAME       published = pending, pending = nil
///     4  staging/RUN/NAME removed
///
/// **Invariant:** the staged rows stay while their making is pending. A crash before 1 leaves the old rows
/// with the old cursor. After 1 the step, when it goes on or in its next run, does 2 to 4 before it reads
/// anything, so that no row is lost and none comes twice. 1 and 3 are conditional: another program that wrote
/// the note meanwhile is found.
struct TableNote: Codable, Sendable, Equatable {
    /// Holds what one making of the table is, and what its step must know in its next run.
    struct Making: Codable, Sendable, Equatable {
        /// Differs between any two makings of a table.
        var id: String
        /// The run whose staged rows these are.
        var run: String
        var state: TableState?
        /// What `FileHistory` wrote.
        var files: String?
        /// Where the staged rows come after the table's instead of in their place: the directory of the run
        /// that has them, empty when there are none.
        var added: String?
    }

    /// What readers see, once nothing is pending.
    var published: Making?
    /// What is being published.
    var pending: Making?
    /// Whether the table is being removed.
    var isForgotten: Bool?

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    static func parse(_ text: String) -> TableNote? {
        try? JSONDecoder().decode(TableNote.self, from: Data(text.utf8))
    }
}
