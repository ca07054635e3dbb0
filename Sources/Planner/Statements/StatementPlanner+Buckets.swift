import SQLSyntax
import Vocabulary

// CLUSTERED BY: kept and shown. Rows are not dealt out to files by it, as nothing here depends on that.
extension StatementPlanner {
    /// Most buckets of a table.
    private static let bucketCounts = 1...100_000

    /// Checks what CLUSTERED BY says of a table.
    func buckets(_ syntax: BucketSyntax, of table: TableDefinition) throws(EngineError) -> BucketDefinition {
        guard Self.bucketCounts.contains(syntax.count) else {
            throw .user(
                "INVALID_BUCKET_COUNT",
                "A table has 1 to \(Self.bucketCounts.upperBound) buckets, not \(syntax.count)",
                at: location(syntax.countSpan))
        }
        try checkNames(syntax.columns)
        try checkNames(syntax.sortedBy)
        let folders = Set(table.partitionColumns.map { $0.lowercased() })
        for column in syntax.columns + syntax.sortedBy {
            guard table.schema.index(of: column.text) != nil else {
                let near = Suggestion.nearest(to: column.text, among: table.schema.names)
                throw .user(
                    "COLUMN_NOT_DEFINED_IN_TABLE",
                    "The column to cluster by is not among the table's columns: \(column.text)",
                    remedy: near.map { "Did you mean \($0)?" }, at: location(column.span))
            }
            if folders.contains(column.text.lowercased()) {
                throw .user(
                    "INVALID_BUCKET_COLUMN",
                    "A column that names folders is the same in all files of one: \(column.text)",
                    remedy: "Cluster by other columns than those of PARTITIONED BY.",
                    at: location(column.span))
            }
        }
        return BucketDefinition(
            count: syntax.count, columns: syntax.columns.map(\.text), sortedBy: syntax.sortedBy.map(\.text))
    }
}
