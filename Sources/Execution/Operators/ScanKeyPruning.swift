import Columns
import Formats
import Plans

/// Rules files out by the keys of joins above a scan, before they are opened: by the values of their folders,
/// and row groups of Parquet files by their statistics. (Spark's dynamic partition pruning.)
struct ScanKeyPruning {
    private let relation: FileRelation
    /// Filters on one folder column each, and the column's place among them.
    private var folders: [(filter: JoinKeyFilter, place: Int)] = []
    /// What the keys say of columns inside of the files, which are positions in the data schema.
    private(set) var predicates: [ColumnPredicate] = []
    /// The answer for the file asked about last: its parts follow each other.
    private var last: (file: Int, mayMatch: Bool)?

    init(_ relation: FileRelation) { self.relation = relation }

    /// Adds a filter whose one key is the relation's column `column`.
    mutating func add(_ filter: JoinKeyFilter, column: Int) {
        last = nil
        if column >= relation.dataSchema.count {
            folders.append((filter, column - relation.dataSchema.count))
        } else if relation.format == .parquet {
            predicates += filter.predicates(column: column)
        }
    }

    /// Says whether rows of a file may have keys that the joins have.
    mutating func mayMatch(file: Int) -> Bool {
        if folders.isEmpty { return true }
        if let last, last.file == file { return last.mayMatch }
        let values = relation.files[file].partitionValues
        let mayMatch = folders.allSatisfy { $0.filter.mayHold(values[$0.place]) }
        last = (file, mayMatch)
        return mayMatch
    }
}
