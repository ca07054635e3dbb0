import Columns
import Kernels

extension Vector {
    /// Bytes of this vector's own rows, without dictionaries and string bytes that it shares with others.
    var ownBytes: Int { (values?.byteCount ?? 0) + children.reduce(0) { $0 + $1.ownBytes } }
}

extension Batch {
    /// Bytes of the batch's own rows: what an operator reserves that holds it.
    var ownBytes: Int { columns.reduce(0) { $0 + $1.ownBytes } }

    /// Returns the batch with the text that its rows do not use left out, where that is most of it.
    func compacted() -> Batch { Batch(columns: columns.map { $0.compacted() }, count: count) }
}
