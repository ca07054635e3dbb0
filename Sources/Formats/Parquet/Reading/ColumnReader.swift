import Columns
import Kernels
import Memory
import Vocabulary

/// Reads the rows of one column of one row group in order. Used by one thread at a time.
protocol ColumnReader: AnyObject {
    /// Returns the next `rows` rows. The caller never asks for more than the row group has.
    func read(_ rows: Int) throws(EngineError) -> Vector
    /// Returns the selected ones of the next `rows` rows.
    func read(_ rows: Int, selected: Selection) throws(EngineError) -> Vector
    /// Passes over the next `rows` rows, without inflating pages where it can.
    func skip(_ rows: Int) throws(EngineError)
}

extension ColumnReader {
    func read(_ rows: Int, selected: Selection) throws(EngineError) -> Vector {
        try read(rows).gathered(selected)
    }
}

/// Reads a column that is declared to have nulls only; what is stored is not looked at.
final class NullColumnReader: ColumnReader {
    func read(_ rows: Int) -> Vector { .nulls(.null, count: rows) }

    func skip(_ rows: Int) {}
}
