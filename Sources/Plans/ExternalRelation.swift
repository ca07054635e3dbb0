import Columns

/// Names the data sources that are no files; what SQL writes after USING.
package enum ExternalSource: String, Hashable, Sendable, CaseIterable {
    /// A database, by its driver.
    case jdbc
    /// An HTTP interface that gives JSON.
    case rest
    /// A program that writes JSON lines.
    case command
}

/// Describes rows that a connector gives, or takes: a table or query of a database, an interface, a program.
///
/// It is made in two steps: the planner knows source and options; a worker, which has the route to the
/// source, adds schema and splits (`SourceProvider.describe`).
package struct ExternalRelation: Hashable, Sendable {
    package var source: ExternalSource
    /// Options by lower-case names. Secrets are references (`env:NAME`, `${env:NAME}`), never values.
    package var options: [String: String]
    /// As the user named it, for plans and messages.
    package var name: String
    /// Empty until the relation was described, unless the user gave it.
    package var schema: Schema
    /// The parts that tasks read, each whole; none until the relation was described.
    package var splits: [ExternalSplit]
    /// Estimated by the source, nil where it cannot tell.
    package var rowCount: Int?
    /// What the source wants to be known after the run, such as the cursor that this read reaches.
    package var notes: [String: String]

    package init(
        source: ExternalSource, options: [String: String], name: String, schema: Schema = Schema([]),
        splits: [ExternalSplit] = [], rowCount: Int? = nil, notes: [String: String] = [:]
    ) {
        self.source = source
        self.options = options
        self.name = name
        self.schema = schema
        self.splits = splits
        self.rowCount = rowCount
        self.notes = notes
    }

    package var byteCount: Int { splits.reduce(0) { $0 + $1.byteCount } }
}

/// Names a part of an external relation that one task reads.
package struct ExternalSplit: Hashable, Sendable {
    /// What the provider needs to find the part; opaque to all others. Holds no secrets.
    package var payload: [UInt8]
    /// Estimated bytes, for balance and progress.
    package var byteCount: Int

    package init(payload: [UInt8], byteCount: Int) {
        self.payload = payload
        self.byteCount = byteCount
    }
}

/// Names what a scan reads: files, or what a connector gives.
package enum ScanRelation: Hashable, Sendable {
    case files(FileRelation)
    case external(ExternalRelation)

    package var schema: Schema {
        switch self {
        case .files(let relation): relation.schema
        case .external(let relation): relation.schema
        }
    }

    package var name: String {
        switch self {
        case .files(let relation): relation.name
        case .external(let relation): relation.name
        }
    }

    /// The format or source, for plans.
    package var kind: String {
        switch self {
        case .files(let relation): relation.format.rawValue
        case .external(let relation): relation.source.rawValue
        }
    }
}

/// Reads the task's splits of an external relation.
package struct PhysicalExternalScan: Hashable, Sendable {
    /// Numbers the scans of a stage, together with those of files; a `FileSplit.file` of the task's splits is
    /// the position of an `ExternalSplit` in `relation.splits`.
    package var index: Int
    package var relation: ExternalRelation
    /// As in `PhysicalScan`.
    package var columns: [Int]
    package var filters: [Expression]
    package var output: [Int]

    package init(
        index: Int, relation: ExternalRelation, columns: [Int], filters: [Expression], output: [Int]
    ) {
        self.index = index
        self.relation = relation
        self.columns = columns
        self.filters = filters
        self.output = output
    }

    package var schema: Schema { Schema(output.map { relation.schema[columns[$0]] }) }
}

extension PhysicalPlan {
    /// The one column of what `.describe` and `.externalWrite` give.
    package static let manifestSchema = Schema([Field("manifest", .binary, nullable: false)])
}
