/// Says how far the reads of one table of a pipeline have come.
package struct TableProgress: Codable, Sendable, Hashable {
    /// The step whose table it is.
    package var step: String
    /// `cursor` for one that goes on from a cursor, `files` for one that reads each file once, `grows` for
    /// another that keeps the rows of earlier runs, `anew` for one that every run makes from nothing.
    package var kind: String
    /// Greatest cursor value that was read; nil when none was.
    package var cursor: String?
    /// Greatest value of the id column among rows with that cursor.
    package var id: String?
    /// Rows of all reads, and of the latest one.
    package var rows: Int?
    package var latestRows: Int?
    /// How many files were read.
    package var files: Int?

    package init(step: String, kind: String) {
        self.step = step
        self.kind = kind
    }
}

/// Answers `GET /api/v1/pipelines/{name}/state`.
package struct PipelineState: Codable, Sendable, Hashable {
    package var tables: [TableProgress]
    package init(_ tables: [TableProgress]) { self.tables = tables }
}

/// Asks to set a table's cursor back or to forget the table: the body of `POST
/// /api/v1/pipelines/{name}/state`.
package struct StateChange: Codable, Sendable, Hashable {
    /// `rewind` or `reset`.
    package var action: String
    package var step: String
    /// Value after which the next read begins; of `rewind` only.
    package var to: String?

    package init(action: String, step: String, to: String? = nil) {
        self.action = action
        self.step = step
        self.to = to
    }
}
