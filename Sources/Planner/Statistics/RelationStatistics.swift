import Columns
import Plans
import Vocabulary

/// Tells the planner what is known of a relation's files before they are read. Implemented by `Catalog`.
package protocol RelationFacts {
    /// Returns rows and column statistics, estimated from file sizes where footers say nothing.
    func statistics(of relation: FileRelation) -> RelationStatistics
    /// Returns the parts of the files that may hold rows for which all `filters` are true, in file order.
    /// `filters` are over `.input(i)`, which is column `columns[i]` of the relation's schema. A split's bytes
    /// are those of the
    /// columns that are read, where the format tells; text files are cut at `targetBytes`.
    func splits(
        of relation: FileRelation, columns: [Int], filters: [Expression], targetBytes: Int
    ) throws(EngineError) -> [FileSplit]
}

/// Holds what is known of a relation.
package struct RelationStatistics: Sendable, Hashable {
    package var rowCount: Double
    /// By position in the relation's schema.
    package var columns: [Int: ColumnFacts]

    package init(rowCount: Double, columns: [Int: ColumnFacts] = [:]) {
        self.rowCount = rowCount
        self.columns = columns
    }
}

/// Holds what is known of a column; nil where nothing is.
package struct ColumnFacts: Sendable, Hashable {
    package var minimum: Scalar?
    package var maximum: Scalar?
    package var distinctCount: Double?
    package var nullFraction: Double?
    /// Bytes of a value in memory, on average.
    package var averageBytes: Double?

    package init(
        minimum: Scalar? = nil, maximum: Scalar? = nil, distinctCount: Double? = nil,
        nullFraction: Double? = nil,
        averageBytes: Double? = nil
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.distinctCount = distinctCount
        self.nullFraction = nullFraction
        self.averageBytes = averageBytes
    }
}
