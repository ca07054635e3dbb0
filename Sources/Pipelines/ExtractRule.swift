import Vocabulary

/// Says how an extract step's rows come in and what becomes of those that are there, in dlt's words.
package struct ExtractRule: Sendable {
    /// Names what becomes of a table's earlier rows.
    package enum Disposition: String, Sendable, CaseIterable {
        case replace, append, merge
    }

    package var disposition = Disposition.replace
    /// Columns that tell rows apart. In a merge new rows take the place of earlier ones; of new rows with
    /// equal keys the one with the greatest cursor stays, of those the one that was read last.
    package var primaryKey: [String] = []
    package var contract = SchemaContract()
    package var cursor: CursorRule?
    /// What stands after USING, and the options of the view on the source.
    var source = ""
    var options: [(name: String, value: String)] = []
    /// Settings of the step's jobs.
    var conf: [String: String] = [:]

    /// Whether the step keeps the rows of files that it read, and reads none of them again.
    var readsFilesOnce: Bool {
        disposition != .replace && ["json", "csv", "parquet", "orc", "avro", "text"].contains(source)
    }

    /// Whether the step needs more than one query that replaces the table.
    var isPlain: Bool { disposition == .replace && cursor == nil && contract.isOpen }
}

/// Says by which column new rows are known, and how none is lost that commits late.
package struct CursorRule: Sendable, Hashable {
    /// Says what becomes of rows without a value of the cursor, in dlt's words.
    package enum Missing: String, Sendable, CaseIterable { case raise, include, exclude }

    /// Column whose greatest value so far is kept.
    package var column: String
    /// Column that tells rows of an equal cursor apart (`timestamp+incrementing`).
    package var idColumn: String?
    /// Whether no two rows have the same cursor (`incrementing`).
    package var isUnique = false
    /// Value from which on rows are read; nil for all.
    package var initial: String?
    /// Whether rows at `initial` itself are left out, as Kafka Connect does.
    package var isInitialLeftOut = false
    /// Whether `initial` is when the first read was to begin, whatever later ones say.
    package var beginsNow = false
    /// Rows younger than this are left for the next read, milliseconds; nil without such a window.
    package var delayMilliseconds: Int?
    package var missing = Missing.raise

    package init(column: String) { self.column = column }
}

/// Says what may change in a table's schema, as dlt's `schema_contract` does.
package struct SchemaContract: Sendable, Hashable {
    /// What happens to data that does not fit the table as it is.
    package enum Mode: String, Sendable, CaseIterable {
        case evolve, freeze
        case discardRow = "discard_row"
        case discardValue = "discard_value"
    }
    package var columns = Mode.evolve
    package var dataType = Mode.evolve

    package init() {}

    var isOpen: Bool { columns == .evolve && dataType == .evolve }
}

/// Says where a table goes besides the pipeline's own state.
package struct LoadRule: Sendable {
    /// Step whose table is loaded; nil when files of a stage are.
    package var from: String?
    /// What stands after USING, and the options of the target; `loadid` is added when it runs.
    var source = "jdbc"
    var options: [(name: String, value: String)] = []
    /// The directory that is written, where the target is no database.
    var write: WriteTarget?

    /// Whether the rows come beside those that are in the database.
    var appends: Bool { write == nil && options.contains { $0 == ("mode", "append") } }
}

extension PipelineStep {
    /// Whether the step's table holds rows of earlier runs beside those of the latest.
    var keepsEarlierRows: Bool {
        isIncremental || extract.map { $0.disposition != .replace } == true
    }
}
