import Columns
import Kernels
import Memory

/// Holds what columns of text files have in records that lack them: those written before the columns were
/// added to a table, with a default value.
package struct EarlierValues {
    /// One row each, by the names of columns.
    private let values: [String: Vector]

    package static let none = EarlierValues([:])

    /// `values`: vectors of one row, by names of columns.
    package init(_ values: [String: Vector]) { self.values = values }

    var isEmpty: Bool { values.isEmpty }

    /// Returns the column with its value in the rows that lack it.
    func filled(_ column: Vector, _ name: String, count: Int, isMissing: (Int) -> Bool) -> Vector {
        guard let value = values[name], let first = (0..<count).first(where: isMissing) else { return column }
        // The value lies behind the column's own rows.
        let rows = Buffer(byteCount: count * 4)
        let places = rows.pointer(as: UInt32.self)
        for row in 0..<count {
            places[row] = UInt32(row >= first && isMissing(row) ? count : row)
        }
        return Concat.vectors([column, value]).gathered(places, count: count)
    }
}
