import Columns

/// Compares a column with literals; a condition that statistics can rule out. Columns are positions in the
/// file's schema, values are of the column's type (decimals with its scale). Null values in `values` are not
/// allowed.
package struct ColumnPredicate: Sendable, Hashable {
    /// Names the comparisons.
    package enum Operation: UInt8, Sendable, Hashable {
        case equal, less, lessOrEqual, greater, greaterOrEqual, `in`, isNull, isNotNull
    }

    package var column: Int
    package var operation: Operation
    /// One value for comparisons, any number for `in`, none for the null tests.
    package var values: [Scalar]

    package init(column: Int, operation: Operation, values: [Scalar] = []) {
        self.column = column
        self.operation = operation
        self.values = values
    }
}
